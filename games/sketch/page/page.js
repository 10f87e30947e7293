/*
 * The page of Sketch, for phones and for a shared screen (?role=screen). It is built once, and `draw` brings it up to date
 * from the room: what the documents hold, and which messages there are, is told in game.py. Guesses are lines of the chat,
 * which the game looks at. While a game is played all of it is on the screen: the sheet takes what the rest leaves.
 */

import { announce, attempt, avatar, chatBox, confetti, countdown, cue, cues, el, enter, fill, fitList, playersOf, podium, ranked, render, said, seatColor, shareCard, stage, startButton, t, winnersOf, winnerText } from "../../static/kit/kit.js";
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
const clocks = el("div", { class: "clocks" }, CLOCKS.map((name) => countdown(room, name, { hurry_s: 10 })), countdown(room, "drawer_away", { label: t("away:") }));
const words = el("div", { class: "words" });
const tools = pen(room, sheet, isMyTurn);
const easel = el("div", { class: "easel" }, sheet.node);
const people = el("div", { class: "people" });
const waiting = el("section", { class: "card stack waiting", "aria-label": t("Invite others") }, shareCard(room));
const end = el("div", { class: "end stack" });
const start = startButton(room, { min: about.min_players });
const skip = el("button", { type: "button", class: "skip", onclick: () => attempt(room.send("skip")) }, t("Skip this turn"));
const chat = isScreen ? null : chatBox(room, { title: t("Guesses and chat") });
const head = el("div", { class: "head" }, headline, el("div", { class: "row nowrap" }, clocks, skip), detail);

const table = stage({ grow: false });
table.append(el("div", { class: "table" }, head, waiting, words, easel, end, tools, el("div", { class: "row begin" }, start, ownWords(room)), el("div", { class: "side" }, people, chat)));
mount.append(table);

// Who and what

function isMyTurn() {
  return room.info.phase === "drawing" && room.state.drawer === room.seat.id;
}

function nameOf(seat) {
  return room.seats.get(seat)?.name ?? t("Somebody who left");
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
  const where = t("Round {n} of {most}.", { n: round, most: rounds });
  if (phase === "choosing") return drawer === room.seat.id ? [t("Choose a word"), where] : [t("{name} chooses a word", { name: who }), where];
  if (phase === "drawing") {
    const kind = family ? t("It is of the kind: {kind}.", { kind: said(family) }) : "";
    const draws = t("{name} draws.", { name: who });
    if (room.mine?.word) return [drawer === room.seat.id ? t("Draw: {word}", { word: room.mine.word }) : t("You know it: {word}", { word: room.mine.word }), `${where} ${drawer === room.seat.id ? t("Letters and numbers are not allowed.") : draws}`];
    return [mask ?? "", [t("{n, plural, one {# letter.} other {# letters.}}", { n: [...(mask ?? "")].filter((c) => /[\p{L}\p{N}_]/u.test(c)).length }), draws, kind, where].filter(Boolean).join(" ")];
  }
  if (phase === "reveal") return [t("The word was {word}", { word }), where];
  if (phase === "waiting") return [t("Waiting for somebody to come back"), where];
  if (phase === "podium") {
    return [winnerText(room, standing()), t("The host may start again.")];
  }
  return [t("Who comes along?"), t("Let others scan this, or tell them the code.")];
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
  if (isMasked) headline.setAttribute("aria-label", t("The word: {letters}", { letters: [...text].map((c) => (c === "_" ? t("blank") : c)).join(" ") }));
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
    const mark = { [drawer]: t("draws") }[seat.id] ?? (Object.hasOwn(guessed, seat.id) ? t("knows it") : null);
    return { seat, points: scores[seat.id] ?? 0, notes: [seat.id === room.seat.id && t("you"), seat.host && t("host"), !seat.online && t("away"), mark, gained[seat.id] && `+${gained[seat.id]}`].filter(Boolean).join(", ") };
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
    el("span", { class: "points" }, String(points), el("span", { class: "visually-hidden" }, " ", t("{n, plural, one {point} other {points}}", { n: points }))),
  )), { label: t("Players") }));
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
