/** Which rooms the lobby offers, and in which order. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

// Without what it needs of a page, which is nothing of what is tested here.
const source = await readFile(new URL("../../../gameserver/web/static/lobby_rooms.js", import.meta.url), "utf-8");
const { age, offered, search } = await import(`data:text/javascript,${encodeURIComponent(source.replace(/^import .*$/m, "const el = null, urlOf = null, said = (text) => text, t = (text, values) => text.replace(/\\{(\\w+)\\}/g, (_, name) => values[name]);"))}`);

const room = (code, more = {}) => ({ room: code, game: "quiz", title: "Quiz", status: "lobby", players: 1, max_players: 3, locked: false, needs_password: false, open_to: ["player"], host: "Ann", here: 1, made_ms: 0, ...more });
const codes = (rooms) => rooms.map((each) => each.room);

test("only rooms that somebody new can come into or watch are offered, and one's own are elsewhere", () => {
  const rooms = [
    room("OPEN"),
    room("MINE"),
    room("FULL", { open_to: [] }),
    room("OVER", { status: "over" }),
    room("EMPTY", { here: 0 }),
    room("TV", { players: 0 }),
    room("SHOW", { status: "playing", open_to: ["spectator"] }),
    room("SCREEN", { open_to: ["screen"] }),
  ];
  assert.deepEqual(codes(offered(rooms, ["MINE"])), ["OPEN", "TV", "SHOW"]);
});

test("those that wait come first, then those that are played, then those to watch; of each the newest", () => {
  const rooms = [
    room("WATCH", { status: "playing", open_to: ["spectator"], made_ms: 9 }),
    room("OLD", { made_ms: 1 }),
    room("LATE", { status: "playing", made_ms: 8 }),
    room("NEW", { made_ms: 2 }),
  ];
  assert.deepEqual(codes(offered(rooms, [])), ["NEW", "OLD", "LATE", "WATCH"]);
});

test("a search finds every word in title, host or code", () => {
  const rooms = [room("AAAA", { host: "Bob" }), room("BBBB", { title: "Chess" }), room("CCCC", { host: null })];
  assert.deepEqual(codes(search(rooms, "")), ["AAAA", "BBBB", "CCCC"]);
  assert.deepEqual(codes(search(rooms, "quiz bob")), ["AAAA"]);
  assert.deepEqual(codes(search(rooms, " cccc ")), ["CCCC"]);
  assert.deepEqual(codes(search(rooms, "nobody")), []);
  assert.deepEqual(codes(search(rooms, "schach", (title) => (title === "Chess" ? "Schach" : title))), ["BBBB"], "as the page calls it");
});

test("an age is in the unit that people say", () => {
  const at = (minutes) => age(0, minutes * 60_000);
  assert.deepEqual([0, 1, 59, 60, 47 * 60, 72 * 60].map(at), ["just now", "1 min ago", "59 min ago", "1 h ago", "47 h ago", "3 days ago"]);
  assert.equal(age(60_000, 0), "just now", "clocks differ");
});
