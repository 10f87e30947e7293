/** Who is there: seats of every role, teams, bots; and who moves for whom. */

import { botButtons, standInButtons } from "../kit/bots.js";
import { nameTag, roster } from "../kit/people.js";
import { chatButton } from "../kit/talk.js";
import { live } from "../page/elements.js";
import { el, fill, seatList, teamList } from "../page.js";
import { t } from "../page/language.js";

export function people(room, about) {
  const isTv = document.documentElement.classList.contains("tv");
  return el("section", { class: "card stack", "aria-label": t("Players") }, el("div", { class: "row spread" }, el("h2", {}, t("Players")), chatButton(room)), teamList(room), isTv ? onScreen(room) : list(room, about), isTv ? null : [botButtons(room, about), standInButtons(room, about)]);
}

const isActive = (room, seat) => room.turn?.active.includes(seat.id);

function list(room, about) {
  const ready = (seat) => about.ready && room.info.status !== "playing" && seat.role === "player" && (seat.ready || seat.bot);
  return seatList(room, { role: null, done: ready, active: (seat) => isActive(room, seat) });
}

/** For a screen: as many players as fit, and how many people watch. */
function onScreen(room) {
  const box = el("div", { class: "stack tight" });
  return live(box, room, () => {
    const tag = (seat) => {
      const item = nameTag(room, seat, { notes: [seat.host && t("host")] });
      item.classList.toggle("active", Boolean(isActive(room, seat)));
      return item;
    };
    const watching = [...room.seats.values()].filter((seat) => seat.role === "spectator" && seat.online).length;
    fill(box, roster(room, { tag }), watching ? el("p", { class: "muted" }, t("{n, plural, one {# watches} other {# watch}}", { n: watching })) : null);
  }, ["$seats", "$turn", "$info", "$joined"]);
}
