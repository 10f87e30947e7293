/** Whose turn it is, what is asked for, and how much time is left; for games with turns. */

import { turnCountdown } from "../page/countdown.js";
import { el, live } from "../page/elements.js";
import { t } from "../page/language.js";
import { announce } from "../page/notices.js";
import { heading } from "./scenes.js";
import { listed } from "./words.js";

const WATCHED = ["$turn", "$moves", "$info", "$seats", "$joined"];
const MANY = 4; // up to so many who are waited for are named, more are counted

/** Whose turn it is, or who is waited for, in words; null if there is no turn. */
export function turnText(room) {
  const { turn } = room;
  if (!turn) return null;
  const { current, active } = turn;
  const seats = active.filter((id) => room.seats.has(id));
  if (room.isActive) return current === null || current === room.seat.id || current.startsWith("group:") ? t("Your turn") : t("You are asked");
  if (seats.length === 1 && seats[0] === current) return t("{name}’s turn", { name: room.name(current) });
  if (seats.length > MANY) return t("Waiting for {n} players", { n: seats.length });
  if (seats.length) return t("Waiting for {names}", { names: listed(seats.map((id) => room.name(id)), MANY) });
  return current === null ? t("Nobody’s turn") : t("{name}’s turn", { name: room.name(current) });
}

/**
 * The head of a scene: the heading says whose turn it is, beside it is the time left, and below it what is asked for.
 * It also tells screen readers, and marks the page's title while it is one's own turn.
 * @param {any} room
 * @param {{ otherwise?: () => string, hurry_s?: number }} options `otherwise()`: the heading if there is no turn
 */
export function turnHead(room, { otherwise = () => "", hurry_s = 10 } = {}) {
  const title = document.title.replace(/^● /, "");
  const line = heading("", { class: "state-line", dir: "auto" });
  const time = el("p", { class: "turn-time" }, turnCountdown(room, { hurry_s }));
  const prompt = el("p", { class: "prompt", dir: "auto" });
  const node = el("header", { class: "turn-head" }, el("div", { class: "row spread nowrap" }, line, time), prompt);
  let said = "";
  return live(node, room, () => {
    const text = turnText(room) ?? otherwise();
    if (line.textContent !== text) line.textContent = text;
    const asked = room.prompt ?? "";
    if (prompt.textContent !== asked) prompt.textContent = asked;
    prompt.hidden = !asked;
    time.hidden = (room.turn?.ends ?? null) === null;
    node.classList.toggle("active", room.isActive);
    document.title = room.isActive ? `● ${title}` : title;
    const now = [text, asked].filter(Boolean).join(". ");
    if (now && now !== said) announce((said = now));
  }, WATCHED);
}
