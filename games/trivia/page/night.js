/* The game for somebody with a seat: screen.js and phone.js show its scenes. */

import { cue, cues, header, render, said, scenes, stage } from "../../static/kit/kit.js";

import { hostBar } from "./host.js";
import { isWhole } from "./parts.js";
import { phoneScene, scoreStrip } from "./phone.js";
import { screenScene } from "./screen.js";

/** Show it, and sound, until the seat is gone. */
export function begin({ mount, client, room, about }) {
  const { role } = room.seat;
  const plays = role === "player";
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
}
