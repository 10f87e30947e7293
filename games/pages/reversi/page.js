/*
 * The page of reversi, for the two who play, whoever watches, and a shared screen (?role=screen): the board, on which a
 * move is a press, the clocks, and bots. Which moves there are the game says, in `room.moves`.
 */

import { announce, attempt, boardGrid, chatBox, clockCountdown, duel, el, heading, play, playersOf, standInButtons, startButton, turnCountdown, waitingLine } from "../../static/kit/kit.js";
import { TEXT } from "./text.js";

const SIZE = 8;
const NOTHING = Array(SIZE * SIZE).fill(null);

const placeOf = (cell) => "abcdefgh"[cell % SIZE] + (Math.floor(cell / SIZE) + 1);
const cellsOf = (room) => room.state.cells ?? NOTHING;
const discsOf = (room, number) => cellsOf(room).filter((owner) => owner === number).length;
const seatOf = (room, number) => playersOf(room).find((seat) => seat.number === number);
const isMe = (room, seat) => room.seat.role === "player" && seat === room.seat.id;

/** The places of the result, with the discs that each has on the board; null while it is played. */
function standing(room) {
  const { status, result } = room.info;
  if (status !== "over" || !result?.ranking) return null;
  const places = result.ranking.filter((seats) => seats.length);
  const rankOf = (at) => places.slice(0, at).flat().length + 1;
  return places.flatMap((seats, at) => seats.map((seat) => ({ seat, rank: rankOf(at), score: discsOf(room, room.seats.get(seat)?.number) })).filter(({ seat }) => room.seats.has(seat)));
}

/** How a round ended, and why, if the discs do not show that. */
function outcome(room) {
  const { ranking, timeout, left } = room.info.result ?? {};
  if (!ranking?.length) return [TEXT.ended, ""];
  const [best, ...rest] = ranking;
  const loser = rest.flat()[0];
  const why = loser === undefined ? "" : timeout ? TEXT.timeout(room.name(loser)) : left ? TEXT.left(room.name(loser)) : "";
  if (best.length !== 1) return [TEXT.draw, why];
  return [isMe(room, best[0]) ? TEXT.youWin : TEXT.wins(room.name(best[0])), why];
}

/** What stands above the board, and the line below it. */
function status(room) {
  if (room.info.status === "over") return outcome(room);
  const last = room.state.last ?? null;
  const current = room.turn?.current ?? null;
  const mover = last === null ? undefined : seatOf(room, cellsOf(room)[last]);
  const below = mover && isMe(room, mover.id) && room.isActive ? TEXT.passed : mover && !isMe(room, mover.id) ? TEXT.lastMove(mover.name, placeOf(last)) : room.me?.role === "player" ? TEXT.youPlay[room.seat.number] : TEXT.begin;
  return [room.isActive ? TEXT.yourTurn : TEXT.turnOf(current === null ? "…" : room.name(current)), below];
}

/** A button that opens the chat over the page, and what bots do; it is made once, so that it knows what was not read yet. */
function chatButton(room, about) {
  const name = room.seat.role === "player" ? TEXT.chatAndBots : TEXT.chat;
  const dialog = el("dialog", { "aria-label": name }, el("div", { class: "stack" }, chatBox(room), standInButtons(room, about), el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, TEXT.done)));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  const open = () => {
    if (!dialog.isConnected) document.body.append(dialog);
    dialog.showModal();
  };
  return el("button", { type: "button", onclick: open }, name);
}

function table(room, about) {
  const isTv = document.documentElement.classList.contains("tv");
  const plays = room.seat.role === "player";
  const title = document.title;
  const headline = heading("");
  const detail = el("p", { class: "detail muted" });
  const time = el("div", { class: "turn-time" }, turnCountdown(room, { hurry_s: 10 }));
  const undo = el("button", { type: "button", onclick: () => attempt(room.undo()) }, TEXT.undo);
  const standIns = el("div", {}, standInButtons(room, about)); // seen here while a bot plays for this player
  const discs = NOTHING.map(() => el("span", {}));
  let pending = false;
  let before = null;
  let turned = new Set();
  let said = "";

  const moveTo = (cell) => (pending ? undefined : room.moves.find((move) => move.type === "place" && move.data.cell === cell));
  const press = async (row, column) => {
    const move = moveTo(row * SIZE + column);
    if (!move) return;
    pending = true;
    update();
    await attempt(room.play(move));
    pending = false;
    update();
  };
  const square = (row, column) => {
    const cell = row * SIZE + column;
    const owner = cellsOf(room)[cell];
    const may = owner === null && moveTo(cell) !== undefined;
    if (owner !== null) discs[cell].className = ["disc", `disc-${owner}`, turned.has(cell) && "turned"].filter(Boolean).join(" ");
    const name = owner !== null ? TEXT.disc(placeOf(cell), TEXT.colours[owner]) : (may ? TEXT.may : TEXT.free)(placeOf(cell));
    return { name, face: owner === null ? "" : discs[cell], may, class: room.state.last === cell && "last" };
  };
  const board = boardGrid({ rows: SIZE, columns: SIZE, label: TEXT.board, square, press: plays ? press : undefined });

  const side = (number) => {
    const seat = seatOf(room, number);
    const { me, away, bot, standIn } = TEXT.notes;
    const notes = [seat && isMe(room, seat.id) && me, seat?.bot ? bot : seat && !seat.online && away, seat?.stand_in && standIn];
    return { seat, note: notes.filter(Boolean).join(", "), count: String(discsOf(room, number)), active: room.info.status === "playing" && Boolean(seat) && room.turn?.current === seat.id };
  };
  const parts = duel(room, {
    head: [el("div", { class: "words" }, headline, detail), time],
    board: board.node,
    foot: [undo, startButton(room, { min: about.min_players }), standIns, isTv ? null : chatButton(room, about), waitingLine(room, about)],
    marks: [0, 1].map((number) => el("span", { class: ["disc", `disc-${number}`], role: "img", "aria-label": TEXT.colours[number] })),
    clock: (seat) => clockCountdown(room, seat.id),
    side,
    end: () => standing(room),
    caption: TEXT.discs,
  });

  /** Find what has been placed and turned since the last time. → what to announce */
  const follow = () => {
    const now = cellsOf(room);
    const last = room.state.last ?? null;
    if (before !== null && now.some((owner, cell) => before[cell] !== owner)) turned = new Set(now.flatMap((owner, cell) => (before[cell] !== null && owner !== null && before[cell] !== owner ? [cell] : [])));
    const isNew = before !== null && last !== null && before[last] === null && now[last] !== null;
    before = [...now];
    return isNew ? TEXT.last(TEXT.colours[now[last]], placeOf(last), turned.size) : "";
  };

  const update = () => {
    const news = follow();
    const [head, below] = status(room);
    if (headline.textContent !== head) headline.textContent = head;
    if (detail.textContent !== below) detail.textContent = below;
    board.draw();
    parts.update();
    undo.hidden = !room.mayUndo;
    standIns.hidden = !room.me?.stand_in;
    time.hidden = Object.keys(room.turn?.clocks ?? {}).length > 0; // each has a clock then
    document.title = room.isActive ? `${TEXT.yourTurn} · ${title}` : title;
    if (news || head !== said) announce([news, head, below].filter(Boolean).join(". "));
    said = head;
  };
  return { node: parts.node, update };
}

play({
  phone: table,
  at: ({ info }) => (info.status === "lobby" ? "lobby" : "table"),
  lobby: () => ({ text: () => TEXT.rules }),
});
