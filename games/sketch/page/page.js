/*
 * The page of Sketch, for phones and for a shared screen (?role=screen). It is built once, and `draw` brings it up to date
 * from the room: what the documents hold, and which messages there are, is told in game.py. Guesses are lines of the chat,
 * which the game looks at. While a game is played all of it is on the screen: the sheet takes what the rest leaves.
 */

import { announce, attempt, avatar, chatBox, confetti, countdown, cue, cues, el, enter, fill, fitList, playersOf, podium, ranked, render, seatColor, shareCard, stage, startButton, winnersOf, winnerText } from "../../static/kit/kit.js";
import { ownWords } from "./own.js";
import { pen } from "./pen.js";
import { decode } from "./points.js";
import { newSheet, strokeOf } from "./sheet.js";

const CLOCKS = ["choose_for_drawer", "end_turn", "next_turn"];

const mount = document.querySelector("main");
const { room, about } = await enter({ mount, connection: { binary: true } }); // points travel as bytes
const isScreen = room.seat.role === "screen";
const { classList } = document.documentElement;

// Parts

const sheet = newSheet();
const headline = el("h1", { class: "headline" });
const detail = el("p", { class: "detail muted" });
const clocks = el("div", { class: "clocks" }, CLOCKS.map((name) => countdown(room, name, { hurry_s: 10 })), countdown(room, "drawer_away", { label: "away:" }));
const words = el("div", { class: "words" });
const tools = pen(room, sheet, isMyTurn);
const easel = el("div", { class: "easel" }, sheet.node);
const people = el("div", { class: "people" });
const waiting = el("section", { class: "card stack waiting", "aria-label": "Invite others" }, shareCard(room));
const end = el("div", { class: "end stack" });
const start = startButton(room, { min: about.min_players });
const skip = el("button", { type: "button", class: "skip", onclick: () => attempt(room.send("skip")) }, "Skip this turn");
const chat = isScreen ? null : chatBox(room, { title: "Guesses and chat" });
const head = el("div", { class: "head" }, headline, el("div", { class: "row nowrap" }, clocks, skip), detail);

const table = stage({ grow: false });
table.append(el("div", { class: "table" }, head, waiting, words, easel, end, tools, el("div", { class: "row begin" }, start, ownWords(room)), el("div", { class: "side" }, people, chat)));
mount.append(table);

// Who and what

function isMyTurn() {
  return room.info.phase === "drawing" && room.state.drawer === room.seat.id;
}

function nameOf(seat) {
  return room.seats.get(seat)?.name ?? "Somebody who left";
}

function plural(n, word) {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}

/** The players as the podium takes them. */
function standing() {
  const told = room.info.result?.ranked;
  if (told) return told.map(([rank, seat, name, score]) => ({ rank, seat, name, score, color: room.seats.has(seat) ? seatColor(room.seats.get(seat)) : "" }));
  return ranked(Object.entries(room.state.scores ?? {}).map(([seat, score]) => ({ seat, score })));
}

/** The headline and what stands below it. */
function status() {
  const { phase } = room.info;
  const { drawer, mask, family, word, round, rounds } = room.state;
  const who = nameOf(drawer);
  const where = `Round ${round} of ${rounds}.`;
  if (phase === "choosing") return drawer === room.seat.id ? ["Choose a word", where] : [`${who} chooses a word`, where];
  if (phase === "drawing") {
    const kind = family ? `It is of the kind: ${family}.` : "";
    if (room.mine?.word) return [drawer === room.seat.id ? `Draw: ${room.mine.word}` : `You know it: ${room.mine.word}`, `${where} ${drawer === room.seat.id ? "Letters and numbers are not allowed." : `${who} draws.`}`];
    return [mask ?? "", `${plural([...(mask ?? "")].filter((c) => c !== " ").length, "letter")}. ${who} draws. ${kind} ${where}`];
  }
  if (phase === "reveal") return [`The word was ${word}`, where];
  if (phase === "waiting") return ["Waiting for somebody to come back", where];
  if (phase === "podium") {
    const text = winnerText(room, standing());
    return [text === "You win" ? "You win!" : text, "The host may start again."];
  }
  return ["Who comes along?", "Let others scan this, or tell them the code."];
}

