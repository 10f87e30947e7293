/** A game of two at a board: whose turn it is, how many points each has, and in the end who has won. */

import { el, fill } from "../page/elements.js";
import { seatColor } from "../page/seats.js";
import { confetti } from "./confetti.js";
import { avatar } from "./people.js";
import { podium, winnersOf } from "./scores.js";

/**
 * @typedef {object} Side
 * @property {any} [seat] the seat on this side; none, if nobody sits there
 * @property {string} [name] the name, if there is no seat
 * @property {string} [note] a few words in small letters
 * @property {string} [count] what is shown large, such as points
 * @property {boolean} [active] whether it is this side's turn
 */

/**
 * A whole scene for two: a head, a card for each player, the board as large as there is room for, and buttons below.
 * The cards stand above the board; on a TV, and on a phone on its side, beside it. In the end a podium takes their
 * place. → {node, update}
 * @param {any} room
 * @param {{ head: any, board: HTMLElement, foot?: any, marks?: any[], clock?: (seat: any) => any, side: (number: number) => Side, end?: () => import("./scores.js").Entry[] | null, caption?: string }} parts
 * `marks`: what each plays with; `clock` makes one for a seat; `end` returns entries of ranked() once there are any,
 * and `caption` says what they count.
 */
export function duel(room, { head, board, foot, marks = [], clock, side, end = () => null, caption }) {
  const cards = [0, 1].map((number) => card(number, marks[number], clock));
  const result = el("div", { class: "result" });
  const node = el("div", { class: "scene duel" }, el("div", { class: "head" }, head), cards[0].node, el("div", { class: "board-place" }, board), cards[1].node, result, el("div", { class: "foot" }, foot));
  let shown = "";
  const update = () => {
    cards.forEach((each, number) => each.update(side(number)));
    const entries = end();
    const now = JSON.stringify([entries, [...room.seats.values()].map(({ name, profile }) => [name, profile])]);
    if (now === shown) return;
    shown = now;
    const won = entries && winnersOf(entries).length > 0;
    fill(result, won && document.documentElement.classList.contains("tv") ? confetti() : null, won && caption ? el("p", { class: "muted center" }, caption) : null, won ? podium(room, entries) : null);
    node.classList.toggle("ended", Boolean(won));
  };
  return { node, update };
}

function card(number, mark, clock) {
  const face = el("span", { class: "face-of" });
  const name = el("span", { class: "name", dir: "auto" });
  const note = el("span", { class: "note" });
  const count = el("span", { class: "count-of" });
  const time = el("span", { class: "time-of" });
  const node = el("div", { class: "side" }, face, name, el("div", { class: "under" }, mark ? el("span", { class: "mark-of" }, mark) : null, count, note, time));
  let known = "";
  let clockOf = null;
  const update = (/** @type {Side} */ { seat, name: called, note: text = "", count: many = "", active = false }) => {
    node.className = ["side", `side-${number}`, seat && seatColor(seat), active && "active", seat && !seat.online && !seat.bot && "away"].filter(Boolean).join(" ");
    const now = JSON.stringify([seat?.name, seat?.profile]);
    if (now !== known) fill(face, seat ? avatar(seat) : null);
    known = now;
    for (const [each, said] of [[name, seat?.name ?? called ?? "…"], [note, text], [count, many]]) if (each.textContent !== said) each.textContent = said;
    if (clock && clockOf !== (seat?.id ?? null)) fill(time, seat ? clock(seat) : null);
    clockOf = seat?.id ?? null;
  };
  return { node, update };
}
