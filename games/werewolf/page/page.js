/*
 * Werewolf: one page for the phones, and for a shared screen (?role=screen) that shows what is public. What the documents
 * hold, and which messages there are, is told in game.py. It is built once, and `draw` brings it up to date.
 *
 * People sit side by side: what a role may know is in the card alone (card.js), which shows it while it is held open, and
 * everything else looks the same on every phone. By night each of them chooses somebody, a villager too.
 */

import { announce, chatBox, countdown, el, enter, fill, render, shareCard, startButton } from "/static/page.js";

import { roleCard } from "./card.js";
import { detail, headline, isAlive, isHere, TIMERS } from "./words.js";
import { village } from "./village.js";

const MIN_PLAYERS = 5;

const mount = document.querySelector("main");
const { room } = await enter({ mount });
const plays = room.seat.role === "player";

const heading = el("h1", { tabindex: "-1" });
const clocks = TIMERS.map((name) => countdown(room, name));
const below = el("p", { class: "detail" });
const head = el("header", { class: "head" }, el("div", { class: "row spread nowrap" }, heading, el("div", { class: "clock" }, clocks)), below);
const invite = el("section", { class: "card", "aria-label": "Invite others" }, shareCard(room));
const card = plays ? roleCard(room) : null;
const people = village(room);
const start = plays ? startButton(room, { min: MIN_PLAYERS }) : null;
const chat = plays ? chatBox(room) : null;
const talk = plays ? el("section", { class: "card talk" }, chat) : null;
mount.append(el("div", { class: "table" }, el("div", { class: "stack" }, head, start, invite, card?.node, people.node), talk));

let told = "";

function draw() {
  const { status, phase } = room.info;
  document.documentElement.classList.toggle("dark", phase === "night" || phase === "cards");
  mount.dataset.phase = phase;
  heading.textContent = headline(room);
  below.textContent = detail(room);
  invite.hidden = status !== "lobby";
  card?.draw();
  people.draw();
  const text = `${heading.textContent}. ${below.textContent}`;
  if (text !== told) announce((told = text));
  showChannel();
}

/** The channel that one speaks in now: the wolves' by night, and of the dead theirs; by day everybody's. */
function showChannel() {
  if (!plays) return;
  const { phase, status } = room.info;
  const mute = phase === "night" && isHere(room) && isAlive(room) && !room.groups.wolves;
  talk.classList.toggle("quiet", mute);
  const to = status === "playing" && room.groups.dead ? "group:dead" : phase === "night" && room.groups.wolves ? "group:wolves" : "room";
  if (to === showChannel.shown) return;
  showChannel.shown = to;
  chat.open?.(to);
}

const end = render(room, draw, ["$change", "$seats", "$info", "$timers", "$joined"]);
room.on("$left", end);
