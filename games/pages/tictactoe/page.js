/*
 * The page of tic-tac-toe. It is built once, and `draw` brings it up to date from the room: what is on the board,
 * whose turn it is and how it ended stand in `room.state` and `room.info`, and nothing is remembered beside them but
 * what the eye and the ear have had already.
 */

import { attempt, el, enter, leftMs, render, shareCard, startButton } from "../../static/page.js";
import { cues } from "../../static/kit/cues.js";

const MARKS = ["X", "O"]; // by seat number
const PLACES = ["top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MOVE_MS = 30_000; // the game's MOVE_S, for a full ring
const HURRY_MS = 5_500;
const RING = 2 * Math.PI * 46;

const mount = document.querySelector("main");
const said = document.querySelector("#said");
const { room } = await enter({ mount });

// Parts

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** An X or an O, drawn with a pen. */
function mark(number) {
  const strokes =
    number === 0
      ? [svg("path", { d: "M25 25 L75 75", pathLength: 1 }), svg("path", { d: "M75 25 L25 75", pathLength: 1 })]
      : [svg("circle", { cx: 50, cy: 50, r: 28, pathLength: 1, transform: "rotate(-90 50 50)" })];
  return svg("svg", { class: `mark mark-${number}`, viewBox: "0 0 100 100", "aria-hidden": "true", focusable: "false" }, ...strokes);
}

/** One of the two: face with the ring of seconds around it, name, mark. */
function playerCard(number) {
  const arc = svg("circle", { class: "arc", cx: 50, cy: 50, r: 46, "stroke-dasharray": RING, transform: "rotate(-90 50 50)" });
  const ring = svg("svg", { class: "ring", viewBox: "0 0 100 100", "aria-hidden": "true" }, svg("circle", { class: "track", cx: 50, cy: 50, r: 46 }), arc);
  const name = el("span", { class: "name" });
  const note = el("span", { class: "note" });
  const seconds = el("span", { class: "seconds", "aria-hidden": "true" });
  const face = el("span", { class: "face" }, ring, mark(number));
  const node = el("div", { class: ["player", `player-${number}`] }, face, el("span", { class: "words" }, name, el("span", { class: "under" }, seconds, note)));
  return { node, name, note, seconds, arc };
}

function cellButton(cell) {
  const button = el("button", { type: "button", class: "cell", "data-key": `cell-${cell}`, onclick: () => play(cell) });
  return { button, shown: null };
}

const players = [playerCard(0), playerCard(1)];
const cells = PLACES.map((_, cell) => cellButton(cell));
const line = svg("svg", { class: "line", viewBox: "0 0 300 300", "aria-hidden": "true" });
const board = el("div", { class: "board", role: "group", "aria-label": "Board", onkeydown: walk }, cells.map(({ button }) => button), line);
const headline = el("h1", { class: "headline" });
const detail = el("p", { class: "detail muted" });
const foot = el("div", { class: "foot" }, startButton(room, { min: 2 }));
const alone = el("a", { class: "button primary big", href: location.pathname }, "New room");
const waiting = el("section", { class: "card waiting", "aria-label": "Invite a friend" }, shareCard(room));
foot.append(alone);
mount.append(
  el("div", { class: "table" }, players[0].node, el("div", { class: "head" }, headline, detail), waiting, board, foot, players[1].node),
);

// Moves

let pending = null; // the cell that was asked for and is not on the board yet

async function play(cell) {
  if (!mayPlay(cell)) return;
  pending = cell;
  draw();
  await attempt(room.send("play", { cell }));
  pending = null;
  draw();
}

function mayPlay(cell) {
  return isMyTurn() && pending === null && room.state.cells[cell] === null;
}

function isMyTurn() {
  return room.info.status === "playing" && room.state.turn === room.seat.number;
}

/** The arrow keys go about the board as well as Tab does. */
function walk(event) {
  const step = ARROWS[event.key];
  const at = cells.findIndex(({ button }) => button === document.activeElement);
  if (!step || at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const column = ((at % 3) + step[0] + 3) % 3;
  const row = (Math.floor(at / 3) + step[1] + 3) % 3;
  cells[row * 3 + column].button.focus();
}

// Words

const names = ["X", "O"]; // also of who has left meanwhile

function seatOf(number) {
  return [...room.seats.values()].find((seat) => seat.number === number && !seat.gone);
}

function isMe(number) {
  return number === room.seat.number;
}

/** What stands above the board, and the line below it. */
function status() {
  const { status, result } = room.info;
  if (status === "lobby") return ["Invite a friend", "Let a friend scan this, or tell them the code."];
  if (status === "playing") {
    const { turn } = room.state;
    const away = seatOf(turn)?.online === false;
    if (isMe(turn)) return ["Your turn", `You play ${MARKS[turn]}.`];
    return [`${names[turn]}’s turn`, away ? "Away at the moment. The clock runs on." : `You play ${MARKS[1 - turn]}.`];
  }
  const winner = result?.winner ?? null;
  if (winner === null) return ["A draw", "Nobody has three in a row."];
  const loser = names[1 - winner];
  const how = !result.forfeit ? "Three in a row." : seatOf(1 - winner) ? `${isMe(1 - winner) ? "You" : loser} ran out of time.` : `${loser} has left.`;
  return [isMe(winner) ? "You win!" : `${names[winner]} wins`, how];
}

let heardCells = null;
let heard = "";

/** Tell those who do not see: what was played, and whose turn it is or how it ended. */
function tell(text) {
  const now = room.state.cells ?? [];
  const news = now.map((owner, cell) => (heardCells && owner !== null && heardCells[cell] === null ? `${MARKS[owner]} ${PLACES[cell]}.` : ""));
  const moves = news.filter(Boolean);
  heardCells = [...now];
  if (text === heard && !moves.length) return; // a step comes in several messages, and is told once
  heard = text;
  said.textContent = [...moves, text].join(" ");
}

// Drawing

const title = document.title;

function draw() {
  const { status: stage, result } = room.info;
  const { turn = null, cells: owners = Array(9).fill(null), line: three } = room.state;
  const over = stage === "over";
  for (const number of [0, 1]) drawPlayer(number, stage === "playing" && turn === number, over && result?.winner === number);
  const [head, below] = status();
  headline.textContent = head;
  detail.textContent = below;
  mount.dataset.stage = stage;
  mount.dataset.mine = String(isMyTurn());
  mount.dataset.outcome = !over ? "" : (result?.winner ?? null) === null ? "draw" : isMe(result.winner) ? "won" : "lost";
  waiting.hidden = stage !== "lobby";
  board.hidden = stage === "lobby";
  alone.hidden = !(over && [0, 1].some((number) => !seatOf(number)));
  foot.firstElementChild.classList.toggle("unneeded", !alone.hidden || stage === "lobby");
  owners.forEach((owner, cell) => drawCell(cell, owner, over, three));
  drawLine(three);
  document.title = isMyTurn() ? `Your turn · ${title}` : title;
  drawClock();
  tell(`${head}. ${below}`);
}

function drawPlayer(number, active, winner) {
  const seat = seatOf(number);
  const card = players[number];
  if (seat) names[number] = seat.name;
  card.name.textContent = seat?.name ?? (room.info.status === "lobby" ? "…" : names[number]);
  const notes = [isMe(number) && "you", seat && !seat.online && "away", !seat && room.info.status === "over" && "gone"];
  card.note.textContent = notes.filter(Boolean).join(", ");
  card.node.classList.toggle("active", active);
  card.node.classList.toggle("winner", winner);
  card.node.classList.toggle("away", !seat?.online);
}

function drawCell(cell, owner, over, three) {
  const each = cells[cell];
  const { button } = each;
  const ghost = owner === null && pending === cell;
  const shown = ghost ? room.seat.number : owner;
  if (shown !== each.shown) button.replaceChildren(...(shown === null ? [] : [mark(shown)]));
  each.shown = shown;
  button.classList.toggle("ghost", ghost);
  button.classList.toggle("won", Boolean(three?.includes(cell)));
  button.classList.toggle("faded", over && !three?.includes(cell));
  button.setAttribute("aria-disabled", String(!mayPlay(cell)));
  const what = shown === null ? "empty" : `${MARKS[shown]}${three?.includes(cell) ? ", in the winning line" : ""}`;
  button.setAttribute("aria-label", `${PLACES[cell]}: ${what}`);
}

function drawLine(three) {
  const key = three ? three.join() : "";
  if (line.dataset.key === key) return;
  line.dataset.key = key;
  line.replaceChildren();
  if (!three) return;
  const [[x1, y1], [x2, y2]] = [three[0], three[2]].map((cell) => [(cell % 3) * 100 + 50, Math.floor(cell / 3) * 100 + 50]);
  const [dx, dy] = [Math.sign(x2 - x1) * 36, Math.sign(y2 - y1) * 36]; // beyond the middles of its ends
  line.append(svg("path", { d: `M${x1 - dx} ${y1 - dy} L${x2 + dx} ${y2 + dy}`, pathLength: 1 }));
}

/** The ring of whoever's turn it is, by the server's clock. */
function drawClock() {
  const left_ms = leftMs(room, "forfeit");
  players.forEach(({ node, arc, seconds }, number) => {
    const runs = left_ms !== null && room.info.status === "playing" && room.state.turn === number;
    const part = runs ? Math.min(1, left_ms / MOVE_MS) : 0;
    arc.setAttribute("stroke-dashoffset", String(RING * (1 - part)));
    seconds.textContent = runs ? String(Math.ceil(left_ms / 1000)) : node.classList.contains("winner") ? "★" : "";
    node.classList.toggle("hurry", runs && left_ms < HURRY_MS);
  });
}

cues(room);
render(room, draw);
setInterval(drawClock, 100);
