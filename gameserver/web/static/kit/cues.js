/** The cues of every game: somebody comes, it is one's turn, the last seconds, the end; and the switch for them. */

import { every, HURRY_S } from "./clocks.js";
import { leftMs } from "../page/countdown.js";
import { render } from "../page/elements.js";
import { feelButton } from "./feel.js";
import { playersOf } from "./people.js";
import { cue } from "./sound.js";

/**
 * Sound and vibrate as the room goes on: join, ready, turn, the ticks of a clock's last five seconds, and a fanfare at
 * the end. `ticks` names the timers that are counted down aloud; null: all that are shown. A game gives all other cues
 * itself, such as cue("right"). The page's head gets the button that turns everything off. → a function that ends this
 * @param {any} room
 * @param {{ ticks?: string[] | null, fanfare?: boolean }} options
 */
export function cues(room, { ticks = null, fanfare = true } = {}) {
  const isScreen = room.seat.role !== "player";
  showSwitch();
  let known = new Set(playersOf(room).map(({ id }) => id));
  let ready = new Set();
  let { isActive } = room;
  let { status } = room.info;
  const end = render(room, () => {
    const players = playersOf(room);
    const now = new Set(players.map(({ id }) => id));
    if (room.info.status === "lobby" && [...now].some((id) => !known.has(id))) cue("join");
    known = now;
    const marked = new Set(players.filter((seat) => seat.ready).map(({ id }) => id));
    if ([...marked].some((id) => !ready.has(id))) cue("ready");
    ready = marked;
    if (room.isActive && !isActive && room.info.status === "playing") cue("turn");
    ({ isActive } = room);
    if (fanfare && status === "playing" && room.info.status === "over") cue("fanfare");
    ({ status } = room.info);
  });
  const last = new Map();
  let ended = false;
  every(document.body, () => {
    if (ended || room.info.paused || room.info.status !== "playing") return;
    for (const name of ticks ?? (isScreen ? [...room.timers.keys()] : [])) {
      const ms = leftMs(room, name);
      const s = ms === null ? Infinity : Math.ceil(ms / 1000);
      if (s > 0 && s <= HURRY_S && s < (last.get(name) ?? Infinity)) cue("tick");
      last.set(name, s > 0 ? s : Infinity);
    }
  });
  return () => {
    ended = true;
    end();
  };
}

function showSwitch() {
  const bar = document.querySelector(".bar");
  const button = feelButton();
  if (bar) return bar.insertBefore(button, bar.lastElementChild);
  button.classList.add("corner");
  return document.body.append(button);
}
