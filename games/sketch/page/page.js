/*
 * The page of Sketch. It is built once, and `draw` brings it up to date from the room: what the documents hold, and which
 * messages there are, is told in game.py. Guesses are lines of the chat, which the game looks at.
 */

import { announce, attempt, chatBox, countdown, el, enter, fill, render, shareCard, startButton } from "../../static/page.js";
import { pen } from "./pen.js";
import { decode } from "./points.js";
import { Sheet } from "./sheet.js";

const CLOCKS = ["choose_for_drawer", "end_turn", "next_turn"];

const mount = document.querySelector("main");
const { room, about } = await enter({ mount, connection: { binary: true } }); // points travel as bytes

// Parts

const sheet = new Sheet();
const headline = el("h1", { class: "headline" });
const detail = el("p", { class: "detail muted" });
const clocks = el("div", {}, CLOCKS.map((name) => countdown(room, name, { hurry_s: 10 })), countdown(room, "drawer_away", { label: "away:" }));
const words = el("div", { class: "words" });
const tools = pen(room, sheet, isMyTurn);
const people = el("ul", { class: "people", "aria-label": "Players" });
const waiting = el("section", { class: "card stack", "aria-label": "Invite others" }, shareCard(room));
const start = startButton(room, { min: about.min_players });
const skip = el("button", { type: "button", onclick: () => attempt(room.send("skip")) }, "Skip this turn");
const chat = chatBox(room, { title: "Guesses and chat" });

mount.append(
  el(
    "div",
    { class: "table" },
    el("div", { class: "board stack tight" }, el("div", { class: "head" }, headline, clocks, detail), waiting, words, sheet.node, tools, start, skip),
    el("div", { class: "side" }, people, chat),
  ),
);

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

/** The headline and what stands below it. */
function status() {
  const { phase, result } = room.info;
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
    const best = (result?.ranked ?? []).filter(([rank]) => rank === 1).map(([, seat, name]) => (seat === room.seat.id ? "You" : name));
    return [best.length === 1 && best[0] === "You" ? "You win!" : `${best.join(" and ") || "Nobody"} ${best.length > 1 ? "win" : "wins"}`, "The host may start again."];
  }
  return ["Who comes along?", "Let others scan this, or tell them the code."];
}

// Drawing

let told = "";

function draw() {
  const { phase, status: stage } = room.info;
  const [head, below] = status();
  const isMasked = phase === "drawing" && !room.mine?.word;
  headline.textContent = head;
  headline.classList.toggle("masked", isMasked);
  if (isMasked) headline.setAttribute("aria-label", `The word: ${[...head].map((c) => (c === "_" ? "blank" : c)).join(" ")}`);
  else headline.removeAttribute("aria-label");
  detail.textContent = below;
  waiting.hidden = stage !== "lobby";
  sheet.node.hidden = stage !== "playing";
  tools.hidden = !isMyTurn();
  mount.classList.toggle("drawing-now", isMyTurn());
  skip.hidden = stage !== "playing" || !room.mayHost;
  sheet.show(room.state.strokes ?? []);
  drawWords();
  drawPeople();
  if (`${phase} ${head}` !== told) announce(`${headline.getAttribute("aria-label") ?? head}. ${below}`);
  told = `${phase} ${head}`;
}

function drawWords() {
  const choices = room.info.phase === "choosing" ? (room.mine?.choices ?? []) : [];
  words.hidden = !choices.length;
  fill(words, choices.map((word, index) => el("button", { class: "primary big", type: "button", "data-key": word, onclick: () => attempt(room.send("choose", { index })) }, word)));
}

function drawPeople() {
  const { scores = {}, guessed = {}, gained = {}, drawer } = room.state;
  const players = [...room.seats.values()].filter((seat) => seat.role === "player" && !seat.gone);
  players.sort((a, b) => (scores[b.id] ?? 0) - (scores[a.id] ?? 0) || a.number - b.number);
  fill(people, players.map((seat) => {
    const mark = { [drawer]: "draws" }[seat.id] ?? (Object.hasOwn(guessed, seat.id) ? "knows it" : null);
    const notes = [seat.id === room.seat.id && "you", seat.host && "host", !seat.online && "away", mark, gained[seat.id] && `+${gained[seat.id]}`];
    return el(
      "li",
      { class: seat.id === room.seat.id && "me", "data-seat": seat.id },
      el("bdi", { class: "name" }, seat.name),
      el("span", { class: "note" }, notes.filter(Boolean).join(", ")),
      el("span", { class: "points" }, String(scores[seat.id] ?? 0), el("span", { class: "visually-hidden" }, " points")),
    );
  }));
}

room.on("line", ({ colour, width, points }) => sheet.add(colour, width, decode(points)));
render(room, draw);
