/** A pretended room for the page that shows the kit: people, scores and a clock; messages are shown instead of sent. */

import { toast } from "../page/notices.js";

const PEOPLE = [["1", "Ann", "🦊"], ["2", "Bob", null], ["3", "Maximiliane", "🐙"], ["4", "Dov", null], ["5", "Élodie", "🌵"], ["6", "Grandma", null]];

/** @returns {any} an object with whatever the parts read of a client's room */
export function shownRoom() {
  const seats = new Map(PEOPLE.map(([id, name, avatar], i) => [id, { id, name, number: i, role: "player", online: i !== 3, gone: false, host: i === 0, ready: i % 2 === 0, bot: null, profile: avatar ? { avatar } : {} }]));
  seats.set("7", { ...seats.get("4"), id: "7", name: "Wim", number: null, role: "spectator", online: true });
  const ends = Date.now() + 60_000;
  const said = (what) => {
    toast(what);
    return Promise.resolve();
  };
  return {
    game: "trivia",
    code: "K7QM",
    seat: { id: "1", role: "player" },
    me: seats.get("1"),
    host: seats.get("1"),
    seats,
    mayHost: true,
    isActive: true,
    info: { status: "lobby", phase: null, paused: false, options: {}, result: null },
    state: { scores: { 1: 1200, 2: 950, 3: 950, 4: 400, 5: 0, 6: 0 } },
    teams: [],
    turn: { number: 1, active: ["1"], current: "1", ends, clocks: {} },
    prompt: "Draw a card, or pass",
    moves: [{ type: "draw", label: "Draw a card", group: "cards" }, { type: "pass", label: "Pass", group: null }],
    moreMoves: false,
    mayUndo: true,
    timers: new Map([["answer", { ends, paused_ms: null }]]),
    now: () => Date.now(),
    name: (id) => seats.get(id)?.name ?? String(id),
    label: (move) => move.label,
    on: () => () => {},
    send: (type) => said(`room.send("${type}")`),
    play: (move) => said(`room.play(${move.type})`),
    undo: () => said("room.undo()"),
    bot: () => said("room.bot()"),
    start: () => said("room.start()"),
    ready: () => said("room.ready()"),
    asHost: (act) => said(`room.asHost("${act}")`),
  };
}
