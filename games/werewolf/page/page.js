/*
 * Werewolf: one page for the phones, and for a shared screen (?role=screen) that shows what is public. What the documents
 * hold, and which messages there are, is told in game.py. It is built once, and `draw` brings it up to date.
 *
 * People sit side by side: what a role may know is in the card alone (card.js), which lies face down, and everything
 * else looks the same on every phone. By night each of them chooses somebody, a villager too.
 */

import { announce, chatBox, countdown, el, enter, render, shareCard, startButton } from "../../static/page.js";

import { cue, cues, stage } from "../../static/kit/kit.js";
import { roleCard } from "./card.js";
import { detail, headline, story, TIMERS } from "./words.js";
import { village } from "./village.js";

const MIN_PLAYERS = 5;

const mount = document.querySelector("main");
const { room } = await enter({ mount });
const plays = room.seat.role === "player";
const tale = el("p", { class: "tale" });

const heading = el("h1", { tabindex: "-1" });
const clocks = TIMERS.map((name) => countdown(room, name));
const below = el("p", { class: "detail" });
const head = el("header", { class: "head" }, el("div", { class: "row spread nowrap" }, heading, el("div", { class: "clock" }, clocks)), below);
const invite = el("section", { class: "card", "aria-label": "Invite others" }, shareCard(room));
const card = plays ? roleCard(room) : null;
const people = village(room);
const start = plays ? startButton(room, { min: MIN_PLAYERS }) : null;
const chat = plays ? chatBox(room, { to: "room group:dead" }) : null;
const talk = plays ? el("section", { class: "card talk" }, chat) : null;
const table = el("div", { class: "table" }, el("div", { class: "stack" }, head, plays ? null : tale, start, invite, card?.node, people.node), talk);
if (plays) mount.append(table);
else {
  const place = stage(); // a shared screen shows all of it at once
  place.append(table);
  mount.append(place);
  document.documentElement.classList.add("whole");
}

let told = "";
let shown = "room";
let heard = room.info.phase;

function draw() {
  const { status, phase } = room.info;
  document.documentElement.classList.toggle("dark", phase === "night" || phase === "cards");
  mount.dataset.phase = phase;
  heading.textContent = headline(room);
  below.textContent = detail(room);
  const now = story(room);
  if (tale.textContent !== now) tale.textContent = now;
  if (phase !== heard && (phase === "morning" || phase === "evening")) cue("reveal");
  heard = phase;
  invite.hidden = status !== "lobby";
  card?.draw();
  people.draw();
  const text = `${heading.textContent}. ${below.textContent}`;
  if (text !== told) announce((told = text));
  showChannel();
}

/** The channel that one speaks in: everybody's, of the dead theirs. By night those who live are silent. */
function showChannel() {
  if (!plays) return;
  const { phase, status } = room.info;
  const dead = status === "playing" && Boolean(room.groups.dead);
  talk.classList.toggle("quiet", phase === "night" && !dead);
  const to = dead ? "group:dead" : "room";
  if (to !== shown) chat.open((shown = to));
}

cues(room);
const end = render(room, draw, ["$change", "$seats", "$info", "$timers", "$joined"]);
room.on("$left", end);
