/*
 * The page of Sketch, for phones and for a shared screen (?role=screen): before a game and after it the scenes of the kit,
 * and during it the table, all of which fits on the screen: the sheet takes the space that the rest leaves. What the documents hold, and
 * which messages there are, is told in game.py. Guesses are lines of the chat, which the game looks at.
 */

import { announce, attempt, avatar, chatBox, countdown, cue, el, fill, fitList, play, playersOf, ranked, render, said, seatColor, t } from "../../static/kit/kit.js";
import { ownWords } from "./own.js";
import { pen } from "./pen.js";
import { decode } from "./points.js";
import { newSheet, strokeOf } from "./sheet.js";

const CLOCKS = ["choose_for_drawer", "end_turn", "next_turn"];

const mount = document.querySelector("main");

/** The sheet that is drawn on: a new one for each game. */
let sheet = newSheet();
let own = null;

function isMyTurn(room) {
  return room.info.phase === "drawing" && room.state.drawer === room.seat.id;
}

function nameOf(room, seat) {
  return room.seats.get(seat)?.name ?? t("Somebody who left");
}

/** The players as the podium takes them. */
function standing(room) {
  const told = room.info.result?.ranked;
  if (told) return told.map(([rank, seat, name, score]) => ({ rank, seat, name, score, color: room.seats.has(seat) ? seatColor(room.seats.get(seat)) : "" }));
  return ranked(Object.entries(room.state.scores ?? {}).map(([seat, score]) => ({ seat, score })));
}

/** The headline and what stands below it. */
function status(room) {
  const { phase } = room.info;
  const { drawer, mask, family, word, round, rounds } = room.state;
  const who = nameOf(room, drawer);
  const where = t("Round {n} of {most}.", { n: round, most: rounds });
  if (phase === "choosing") return drawer === room.seat.id ? [t("Choose a word"), where] : [t("{name} chooses a word", { name: who }), where];
  if (phase === "drawing") {
    const kind = family ? t("It is of the kind: {kind}.", { kind: said(family) }) : "";
    const draws = t("{name} draws.", { name: who });
    if (room.mine?.word) return [drawer === room.seat.id ? t("Draw: {word}", { word: room.mine.word }) : t("You know it: {word}", { word: room.mine.word }), `${where} ${drawer === room.seat.id ? t("Letters and numbers are not allowed.") : draws}`];
    return [mask ?? "", [t("{n, plural, one {# letter.} other {# letters.}}", { n: [...(mask ?? "")].filter((c) => /[\p{L}\p{N}_]/u.test(c)).length }), draws, kind, where].filter(Boolean).join(" ")];
  }
  if (phase === "reveal") return [t("The word was {word}", { word }), where];
  return [t("Waiting for somebody to come back"), where];
}

/** Head, sheet, tools, people and chat: built once a game, and brought up to date from the room. */
function table(room) {
  sheet = newSheet();
  const headline = el("h1", { class: "headline", tabindex: "-1" });
  const detail = el("p", { class: "detail muted" });
  const clocks = el("div", { class: "clocks" }, CLOCKS.map((name) => countdown(room, name, { hurry_s: 10 })), countdown(room, "drawer_away", { label: t("away:") }));
  const skip = el("button", { type: "button", class: "skip", onclick: () => attempt(room.send("skip")) }, t("Skip this turn"));
  const words = el("div", { class: "words" });
  const tools = pen(room, sheet, () => isMyTurn(room));
  const people = el("div", { class: "people" });
  const chat = room.seat.role === "screen" ? null : chatBox(room, { title: t("Guesses and chat"), field: t("Guess, or chat"), nothing: t("Guesses appear here.") });
  const head = el("div", { class: "head" }, headline, el("div", { class: "row nowrap" }, clocks, skip), detail);
  const node = el("div", { class: "table" }, head, el("div", { class: "easel" }, sheet.node, words), tools, el("div", { class: "side" }, people, chat));
  let told = "";

  const update = () => {
    const { phase } = room.info;
    const draws = room.state.drawer === room.seat.id;
    const [text, below] = status(room);
    const isMasked = phase === "drawing" && !room.mine?.word;
    if (headline.textContent !== text) headline.textContent = text;
    headline.classList.toggle("masked", isMasked);
    headline.style.setProperty("--letters", String(isMasked ? [...text].length : 1));
    if (isMasked) headline.setAttribute("aria-label", t("The word: {letters}", { letters: [...text].map((c) => (c === "_" ? t("blank") : c)).join(" ") }));
    else headline.removeAttribute("aria-label");
    if (detail.textContent !== below) detail.textContent = below;
    node.dataset.phase = phase;
    node.classList.toggle("mine", draws && (phase === "choosing" || phase === "drawing"));
    tools.hidden = !isMyTurn(room);
    skip.hidden = !room.mayHost || isMyTurn(room); // who draws gives up
    sheet.show(room.state.strokes ?? []);
    drawWords(room, words);
    drawPeople(room, people);
    if (`${phase} ${text}` !== told) announce(`${headline.getAttribute("aria-label") ?? text}. ${below}`);
    told = `${phase} ${text}`;
  };
  return { node, update };
}

