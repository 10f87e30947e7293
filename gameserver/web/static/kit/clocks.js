/** Clocks to look at: a ring that runs out, and a number that fills the screen; both by the server's clock. */

import { leftMs } from "../page/countdown.js";
import { el } from "../page/elements.js";
import { t } from "../page/language.js";

export const HURRY_S = 5;
const TICK_MS = 100;

/** Call `look` now and ten times a second, until the node was shown and is gone. */
export function every(node, look) {
  let shown = false;
  const ticking = setInterval(() => {
    shown ||= node.isConnected;
    if (shown && !node.isConnected) clearInterval(ticking);
    else look();
  }, TICK_MS);
  look();
  return node;
}

/**
 * A ring that runs out with a timer that is shown, and the seconds left in it. A full ring stands for `total_s`
 * seconds; `left` returns the ms left, if those are not just the timer's.
 */
export function ring(room, name, total_s, { left = () => leftMs(room, name) } = {}) {
  const number = el("span", { class: "ring-number" });
  const node = el("div", { class: "ring", role: "timer", "aria-live": "off", "aria-label": t("Seconds left") }, number);
  return every(node, () => {
    const ms = left();
    node.classList.toggle("ended", ms === null);
    const text = ms === null ? "" : String(Math.ceil(ms / 1000));
    if (number.textContent !== text) number.textContent = text;
    number.classList.toggle("long", text.length > 2);
    node.style.setProperty("--part", String(Math.min(1, (ms ?? 0) / (total_s * 1000))));
    node.classList.toggle("hurry", ms !== null && ms <= HURRY_S * 1000 && !room.info.paused);
  });
}

/** Only the seconds left, large; each number pops up. */
export function bigCount(room, name) {
  const node = el("div", { class: "count", role: "timer", "aria-live": "off", "aria-label": t("Seconds left") });
  return every(node, () => {
    const ms = leftMs(room, name);
    const text = ms === null ? "" : String(Math.max(1, Math.ceil(ms / 1000)));
    if (node.textContent !== text) node.replaceChildren(el("span", { class: "pop" }, text));
  });
}

/** A line such as "Next question in 4", as long as the timer runs. */
export function until(room, name, text) {
  const node = el("p", { class: "muted center", role: "timer", "aria-live": "off" });
  return every(node, () => {
    const ms = leftMs(room, name);
    const now = ms === null ? "" : `${text} ${Math.ceil(ms / 1000)}`;
    if (node.textContent !== now) node.textContent = now;
  });
}
