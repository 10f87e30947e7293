/** People: their faces, their names, and a list of all who are here. */

import { el } from "../page/elements.js";
import { avatar } from "../page/faces.js";
import { t } from "../page/language.js";
import { accountMark, seatColor } from "../page/seats.js";
import { fitList } from "./fit.js";

export { avatar, faceOf } from "../page/faces.js";

/** All who have a seat of this role, in the order in which they came. */
export function playersOf(room, role = "player") {
  const seats = [...room.seats.values()].filter((seat) => seat.role === role && !seat.gone);
  return seats.sort((a, b) => (a.number ?? 1e9) - (b.number ?? 1e9));
}

/**
 * Somebody's face and name, as an item of a list. `notes` are short words after the name; `done` adds a tick; `color`
 * replaces the seat's own.
 */
export function nameTag(room, seat, { done = false, doneWord = t("done"), notes = [], color = seatColor(seat) } = {}) {
  const team = room.teams.find(({ seats }) => seats.includes(seat));
  const said = [...notes, seat.bot ? t("bot") : !seat.online && t("away"), seat.stand_in && t("a bot plays"), team?.title].filter(Boolean);
  return el(
    "li",
    { class: ["seat", color, seat.id === room.seat.id && "me", !seat.online && !seat.bot && "offline", done && "done", team && "teamed"], style: team && { "--team": team.colour } },
    avatar(seat),
    el("span", { class: "name", dir: "auto" }, seat.name),
    seat.account ? accountMark() : null,
    said.length ? el("span", { class: "note" }, said.join(", ")) : null,
    done ? el("span", { class: "visually-hidden" }, doneWord) : null,
  );
}

/**
 * The players, as many as fit. `tag(seat)` makes the item of each; by default nameTag(room, seat).
 * @param {any} room
 * @param {{ seats?: any[], tag?: (seat: any) => HTMLElement, label?: string, class?: string }} options
 */
export function roster(room, { seats = playersOf(room), tag, label = t("Players"), class: name = "" } = {}) {
  const make = tag ?? ((seat) => nameTag(room, seat, { notes: [seat.id === room.seat.id && t("you"), seat.host && t("host")] }));
  const items = seats.map((seat) => {
    const item = make(seat);
    if (seat.id === room.seat.id) item.dataset.keep = "";
    return item;
  });
  return fitList(items, { label, class: ["seats", name], more: (n) => t("and {n} more", { n }) });
}