/** Shown on the sheet before anything is drawn: the words to choose from, or who chooses. */
function drawWords(room, words) {
  const isChosen = room.info.phase !== "choosing";
  const choices = isChosen ? [] : (room.mine?.choices ?? []);
  const drawer = isChosen || choices.length ? null : room.seats.get(room.state.drawer);
  const now = JSON.stringify([choices, drawer?.id, drawer?.profile, drawer && seatColor(drawer)]);
  words.hidden = !choices.length && !drawer;
  if (words.dataset.shown === now) return;
  words.dataset.shown = now;
  fill(words, choices.map((word, index) => el("button", { class: "primary big", type: "button", "data-key": word, onclick: () => attempt(room.send("choose", { index })) }, word)), drawer ? el("div", { class: ["drawer", seatColor(drawer)], "aria-hidden": "true" }, avatar(drawer)) : null);
}

function drawPeople(room, people) {
  const { scores = {}, guessed = {}, gained = {}, drawer } = room.state;
  const players = playersOf(room);
  players.sort((a, b) => (scores[b.id] ?? 0) - (scores[a.id] ?? 0) || a.number - b.number);
  const rows = players.map((seat) => {
    const mark = { [drawer]: t("draws") }[seat.id] ?? (Object.hasOwn(guessed, seat.id) ? t("knows it") : null);
    return { seat, points: scores[seat.id] ?? 0, notes: [seat.id === room.seat.id && t("you"), seat.host && t("host"), !seat.online && t("away"), mark, gained[seat.id] && `+${gained[seat.id]}`].filter(Boolean).join(", ") };
  });
  const now = JSON.stringify(rows.map(({ seat, points, notes }) => [seat.id, seat.name, seat.profile, seatColor(seat), points, notes]));
  if (people.dataset.shown === now) return;
  people.dataset.shown = now;
  fill(people, fitList(rows.map(({ seat, points, notes }) => el(
    "li",
    { class: [seatColor(seat), seat.id === room.seat.id && "me", Object.hasOwn(guessed, seat.id) && "knows"], "data-seat": seat.id, "data-keep": seat.id === room.seat.id ? "" : null },
    avatar(seat),
    el("bdi", { class: "name" }, seat.name),
    el("span", { class: "note" }, notes),
    el("span", { class: "points" }, String(points), el("span", { class: "visually-hidden" }, " ", t("{n, plural, one {point} other {points}}", { n: points }))),
  )), { label: t("Players") }));
}

const before = (room) => ({ more: (own ??= ownWords(room)) });

const { room } = await play({
  phone: table,
  at: ({ info: { status: now } }) => (now === "playing" ? "table" : now),
  lobby: before,
  ending: (now) => ({ entries: standing(now), ...before(now) }),
  grow: false,
  ticks: ({ seat }) => (seat.role === "screen" ? ["end_turn"] : []),
  mount,
  connection: { binary: true }, // points travel as bytes
});
room.on("line", ({ colour, width, points }) => sheet.add(strokeOf(colour, width, decode(points))));

// What is heard

const heard = () => ({ phase: room.info.phase, word: room.mine?.word ?? null, guessed: Object.keys(room.state.guessed ?? {}).length });
let last = heard();

render(room, () => {
  const now = heard();
  const mine = room.state.drawer === room.seat.id;
  if (now.phase !== last.phase && now.phase === "choosing" && mine) cue("turn");
  if (now.phase !== last.phase && now.phase === "reveal") cue("reveal");
  if (now.phase === "drawing" && now.word && !last.word && !mine) cue("right");
  else if (now.guessed > last.guessed && (mine || room.seat.role === "screen")) cue("ready");
  last = now;
});
