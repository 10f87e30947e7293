/*
 * Werewolf: one page for the phones, and for a shared screen (?role=screen), which tells the story of what is public. What
 * the documents hold, and which messages there are, is told in game.py.
 *
 * People sit side by side: what a role may know is in the card alone (card.js), which lies face down, and everything
 * else looks the same on every phone. By night each of them chooses somebody, a villager too.
 */

import { announce, chatBox, countdown, cue, el, heading, play, render } from "../../static/kit/kit.js";
import { roleCard } from "./card.js";
import { village, villager } from "./village.js";
import { housesOf, story } from "./story.js";
import { detail, headline, tale, TEXTS, TIMERS } from "./words.js";

const DARK = ["night", "cards"];
const CHANNELS = ["room", "group:dead"];

/** The phase as a heading, how long it lasts, and what there is to do. */
function headOf(room) {
  const title = heading("");
  const below = el("p", { class: "detail" });
  const clock = el("div", { class: "clock" }, TIMERS.map((name) => countdown(room, name)));
  const node = el("header", { class: "head" }, el("div", { class: "row spread nowrap" }, title, clock), below);
  let told = "";
  const draw = () => {
    const [text, more] = [headline(room), detail(room)];
    if (title.textContent !== text) title.textContent = text;
    if (below.textContent !== more) below.textContent = more;
    if (`${text}. ${more}` !== told) announce((told = `${text}. ${more}`));
  };
  return { node, draw };
}

/** A player's phone: one scene for all of a game, so that card and chat stay as they are. */
function phone(room) {
  const head = headOf(room);
  const card = roleCard(room);
  const people = village(room);
  const chat = chatBox(room, { to: CHANNELS.join(" ") });
  const talk = el("section", { class: "card talk" }, chat);
  const node = el("div", { class: "scene table" }, el("div", { class: "stack" }, head.node, card.node, people.node), talk);
  let shown = "room";
  const update = () => {
    head.draw();
    card.draw();
    people.draw();
    // The channel to write in: everybody's, or that of the dead. By night those who live are silent.
    const { phase, status } = room.info;
    const dead = status === "playing" && Boolean(room.groups.dead);
    talk.classList.toggle("quiet", phase === "night" && !dead);
    const to = dead ? "group:dead" : "room";
    if (to !== shown) chat.open((shown = to));
  };
  return { node, update };
}

/** The winning side on the podium, and who had which role. */
function ending(room) {
  const { village: all = [], roles = {}, winner } = room.state;
  const won = ({ seat }) => (roles[seat] === "werewolf") === (winner === "wolves");
  const entries = all.filter((each) => each.died !== "left" && roles[each.seat] && won(each)).map(({ seat, name }) => ({ seat, rank: 1, placed: true, ...(room.seats.has(seat) ? {} : { name }) }));
  const isPlayer = room.seat.role === "player";
  const list = isPlayer ? el("ul", { class: "plain village", "aria-label": TEXTS.village }, all.map((each) => villager(room, each))) : housesOf(room);
  return { entries, title: headline(room), more: [el("p", { class: "detail center" }, isPlayer ? detail(room) : tale(room)), list] };
}

/** A phone has one scene for all of a game, a shared screen one for each phase. */
const at = ({ seat, info: { status, phase } }) => (status !== "playing" ? status : seat.role === "player" ? "game" : phase);

const mount = document.querySelector("main");
const { room } = await play({ phone, tv: story, ending, whole: false, at, mount });

let heard = room.info.phase;

const end = render(room, () => {
  const { phase, status } = room.info;
  document.documentElement.classList.toggle("dark", DARK.includes(phase));
  mount.dataset.phase = status === "lobby" ? "lobby" : phase;
  if (phase !== heard && (phase === "morning" || phase === "evening")) cue("reveal");
  heard = phase;
}, ["$info", "$joined"]);
room.on("$left", end);
