/** A room's timers, as numbers and as an element that counts down. */

import { el } from "./elements.js";

export function leftMs(room, name) {
  const timer = room.timers.get(name);
  if (!timer) return null;
  if (timer.paused_ms !== null && timer.paused_ms !== undefined) return timer.paused_ms;
  return timer.ends === null || timer.ends === undefined ? null : Math.max(0, timer.ends - room.now());
}

export function countdown(room, name, { hurry_s = 5, label = "" } = {}) {
  const number = el("span", {});
  const node = el("span", { class: "countdown", role: "timer", "aria-live": "off" }, label ? `${label} ` : null, number);
  let shown = false;
  const look = () => {
    shown ||= node.isConnected;
    if (shown && !node.isConnected) return clearInterval(ticking);
    const ms = leftMs(room, name);
    node.hidden = ms === null;
    if (ms === null) return undefined;
    const paused = (room.timers.get(name).paused_ms ?? null) !== null;
    number.textContent = clock(ms) + (paused ? " (paused)" : "");
    node.classList.toggle("hurry", !paused && ms <= hurry_s * 1000);
    node.classList.toggle("paused", paused);
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
