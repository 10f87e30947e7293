/* The page of hearts: the trick, one's own hand, and what pages of games with turns share. */

import { attempt, chatBox, el, enter, fill, render, shareCard } from "../../static/page.js";
import { cues } from "../../static/kit/cues.js";
import { people } from "../../static/play/people.js";
import { head } from "../../static/play/turn.js";

const SUITS = { C: ["♣", "clubs"], D: ["♦", "diamonds"], S: ["♠", "spades"], H: ["♥", "hearts"] };
const RANKS = { T: ["10", "ten"], J: ["J", "jack"], Q: ["Q", "queen"], K: ["K", "king"], A: ["A", "ace"] };

const mount = document.querySelector("main");
const said = document.querySelector("#said");
const { room, about } = await enter({ mount });

const nameOf = (card) => `${RANKS[card[1]]?.[1] ?? card[1]} of ${SUITS[card[0]][1]}`;
const inside = (card) => [el("span", { class: "visually-hidden" }, nameOf(card)), el("span", { "aria-hidden": "true" }, RANKS[card[1]]?.[0] ?? card[1], el("span", { class: "suit" }, SUITS[card[0]][0]))];
const kindOf = (card) => ["face", (card[0] === "D" || card[0] === "H") && "red"];

const places = el("ul", { class: "places", "aria-label": "Table" });
const hand = el("div", { class: "hand", role: "group", "aria-labelledby": "hand-title" });
const title = el("h2", { class: "hand-title", id: "hand-title" }, "Your hand");
const pass = el("button", { type: "button", class: "primary big", onclick: give });
const undo = el("button", { type: "button", onclick: () => attempt(room.undo()) }, "Take back");
const own = el("section", { class: "card stack tight", "aria-labelledby": "hand-title" }, title, hand, el("div", { class: "does" }, pass, undo));
const invite = el("section", { class: "card", "aria-label": "Invite friends" }, shareCard(room));
const chat = el("details", { class: "card" }, el("summary", {}, "Chat"), chatBox(room));

mount.append(
  el("h1", { class: "visually-hidden" }, about.title),
  el("div", { class: "table" }, head(room, about), el("div", { class: "felt" }, places, own), el("div", { class: "stack side" }, invite, people(room, about), chat)),
);

let chosen = new Set(); // of the cards to pass
let pending = false;

function passing() {
  return room.moves.find((move) => move.type === "give");
}

function playOf(card) {
  return room.moves.find((move) => move.type === "play" && move.data.card === card);
}

async function press(card) {
  if (pending) return;
  if (passing()) {
    if (!chosen.delete(card) && chosen.size < 3) chosen.add(card);
    draw();
  } else if (playOf(card)) {
    await act(room.play(playOf(card)));
  }
}

async function give() {
  if (pending || chosen.size !== 3 || !passing()) return;
  await act(room.play(passing(), { cards: [...chosen] }));
}

async function act(asked) {
  pending = true;
  draw();
  await attempt(asked);
  pending = false;
  draw();
}

function drawPlaces() {
  const { trick = [], last = null, scores = {}, taken = {} } = room.state;
  const shown = trick.length ? trick : (last?.cards ?? []); // the last trick stays until the next one begins
  const seats = [...room.seats.values()].filter((seat) => seat.role === "player" && !seat.gone).sort((a, b) => a.number - b.number);
  fill(
    places,
    seats.map((seat) => {
      const card = shown.find(([id]) => id === seat.id)?.[1];
      const face = card
        ? el("span", { class: [...kindOf(card), !trick.length && (last.by === seat.id ? "won" : "old")] }, inside(card))
        : el("span", { class: "face none", "aria-hidden": "true" });
      const now = (taken[seat.id] ?? []).reduce((sum, each) => sum + (each === "SQ" ? 13 : Number(each[0] === "H")), 0);
      const points = seat.id in scores ? `${scores[seat.id]}${now ? ` + ${now}` : ""}` : "";
      const who = seat.id === room.seat.id ? "You" : seat.name;
      return el("li", { class: ["place", room.turn?.active.includes(seat.id) && "active"] }, face, el("span", { class: "who", dir: "auto" }, who), el("span", { class: "points", title: "points" }, points));
    }),
  );
}

function drawHand() {
  const cards = room.me?.role === "player" && room.info.status === "playing" ? (room.mine?.hand ?? []) : [];
  const move = passing();
  if (!move) chosen = new Set();
  chosen = new Set([...chosen].filter((card) => cards.includes(card)));
  own.hidden = !cards.length && !room.mayUndo;
  fill(
    hand,
    cards.map((card) => {
      const may = !pending && Boolean(move || playOf(card));
      return el("button", { type: "button", class: kindOf(card), "data-key": card, "aria-disabled": String(!may), "aria-pressed": move ? String(chosen.has(card)) : null, onclick: () => press(card) }, inside(card));
    }),
  );
  pass.hidden = !move;
  pass.disabled = chosen.size !== 3;
  pass.textContent = `Pass ${chosen.size} of 3`;
  undo.hidden = !room.mayUndo;
}

let heard = "";

function draw() {
  drawPlaces();
  drawHand();
  invite.hidden = room.info.status !== "lobby";
  const trick = room.state.trick ?? [];
  const text = trick.length ? `${room.name(trick.at(-1)[0])}: ${nameOf(trick.at(-1)[1])}.` : "";
  if (text && text !== heard) said.textContent = text;
  heard = text;
}

cues(room);
render(room, draw);
