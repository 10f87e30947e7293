/*
 * The page of a game that brings none, made of the kit. It plays any game that says its moves: whose turn it is, a button for
 * each move, pickers for what a move leaves open, a card for each question, and the documents as tables; other games by a
 * form for each message. On a shared screen it shows what all may see, large, and never scrolls. What is for developers
 * alone stands closed at the end. Parts are in play/.
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

/** For whoever takes part: all of it, the next thing to do first. */
function table(room, about) {
  return el(
    "div",
    { class: "scene grid two" },
    el("div", { class: "stack" }, head(room, about), questions(room, about), moves(room, about), documents(room), messages(room, about)),
    el("div", { class: "stack" }, people(room, about), developer(room)),
  );
}

/** For whoever looks on: what all may see. */
function watched(room, about) {
  if (!WATCHES.includes(room.seat.role)) return table(room, about); // such as a host who does not play
  return el("div", { class: "scene watched" }, el("div", { class: "stack" }, head(room, about), documents(room)), el("div", { class: "stack" }, people(room, about), questions(room, about)));
}

/** Before the game: what may be said to it, for games that listen by then. */
function lobby(room, about) {
  return { more: WATCHES.includes(room.seat.role) ? null : [messages(room, about), developer(room)] };
}

/** Places on the podium; whatever else the game says of its end below it, and the last state, folded. */
function ending(room, about) {
  const { ranking, scores, winner, ...more } = room.info.result ?? {};
  const entries = resultEntries(room);
  if (winner !== undefined && !entries?.some(({ seat }) => seat === winner)) more.winner = winner;
  const told = Object.keys(more).length ? el("section", { class: "card result", "aria-label": said(about.title) }, fields(room, more, "result", 0)) : null;
  const last = WATCHES.includes(room.seat.role) ? null : el("details", { class: "card" }, el("summary", {}, t("How it stood")), documents(room));
  return { entries, title: resultText(room, entries), more: [told, last, last ? developer(room) : null] };
}

await play({ phone: table, tv: watched, ending, lobby, whole: false, at: ({ info: { status } }) => status });
