/** What is going on: whose turn it is, what is asked for, how much time is left; before and after a round, how to begin. */

import { announce, attempt, clockCountdown, countdown, el, fill, render, startButton, turnCountdown } from "../page.js";
import { labelOf } from "../form.js";
import { result } from "./podium.js";
import { listed, whoIs } from "./words.js";

const STATUS = { lobby: "Waiting to start", playing: "Playing", over: "Over" };

export function head(room, about) {
  const title = document.title;
  const line = el("h2", { class: "state-line" });
  const note = el("p", { class: "muted small" });
  const prompt = el("p", { class: "lead prompt", dir: "auto" });
  const time = el("p", { class: "turn-time" }, turnCountdown(room, { hurry_s: 10 }));
  const clocks = el("ul", { class: "timers plain", "aria-label": "Clocks" });
  const timers = el("div", { class: "timers" });
  const outcome = el("div", { class: "stack" });
  const section = el("section", { class: "card stack head", "aria-label": "What is going on" }, el("div", { class: "row spread" }, line, time), note, prompt, clocks, timers, outcome, beginning(room, about));
  let said = "";
  let shown = [];
  render(room, () => {
    const { status, phase, paused, result: told } = room.info;
    line.textContent = turnText(room) ?? STATUS[status] ?? status;
    note.textContent = [room.turn && room.turn.round > 1 && `Round ${room.turn.round}`, phase && labelOf(phase), paused && "Paused"].filter(Boolean).join(" · ");
    note.hidden = !note.textContent;
    prompt.textContent = room.prompt ?? "";
    prompt.hidden = !prompt.textContent;
    time.hidden = (room.turn?.ends ?? null) === null;
    section.classList.toggle("active", room.isActive);
    document.title = room.isActive ? `● ${title}` : title;
    const text = [line.textContent, prompt.textContent].filter(Boolean).join(". ");
    if (text !== said) announce((said = text));
    const keys = Object.keys(room.turn?.clocks ?? {});
    const names = [...room.timers.keys()];
    const ended = status === "over" && told ? told : null;
    const now = [JSON.stringify(keys.map((key) => [key, whoIs(room, key)])), JSON.stringify(names), JSON.stringify([ended, [...room.seats.values()].map(({ name }) => name)])];
    if (now[0] !== shown[0]) fill(clocks, keys.map((key) => el("li", { class: "chip" }, el("span", { dir: "auto" }, whoIs(room, key)), " ", clockCountdown(room, key))));
    if (now[1] !== shown[1]) fill(timers, names.map((name) => el("span", { class: "chip" }, `${labelOf(name)} `, countdown(room, name))));
    if (now[2] !== shown[2]) fill(outcome, ended ? result(room, ended) : null);
    clocks.hidden = !keys.length;
    timers.hidden = !names.length;
    outcome.hidden = !ended;
    shown = now;
  });
  return section;
}

/** Whose turn it is, or who is waited for; null where no turn is. */
function turnText(room) {
  const { turn } = room;
  if (!turn) return null;
  const { current, active } = turn;
  const seats = active.filter((id) => room.seats.has(id));
  if (room.isActive) return current === null || current === room.seat.id || current.startsWith("group:") ? "Your turn" : "You are asked";
  if (seats.length === 1 && seats[0] === current) return `${room.name(current)}’s turn`;
  if (seats.length > 4) return `Waiting for ${seats.length} players`;
  if (seats.length) return `Waiting for ${listed(seats.map((id) => room.name(id)))}`;
  return current === null ? "Nobody’s turn" : `${room.name(current)}’s turn`;
}

/** Before a round and after it: ready marks, and whoever may start. */
function beginning(room, about) {
  const ready = el("button", { type: "button", class: "big ready", onclick: () => attempt(room.ready(!room.me?.ready)) });
  const count = el("p", { class: "muted" });
  const box = el("div", { class: "stack tight" }, ready, count);
  render(room, () => {
    const people = [...room.seats.values()].filter((seat) => !seat.gone && seat.role === "player" && !seat.bot);
    const marked = people.filter((seat) => seat.ready).length;
    box.hidden = !about.ready || room.info.status === "playing";
    ready.hidden = room.me?.role !== "player";
    ready.setAttribute("aria-pressed", String(Boolean(room.me?.ready)));
    ready.textContent = room.me?.ready ? "✓ Ready" : "I am ready";
    count.textContent = `${marked} of ${people.length} ready`;
  }, ["$seats", "$info", "$joined"]);
  return el("div", { class: "stack" }, box, startButton(room, { min: about.min_players, marks: !about.ready }));
}
