/*
 * The page of tic-tac-toe, for the two who play, whoever watches, and a shared screen (?role=screen). What is on the board,
 * whose turn it is and how it ended stand in `room.state` and `room.info`; besides them the page remembers only what it
 * has shown and announced already.
 */

import { announce, attempt, boardGrid, cue, duel, el, entriesOf, heading, play, playersOf, ranked, ring, startButton, waitingLine } from "../../static/kit/kit.js";
import { mark, winningLine } from "./marks.js";
import { MARKS, PLACES, TEXT } from "./text.js";

const MOVE_S = 30; // the game's, for a full ring
const NOTHING = Array(9).fill(null);

const names = [...MARKS]; // by number of the seat, also of who has left meanwhile
const seatOf = (room, number) => playersOf(room).find((seat) => seat.number === number);
const isMe = (room, number) => room.seat.role === "player" && number === room.seat.number;
const isMyTurn = (room) => room.info.status === "playing" && isMe(room, room.state.turn);

/** What stands above the board, and the line below it. */
function status(room) {
  const { result } = room.info;
  if (room.info.status === "playing") {
    const { turn = 0 } = room.state;
    if (isMe(room, turn)) return [TEXT.yourTurn, TEXT.youPlay(MARKS[turn])];
    const below = seatOf(room, turn)?.online === false ? TEXT.away : isMe(room, 1 - turn) ? TEXT.youPlay(MARKS[1 - turn]) : TEXT.plays(names[turn], MARKS[turn]);
    return [TEXT.turnOf(names[turn]), below];
  }
  const winner = result?.winner ?? null;
  if (winner === null) return [TEXT.draw, TEXT.nobody];
  const loser = 1 - winner;
  const late = isMe(room, loser) ? TEXT.youAreLate : TEXT.late(names[loser]);
  const how = !result.forfeit ? TEXT.line : seatOf(room, loser) ? late : TEXT.left(names[loser]);
  return [isMe(room, winner) ? TEXT.youWin : TEXT.wins(names[winner]), how];
}

/** Who has won how often in this room, once a round is over. */
function standing(room) {
  const { status: now, result } = room.info;
  if (now !== "over" || (result?.winner ?? null) === null) return null;
  const last = seatOf(room, result.winner);
  const wins = room.state.wins ?? (last ? { [last.id]: 1 } : {});
  return ranked(entriesOf(wins).filter(({ seat }) => room.seats.has(seat)));
}

function table(room, about) {
  const plays = room.seat.role === "player";
  const title = document.title;
  const headline = heading("");
  const detail = el("p", { class: "detail muted" });
  const alone = el("a", { class: "button", href: location.pathname }, TEXT.newRoom);
  const start = startButton(room, { min: about.min_players });
  const line = winningLine();
  const faces = NOTHING.map(() => ({ owner: null, node: null }));
  let pending = null; // the cell that was asked for and is not on the board yet
  let before = null; // what was announced last
  let said = "";
  let wasMine = isMyTurn(room);

  const mayPlay = (cell) => isMyTurn(room) && pending === null && (room.state.cells ?? NOTHING)[cell] === null;
  const press = async (row, column) => {
    const cell = row * 3 + column;
    if (!mayPlay(cell)) return;
    pending = cell;
    update();
    await attempt(room.send("play", { cell }));
    pending = null;
    update();
  };
  /** A mark is drawn once, and stays. */
  const faceOf = (cell, owner) => {
    if (faces[cell].owner !== owner) faces[cell] = { owner, node: owner === null ? null : mark(owner) };
    return faces[cell].node ?? "";
  };
  const square = (row, column) => {
    const cell = row * 3 + column;
    const owner = (room.state.cells ?? NOTHING)[cell];
    const three = room.state.line ?? null;
    const ghost = owner === null && pending === cell;
    const shown = ghost ? room.seat.number : owner;
    const won = Boolean(three?.includes(cell));
    const name = shown === null ? TEXT.empty(PLACES[cell]) : (won ? TEXT.inLine : TEXT.taken)(PLACES[cell], MARKS[shown]);
    return { name, face: faceOf(cell, shown), may: mayPlay(cell), class: [ghost && "ghost", won && "won", room.info.status === "over" && !won && "faded"] };
  };
  const board = boardGrid({ rows: 3, columns: 3, label: TEXT.board, square, press: plays ? press : undefined });
  board.node.append(line.node);

  const side = (number) => {
    const seat = seatOf(room, number);
    if (seat) names[number] = seat.name;
    const { me, away, gone } = TEXT.notes;
    const wins = room.state.wins?.[seat?.id] ?? 0;
    const notes = [isMe(room, number) && me, seat && !seat.online && away, !seat && gone, wins > 0 && TEXT.won(wins)];
    return { seat, name: names[number], note: notes.filter(Boolean).join(", "), active: room.info.status === "playing" && room.state.turn === number };
  };
  const parts = duel(room, {
    head: [el("div", { class: "words" }, headline, detail), ring(room, "forfeit", MOVE_S)],
    board: board.node,
    foot: [start, alone, waitingLine(room, about)],
    marks: [mark(0), mark(1)],
    side,
    end: () => standing(room),
    caption: TEXT.standing,
  });

  /** Tell screen readers what was played, and whose turn it is or how it ended. */
  const tell = (text) => {
    const now = room.state.cells ?? NOTHING;
    const moves = now.map((owner, cell) => (before && owner !== null && before[cell] === null ? TEXT.played(PLACES[cell], MARKS[owner]) : "")).filter(Boolean);
    before = [...now];
    if (text === said && !moves.length) return; // a step comes in several messages, and is told once
    said = text;
    announce([...moves, text].join(" "));
  };

  const update = () => {
    parts.update();
    const [head, below] = status(room);
    if (headline.textContent !== head) headline.textContent = head;
    if (detail.textContent !== below) detail.textContent = below;
    board.draw();
    line.show(room.state.line ?? null);
    const isLeft = room.info.status === "over" && [0, 1].some((number) => !seatOf(room, number));
    alone.hidden = !(plays && isLeft);
    const mine = isMyTurn(room);
    document.title = mine ? `${TEXT.yourTurn} · ${title}` : title;
    if (mine && !wasMine) cue("turn");
    wasMine = mine;
    tell(`${head}. ${below}`);
  };
  return { node: parts.node, update };
}

play({
  phone: table,
  at: ({ info }) => (info.status === "lobby" ? "lobby" : "table"),
  lobby: () => ({ title: () => TEXT.invite, text: () => TEXT.scan }),
  ticks: ["forfeit"],
});
