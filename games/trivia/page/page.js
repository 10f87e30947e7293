/*
 * Trivia night: one page for the shared screen (?role=screen) and for the phones. Here somebody takes a seat; screen.js
 * and phone.js show the game to it. What the documents hold, and which messages there are, is told in game.py.
 */

import { cue, cues, enter, header, render, said, scenes, stage } from "../../static/kit/kit.js";

const mount = document.querySelector("main");
const { client, room, about } = await enter({ mount, bar: false });
const { role } = room.seat;
const plays = role === "player";

// What is not needed for a seat is not waited for until there is one.
const [{ hostBar }, { isWhole }, { phoneScene, scoreStrip }, { screenScene }] = await Promise.all([import("./host.js"), import("./parts.js"), import("./phone.js"), import("./screen.js")]);

document.documentElement.classList.add(plays ? "phone" : "tv");
mount.classList.toggle("narrow", plays);
if (role !== "screen") mount.before(header(client, room, { title: said(about.title) }));

const table = stage();
mount.append(...(plays ? [scoreStrip(room), table, hostBar(room)] : [table]));
const pick = plays ? phoneScene : screenScene;
const end = render(room, scenes(table, room, (now) => (isWhole(now) ? pick(now) : null)));
const quiet = cues(room, { ticks: plays ? [] : ["answer", "ask"] });

let { phase } = room.info;
render(room, () => {
  if (room.info.phase === phase || !isWhole(room)) return;
  ({ phase } = room.info);
  const own = room.state.reveal?.answers[room.seat.id];
  if (phase === "question" && plays && room.mine?.asked) cue("turn");
  if (phase === "reveal") cue(plays ? (own?.points ? "right" : "wrong") : "reveal");
});
room.on("$left", () => {
  end();
  quiet();
});
