/** A room's timers, as numbers and as an element that counts down. */

import { el } from "./elements.js";
import { t } from "./language.js";

export function leftMs(room, name) {
  const timer = room.timers.get(name);
  if (!timer) return null;
  if (timer.paused_ms !== null && timer.paused_ms !== undefined) return timer.paused_ms;
  return timer.ends === null || timer.ends === undefined ? null : Math.max(0, timer.ends - room.now());
}

export function countdown(room, name, options = {}) {
  const read = () => {
    const ms = leftMs(room, name);
    return ms === null ? null : { ms, paused: (room.timers.get(name).paused_ms ?? null) !== null };
  };
  return countingDown(read, options);
}

/** The time left for the current turn or call; hidden if it has no clock, or the clock is stopped. */
export function turnCountdown(room, options = {}) {
  const read = () => {
    const ends = room.turn?.ends ?? null;
    return ends === null ? null : { ms: Math.max(0, ends - room.now()), paused: false };
  };
  return countingDown(read, options);
}

/** The whole time that a player (a seat's id) or a team (`group:NAME`) has left; hidden if there is no such clock. */
export function clockCountdown(room, key, options = {}) {
  const read = () => {
    const clock = room.turn?.clocks[key];
    if (!clock) return null;
    const runs = clock.ends !== null;
    return { ms: runs ? Math.max(0, clock.ends - room.now()) : clock.left_ms, paused: false, waits: !runs };
  };
  return countingDown(read, { hurry_s: 20, ...options });
}

/**
 * An element that shows what `read` returns, again and again, until it is removed from the document.
 * @param {() => { ms: number, paused: boolean, waits?: boolean } | null} read
 * @param {{ hurry_s?: number, label?: string }} options
 */
function countingDown(read, { hurry_s = 5, label = "" }) {
  const number = el("span", {});
  const node = el("span", { class: "countdown", role: "timer", "aria-live": "off" }, label ? `${label} ` : null, number);
  let shown = false;
  const look = () => {
    shown ||= node.isConnected;
    if (shown && !node.isConnected) return clearInterval(ticking);
    const left = read();
    node.hidden = left === null;
    if (left === null) return undefined;
    const { ms, paused, waits } = left;
    const text = paused ? t("{time} (paused)", { time: clock(ms) }) : clock(ms);
    if (number.textContent !== text) number.textContent = text; // else the browser would lay out the page anew each time
    node.classList.toggle("hurry", !paused && !waits && ms <= hurry_s * 1000);
    node.classList.toggle("paused", paused || Boolean(waits));
    return undefined;
  };
  const ticking = setInterval(look, 200);
  look();
  return node;
}

function clock(ms) {
  const s = Math.ceil(ms / 1000);
  if (s < 60) return String(s);
  const pad = (n) => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${pad(s % 60)}` : `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
}
