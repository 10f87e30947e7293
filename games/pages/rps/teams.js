/* The two teams: who is in them, what is said of a round, and one side of the picture for each. */

import { el, fill, nameTag, playersOf, roster, seatColor } from "../../static/kit/kit.js";
import { icon } from "./hands.js";
import { HAND_NAMES, TEAM_NAMES, TEXT } from "./text.js";

export const TEAMS = ["red", "blue"];
export const COLORS = { red: "color-1", blue: "color-2" };
export const WINS = 3; // the game's: so many points win a match
const BEATS = { rock: "scissors", paper: "rock", scissors: "paper" };

/** The seats of a team. */
export function membersOf(room, team) {
  const ids = room.state.teams?.[team] ?? [];
  return playersOf(room).filter(({ id }) => ids.includes(id));
}

/** The team that has nobody, or undefined. */
export const missing = (room) => TEAMS.find((team) => !membersOf(room, team).length);

export const teamOf = (room, seat) => TEAMS.find((team) => room.state.teams?.[team]?.includes(seat));

/** Why a round ended as it did. */
export function why({ red, blue }) {
  if (!red && !blue) return TEXT.nobodyThrew;
  if (!red || !blue) return TEXT.notThrown[red ? "blue" : "red"];
  if (red === blue) return TEXT.both(red);
  return TEXT.why(BEATS[red] === blue ? red : blue);
}

/**
 * The people of a team, as many as fit; `done` of a seat ticks it.
 * @param {any} room
 * @param {string} team
 * @param {(seat: any) => boolean} done
 */
export function people(room, team, done = () => false) {
  const seats = membersOf(room, team);
  if (!seats.length) return el("p", { class: "nobody" }, TEXT.nobody);
  const tag = (seat) => nameTag(room, seat, { done: done(seat), doneWord: TEXT.hasThrown });
  return roster(room, { seats, tag, label: TEXT.members[team], class: "center-seats" });
}

/** One side: points, the hand that was thrown, and the people. → {node, update}; `update(isNew)`: whether it was revealed just now */
export function side(room, team) {
  const pips = el("span", { class: "pips", role: "img" });
  const hand = el("div", { class: "hand" });
  const thrown = el("p", { class: "thrown" });
  const members = el("div", { class: "members" });
  const yours = el("span", { class: "yours" }, TEXT.yours);
  const node = el("section", { class: ["side", team], "aria-label": TEXT.team[team] }, el("div", { class: "side-head" }, el("h2", {}, TEAM_NAMES[team]), yours, pips), el("div", { class: "hand-place" }, hand), thrown, members);
  let shown = null;
  let known = "";
  const update = (isNew) => {
    const { count, last, score, thrown: ready, winner } = room.state;
    const now = !count && last ? (last.thrown[team] ?? "none") : "hidden";
    if (now !== shown || isNew) fill(hand, icon(now));
    shown = now;
    const said = !count && last ? (HAND_NAMES[last.thrown[team]] ?? TEXT.noThrow) : "";
    if (thrown.textContent !== said) thrown.textContent = said;
    node.classList.toggle("fresh", Boolean(isNew) || (node.classList.contains("fresh") && !count));
    node.classList.toggle("scored", !count && last?.scored === team);
    node.classList.toggle("beaten", !count && Boolean(last?.scored) && last.scored !== team);
    node.classList.toggle("champion", winner === team);
    yours.hidden = teamOf(room, room.seat.id) !== team;
    const points = score[team];
    pips.setAttribute("aria-label", TEXT.points(points, WINS));
    if (pips.querySelectorAll(".won").length !== points || !pips.childElementCount) fill(pips, Array.from({ length: WINS }, (_, i) => el("span", { class: i < points ? "pip won" : "pip" })));
    const seats = membersOf(room, team).map((seat) => [seat.id, seat.name, seat.online, seat.host, seat.profile, seatColor(seat), ready.includes(seat.id)]);
    if (JSON.stringify(seats) === known) return;
    known = JSON.stringify(seats);
    fill(members, people(room, team, ({ id }) => ready.includes(id)));
  };
  return { node, update };
}
