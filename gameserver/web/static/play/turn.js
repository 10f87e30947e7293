/** What is going on: whose turn it is, what is asked for, and how much time is left. */

import { labelOf } from "../form.js";
import { turnHead } from "../kit/turns.js";
import { live } from "../page/elements.js";
import { clockCountdown, countdown, el, fill } from "../page.js";
import { whoIs } from "./words.js";
import { said, t } from "../page/language.js";

/** Who has to answer the open questions, in words, for when it is nobody's turn; null if there are none. */
function askedText(room) {
  const open = Object.entries(room.info.asked ?? {}).map(([name, seats]) => seats.filter((id) => !(room.info.answered[name] ?? []).includes(id)));
  if (room.turn || !open.some(({ length }) => length)) return null;
  return open.some((seats) => seats.includes(room.seat.id)) ? t("You are asked") : t("Waiting for answers");
}

/** The card at the top, with the scene's heading. */
export function head(room, about) {
  const note = el("p", { class: "muted" });
  const clocks = el("ul", { class: "timers plain", "aria-label": t("Clocks") });
  const timers = el("div", { class: "timers" });
  const otherwise = () => askedText(room) ?? (room.info.phase ? labelOf(room.info.phase) : said(about.title));
  const section = el("section", { class: "card stack tight head", "aria-label": t("What is going on") }, turnHead(room, { otherwise }), note, clocks, timers);
  let shown = [];
  return live(section, room, () => {
    const { phase, paused, asked } = room.info;
    const isNoted = phase && (room.turn || askedText(room)); // else it is the heading
    note.textContent = [room.turn && room.turn.round > 1 && t("Round {n}", { n: room.turn.round }), isNoted && labelOf(phase), paused && t("Paused")].filter(Boolean).join(" · ");
    note.hidden = !note.textContent;
    section.classList.toggle("active", room.isActive);
    const keys = Object.keys(room.turn?.clocks ?? {});
    const names = [...room.timers.keys()].filter((name) => !asked[name]); // a question's timer is on its card
    const now = [JSON.stringify(keys.map((key) => [key, whoIs(room, key)])), JSON.stringify(names)];
    if (now[0] !== shown[0]) fill(clocks, keys.map((key) => el("li", { class: "chip" }, el("span", { dir: "auto" }, whoIs(room, key)), " ", clockCountdown(room, key))));
    if (now[1] !== shown[1]) fill(timers, names.map((name) => el("span", { class: "chip" }, `${labelOf(name)} `, countdown(room, name))));
    clocks.hidden = !keys.length;
    timers.hidden = !names.length;
    shown = now;
  });
}
