/** Who is in the room: seats, teams, and the button to start. */

import { el, fill, live } from "./elements.js";
import { colourOf } from "./colours.js";
import { avatar } from "./faces.js";
import { attempt } from "./notices.js";
import { once } from "./pressing.js";
import { said, t } from "./language.js";

/** @import * as Api from "../../gameserver.js" */

/** The same colour for a player on every device: the one that was chosen, else one that is free. */
export const seatColor = (seat) => `color-${colourOf(seat)}`;

/**
 * @param {Api.Room} room
 * @param {{ role?: string | null, done?: (seat: Api.Seat) => unknown, active?: (seat: Api.Seat) => unknown }} options
 */
export function seatList(room, { role = "player", done, active } = {}) {
  const list = el("ul", { class: "seats", "aria-label": t("Players") });
  return live(list, room, () => {
    const seats = [...room.seats.values()].filter((seat) => !seat.gone && (role === null || seat.role === role));
    seats.sort((a, b) => (a.number ?? 1e9) - (b.number ?? 1e9));
    fill(list, seats.map((seat) => seatChip(room, seat, done?.(seat), active?.(seat))));
  });
}

export function teamList(room) {
  const list = el("ul", { class: "teams plain stack tight", "aria-label": t("Teams") });
  return live(list, room, () => {
    const { teams } = room;
    list.hidden = !teams.length;
    const mine = teams.find(({ seats }) => seats.some(({ id }) => id === room.seat.id));
    const chooses = room.me?.role === "player" && !(mine && room.info.status === "playing");
    fill(list, teams.map((team) => teamCard(room, team, { mine: team === mine, chooses })));
  });
}

function teamCard(room, { name, title, colour, score, open, seats }, { mine, chooses }) {
  const people = seats.length ? seats.flatMap((seat, i) => [i ? ", " : null, el("bdi", {}, seat.name), seat.account ? accountMark() : null]) : t("Nobody yet");
  const join = () => attempt(room.joinTeam(name));
  const button = open && chooses && !mine ? el("button", { type: "button", "data-key": `team-${name}`, onclick: join }, t("Join"), el("span", { class: "visually-hidden" }, ` ${title}`)) : null;
  return el(
    "li",
    { class: ["team", mine && "mine"], style: { "--team": colour } },
    el("div", { class: "row spread" }, el("strong", { class: "team-title", dir: "auto" }, said(title)), el("span", { class: "points" }, el("span", { class: "visually-hidden" }, t("Points:"), " "), String(score))),
    el("div", { class: "row spread" }, el("span", { class: "small" }, people, mine ? el("span", { class: "muted" }, " · ", t("your team")) : null), button),
  );
}

/** A mark beside a name that belongs to an account, and is not just what a guest has typed. */
export function accountMark() {
  return el("span", { class: "account", title: t("has an account") }, el("span", { "aria-hidden": "true" }, "@"), el("span", { class: "visually-hidden" }, t("has an account")));
}

function seatChip(room, seat, done, active) {
  const me = seat.id === room.seat.id;
  const team = room.teams.find(({ seats }) => seats.includes(seat));
  const notes = [me && t("you"), seat.host && t("host"), seat.bot ? t("bot") : !seat.online && t("away"), seat.stand_in && t("a bot plays"), seat.ready && room.info.status !== "playing" && t("ready"), seat.role !== "player" && said(seat.role), team && said(team.title)].filter(Boolean);
  return el(
    "li",
    { class: ["seat", seatColor(seat), me && "me", !seat.online && !seat.bot && "offline", done && "done", active && "active", team && "teamed"], style: team && { "--team": team.colour } },
    avatar(seat),
    el("span", { class: "name" }, seat.name),
    seat.account ? accountMark() : null,
    notes.length ? el("span", { class: "note" }, notes.join(", ")) : null,
    active ? el("span", { class: "visually-hidden" }, me ? t("your turn") : t("their turn")) : null,
    done ? el("span", { class: "visually-hidden" }, t("done")) : null,
  );
}

/**
 * @param {Api.Room} room
 * @param {{ label?: string, min?: number, marks?: boolean }} options `marks` (true): players can say here that they are ready
 */
export function startButton(room, { label, min = 1, marks = true } = {}) {
  const box = el("div", { class: "stack tight" });
  return live(box, room, () => {
    const { status } = room.info;
    const seats = [...room.seats.values()].filter((seat) => !seat.gone);
    const players = seats.filter((seat) => seat.role === "player").length;
    const host = seats.find((seat) => seat.host);
    const missing = min - players;
    box.hidden = status === "playing";
    if (box.hidden) return;
    const ready = marks ? readyButton(room) : null;
    if (missing > 0) fill(box, el("p", { class: "muted" }, t("{n, plural, one {Waiting for one more player.} other {Waiting for # more players.}}", { n: missing })), ready);
    else if (room.mayHost) {
      const text = label ?? (status === "over" ? t("Play again") : t("Start"));
      fill(box, el("button", { class: "primary big", type: "button", "data-key": "start", onclick: () => once(box, () => attempt(room.start())) }, text), room.me?.host ? null : ready);
    } else fill(box, el("p", { class: "muted" }, waitingFor(host, status)), ready);
  });
}

function waitingFor(host, status) {
  if (!host) return t("Waiting for a host.");
  return status === "over" ? t("{name} starts the next round.", { name: host.name }) : t("{name} starts the game.", { name: host.name });
}

/** A button for players: ready for the next round, or not; a game that waits for all starts when the last is ready. */
function readyButton(room) {
  if (room.me?.role !== "player" || room.info.status === "playing") return null;
  const { ready } = room.me;
  return el("button", { type: "button", class: ["ready", ready && "on"], "aria-pressed": String(ready), "data-key": "ready", onclick: () => attempt(room.ready(!ready)) }, ready ? t("Ready ✓") : t("I am ready"));
}
