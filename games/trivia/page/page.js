/*
 * Trivia night: one page for the shared screen (?role=screen) and for the phones. Here somebody takes a seat; screen.js
 * and phone.js show the game to it. What the documents hold, and which messages there are, is told in game.py.
 */

import { el, enter, header, render } from "../../static/page.js";

import { hostBar } from "./host.js";
import { scenes } from "./parts.js";
import { phoneScene, scoreStrip } from "./phone.js";
import { screenScene } from "./screen.js";

const mount = document.querySelector("main");
const { client, room, about } = await enter({ mount, bar: false });
const { role } = room.seat;
const plays = role === "player";

document.documentElement.classList.add(plays ? "phone" : "tv");
mount.classList.toggle("narrow", plays);
if (role !== "screen") mount.before(header(client, room, { title: about.title }));

const stage = el("div", { class: "stage" });
mount.append(...(plays ? [scoreStrip(room), stage, hostBar(room)] : [stage]));
const end = render(room, scenes(stage, room, plays ? phoneScene : screenScene));
room.on("$left", end);
