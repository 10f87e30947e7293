/*
 * The page of a game that brings none, made of the kit. For a game that lists its moves it shows whose turn it is, a
 * button for each move, pickers for what a move leaves open, a card for each question, and the documents as tables; for
 * other games a form for each message. On a shared screen it shows what all may see, large, and never scrolls. A part
 * for developers is at the end, closed. The parts are in play/.
 */

import { el, play, resultEntries, resultText, said, t } from "./kit/kit.js";
import { developer } from "./play/developer.js";
import { messages } from "./play/messages.js";
import { moves } from "./play/moves.js";
import { people } from "./play/people.js";
import { questions } from "./play/questions.js";
import { documents, fields } from "./play/tables.js";
import { head } from "./play/turn.js";

const WATCHES = ["screen", "spectator"];

/** For players: everything, the next thing to do first. */
function table(room, about) {
  return el(
    "div",
    { class: "scene grid two" },
    el("div", { class: "stack" }, head(room, about), questions(room, about), moves(room, about), documents(room), messages(room, about)),
    el("div", { class: "stack" }, people(room, about), developer(room)),
  );
}

/** For spectators and screens: what all may see. */
function watched(room, about) {
  if (!WATCHES.includes(room.seat.role)) return table(room, about); // such as a host who does not play
  return el("div", { class: "scene watched" }, el("div", { class: "stack" }, head(room, about), documents(room)), el("div", { class: "stack" }, people(room, about), questions(room, about)));
}

/** Before the game: its messages, for games that take some already in the lobby. */
function lobby(room, about) {
  return { more: WATCHES.includes(room.seat.role) ? null : [messages(room, about), developer(room)] };
}

/** The end: places on the podium; below it whatever else is in the game's result, and the last state, folded. */
function ending(room, about) {
  const { ranking, scores, winner, ...more } = room.info.result ?? {};
  const entries = resultEntries(room);
  if (winner !== undefined && !entries?.some(({ seat }) => seat === winner)) more.winner = winner;
  const told = Object.keys(more).length ? el("section", { class: "card result", "aria-label": said(about.title) }, fields(room, more, "result", 0)) : null;
  const last = WATCHES.includes(room.seat.role) ? null : el("details", { class: "card" }, el("summary", {}, t("How it stood")), documents(room));
  return { entries, title: resultText(room, entries), more: [told, last, last ? developer(room) : null] };
}

await play({ phone: table, tv: watched, ending, lobby, whole: false, at: ({ info: { status } }) => status });
