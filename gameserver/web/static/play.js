/*
 * The page of a game that brings none. It plays any game that says its moves: whose turn it is, a button for each move,
 * pickers for what a move leaves open, and the documents as tables; other games by a form for each message. On a shared
 * screen it shows what all may see, large. What is for developers alone stands closed at the end. Parts are in play/.
 */

import { chatBox, el, enter, fill, render, shareCard } from "./page.js";
import { cues } from "./kit/cues.js";
import { developer } from "./play/developer.js";
import { messages } from "./play/messages.js";
import { moves } from "./play/moves.js";
import { people } from "./play/people.js";
import { documents } from "./play/tables.js";
import { head } from "./play/turn.js";

const mount = document.querySelector("main");
const { room, about } = await enter({ mount });
const isScreen = room.seat.role === "screen";
cues(room);

/** The code and how to come in: large on a screen before the game, else folded. */
function invitation() {
  const wide = matchMedia("(min-width: 60rem)").matches;
  const card = el("details", { class: "card invitation" }, el("summary", {}, "Invite"), shareCard(room));
  let before = null;
  render(room, () => {
    const { status } = room.info;
    if (status !== before) card.open = status === "lobby" && (wide || isScreen);
    before = status;
  }, ["$info", "$joined"]);
  return card;
}

/** Folded; what others write meanwhile is counted beside it. */
function chat() {
  const unread = el("span", { class: "badge", hidden: true });
  const box = el("details", { class: "card" }, el("summary", {}, "Chat ", unread), chatBox(room));
  let missed = 0;
  const look = () => {
    if (box.open) missed = 0;
    unread.hidden = missed === 0;
    unread.textContent = `${missed} new`;
  };
  box.addEventListener("toggle", look);
  room.on("$chat", (line) => {
    if (line?.from && line.from.seat !== room.seat.id) missed += 1;
    look();
  });
  return box;
}

fill(
  mount,
  el("h1", { class: "visually-hidden" }, `${about.title}, room ${room.code}`),
  el(
    "div",
    { class: "grid two" },
    el("div", { class: "stack" }, head(room, about), isScreen ? invitation() : moves(room, about), documents(room), isScreen ? null : messages(room, about)),
    el("div", { class: "stack" }, people(room, about), isScreen ? null : invitation(), chat(), isScreen ? null : developer(room)),
  ),
);
