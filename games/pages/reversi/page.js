/* The page of reversi: the board, on which a move is a press; all else is what pages of games with turns share. */

import { attempt, chatBox, el, enter, render, shareCard } from "../../static/page.js";
import { cues } from "../../static/kit/cues.js";
import { people } from "../../static/play/people.js";
import { head } from "../../static/play/turn.js";

const COLOURS = ["black", "white"]; // by seat number
const ARROWS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8 };

const mount = document.querySelector("main");
const said = document.querySelector("#said");
const { room, about } = await enter({ mount });

const placeOf = (cell) => "abcdefgh"[cell % 8] + (Math.floor(cell / 8) + 1);
const cells = Array.from({ length: 64 }, (_, cell) => el("button", { type: "button", class: "cell", "data-key": `cell-${cell}`, onclick: () => place(cell) }));
const board = el("div", { class: "board", role: "group", "aria-label": "Board", onkeydown: walk }, cells);
const counts = [0, 1].map((number) => ({ who: el("span", { class: "who", dir: "auto" }), number: el("span", { class: "number" }), disc: el("span", { class: ["disc", `disc-${number}`], role: "img", "aria-label": COLOURS[number] }) }));
const undo = el("button", { type: "button", onclick: () => attempt(room.undo()) }, "Take back");
const invite = el("section", { class: "card", "aria-label": "Invite a friend" }, shareCard(room));
const chat = el("details", { class: "card" }, el("summary", {}, "Chat"), chatBox(room));

mount.append(
  el("h1", { class: "visually-hidden" }, about.title),
  el(
    "div",
    { class: "table" },
    el("div", { class: "board-side" }, el("div", { class: "counts" }, counts.map(({ who, number, disc }) => el("span", { class: "count" }, disc, number, who))), board, undo),
    el("div", { class: "stack" }, head(room, about), invite, people(room, about), chat),
  ),
);

let pending = false;

function moveTo(cell) {
  return pending ? undefined : room.moves.find((move) => move.type === "place" && move.data.cell === cell);
}

async function place(cell) {
  const move = moveTo(cell);
  if (!move) return;
  pending = true;
  draw();
  await attempt(room.play(move));
  pending = false;
  draw();
}

/** The arrow keys go about the board as well as Tab does. */
function walk(event) {
  const step = ARROWS[event.key];
  const at = cells.findIndex((cell) => cell === document.activeElement);
  if (!step || at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  /** @type {HTMLElement} */ (cells[(at + step + 64) % 64]).focus();
}

let before = null;

function draw() {
  const owners = room.state.cells ?? Array(64).fill(null);
  owners.forEach((owner, cell) => {
    const button = cells[cell];
    const mine = owner === null && moveTo(cell) !== undefined;
    if (before?.[cell] !== owner) {
      if (owner === null) button.replaceChildren();
      else if (button.firstElementChild) button.firstElementChild.className = `disc disc-${owner}`;
      else button.append(el("span", { class: `disc disc-${owner}` }));
    }
    button.classList.toggle("last", room.state.last === cell);
    button.setAttribute("aria-disabled", String(!mine));
    button.setAttribute("aria-label", `${placeOf(cell)}: ${owner === null ? (mine ? "place a disc" : "empty") : COLOURS[owner]}`);
  });
  counts.forEach(({ who, number }, owner) => {
    const seat = [...room.seats.values()].find((each) => each.number === owner && !each.gone);
    who.textContent = seat?.name ?? "…";
    number.textContent = String(owners.filter((each) => each === owner).length);
  });
  undo.hidden = !room.mayUndo;
  invite.hidden = room.info.status !== "lobby";
  chat.hidden = room.seat.role === "screen"; // nobody writes at a TV
  if (before && room.state.last !== null && room.state.last !== undefined && before[room.state.last] === null) {
    const turned = owners.filter((owner, cell) => before[cell] !== null && before[cell] !== owner).length;
    said.textContent = `${COLOURS[owners[room.state.last]]} ${placeOf(room.state.last)}, ${turned} turned.`;
  }
  before = [...owners];
}

cues(room);
render(room, draw);