// Drawing

let told = "";
let ended = "";

function draw() {
  const { phase, status: now } = room.info;
  const [text, below] = status();
  const isMasked = phase === "drawing" && !room.mine?.word;
  if (headline.textContent !== text) headline.textContent = text;
  headline.classList.toggle("masked", isMasked);
  if (isMasked) headline.setAttribute("aria-label", `The word: ${[...text].map((c) => (c === "_" ? "blank" : c)).join(" ")}`);
  else headline.removeAttribute("aria-label");
  if (detail.textContent !== below) detail.textContent = below;
  classList.toggle("whole", isScreen || now === "playing");
  mount.dataset.stage = now;
  waiting.hidden = now !== "lobby";
  easel.hidden = now !== "playing";
  tools.hidden = !isMyTurn();
  mount.classList.toggle("drawing-now", isMyTurn());
  skip.hidden = now !== "playing" || !room.mayHost;
  sheet.show(room.state.strokes ?? []);
  drawEnd(phase);
  drawWords();
  drawPeople();
  if (`${phase} ${text}` !== told) announce(`${headline.getAttribute("aria-label") ?? text}. ${below}`);
  told = `${phase} ${text}`;
}

function drawEnd(phase) {
  end.hidden = phase !== "podium";
  const entries = standing();
  const now = end.hidden ? "" : JSON.stringify(entries);
  if (now === ended) return;
  ended = now;
  fill(end, end.hidden ? null : [isScreen && winnersOf(entries).length ? confetti() : null, podium(room, entries)]);
}

function drawWords() {
  const choices = room.info.phase === "choosing" ? (room.mine?.choices ?? []) : [];
  words.hidden = !choices.length;
  fill(words, choices.map((word, index) => el("button", { class: "primary big", type: "button", "data-key": word, onclick: () => attempt(room.send("choose", { index })) }, word)));
}

let seen = "";

function drawPeople() {
  const { scores = {}, guessed = {}, gained = {}, drawer } = room.state;
  const players = playersOf(room);
  players.sort((a, b) => (scores[b.id] ?? 0) - (scores[a.id] ?? 0) || a.number - b.number);
  const rows = players.map((seat) => {
    const mark = { [drawer]: "draws" }[seat.id] ?? (Object.hasOwn(guessed, seat.id) ? "knows it" : null);
    return { seat, points: scores[seat.id] ?? 0, notes: [seat.id === room.seat.id && "you", seat.host && "host", !seat.online && "away", mark, gained[seat.id] && `+${gained[seat.id]}`].filter(Boolean).join(", ") };
  });
  const now = JSON.stringify(rows.map(({ seat, points, notes }) => [seat.id, seat.name, seat.profile, points, notes]));
  if (now === seen) return;
  seen = now;
  fill(people, fitList(rows.map(({ seat, points, notes }) => el(
    "li",
    { class: [seatColor(seat), seat.id === room.seat.id && "me"], "data-seat": seat.id, "data-keep": seat.id === room.seat.id ? "" : null },
    avatar(seat),
    el("bdi", { class: "name" }, seat.name),
    el("span", { class: "note" }, notes),
    el("span", { class: "points" }, String(points), el("span", { class: "visually-hidden" }, " points")),
  )), { label: "Players" }));
}

// What is heard

let before = { phase: room.info.phase, word: room.mine?.word ?? null, guessed: Object.keys(room.state.guessed ?? {}).length };

function sound() {
  const now = { phase: room.info.phase, word: room.mine?.word ?? null, guessed: Object.keys(room.state.guessed ?? {}).length };
  const mine = room.state.drawer === room.seat.id;
  if (now.phase !== before.phase && now.phase === "choosing" && mine) cue("turn");
  if (now.phase !== before.phase && now.phase === "reveal") cue("reveal");
  if (now.phase === "drawing" && now.word && !before.word && !mine) cue("right");
  else if (now.guessed > before.guessed && (mine || isScreen)) cue("ready");
  before = now;
}

room.on("line", ({ colour, width, points }) => sheet.add(strokeOf(colour, width, decode(points))));
render(room, draw);
render(room, sound);
cues(room, { ticks: isScreen ? ["end_turn"] : [] });
