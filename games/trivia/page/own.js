/* Questions of one's own: the host writes or pastes them before the game, and nobody else sees them. */

import { el, render, said, t, toast, words } from "../../static/kit/kit.js";

const MOST_CHARS = 20_000; // the game's
const KEY = (room) => `gameserver.trivia.own.${room.code}`; // for this tab alone: the text can be corrected after a reload

/** A button for the host, before a game and after it; the others read how many questions there are. */
export function ownQuestions(room) {
  const count = el("p", { class: "muted" });
  const button = el("button", { type: "button", class: "own-questions", onclick: () => openQuestions(room) }, t("Own questions"));
  const node = el("div", { class: "row" }, button, count);
  render(room, () => {
    const { own = 0 } = room.state;
    button.hidden = !room.mayHost;
    count.hidden = !own;
    node.hidden = room.info.status === "playing" || (button.hidden && count.hidden);
    count.textContent = t("{n, plural, one {One question of our own} other {# questions of our own}}", { n: own });
  }, ["$change", "$info", "$seats", "$joined"]);
  return node;
}

/** Where a line begins and ends in a text; lines are counted from 1. @returns {[number, number]} */
function spotOf(text, line) {
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  return [start, start + (lines[line - 1]?.length ?? 0)];
}

function kept(room) {
  try {
    return sessionStorage.getItem(KEY(room)) ?? "";
  } catch {
    return "";
  }
}

function keep(room, text) {
  try {
    sessionStorage.setItem(KEY(room), text);
  } catch {
    // without storage they have to be typed again
  }
}

function openQuestions(room) {
  const error = el("p", { class: "error", role: "alert" });
  const area = el("textarea", { id: "own-questions", rows: "10", maxlength: String(MOST_CHARS), "aria-describedby": "own-hint", placeholder: t("Who broke the blue vase?\nAunt Erna\nUncle Karl\nThe cat\n\nWhen did Ann and Bob marry?\n1998") });
  area.value = kept(room);
  const only = el("input", { id: "own-only", type: "checkbox" });
  const save = async (event) => {
    event.preventDefault();
    error.textContent = "";
    area.removeAttribute("aria-invalid");
    keep(room, area.value);
    try {
      const many = await room.send("own_questions", { text: area.value, only: only.checked });
      toast(many ? t("{n, plural, one {# question is in the game.} other {# questions are in the game.}}", { n: many }) : t("Only the game’s own questions."));
      dialog.close();
    } catch (failed) {
      const line = Number(/\[(\d+)\]$/.exec(failed.path ?? "")?.[1] ?? 0);
      error.textContent = line ? t("Line {line}: {fault}", { line, fault: said(failed.message) }) : words(failed);
      area.setAttribute("aria-invalid", "true");
      area.focus();
      if (line) area.setSelectionRange(...spotOf(area.value, line));
    }
  };
  const dialog = el(
    "dialog",
    { "aria-label": t("Own questions") },
    el(
      "form",
      { class: "stack", onsubmit: save },
      el("h2", {}, t("Own questions")),
      el(
        "div",
        { class: "field" },
        el("label", { htmlFor: "own-questions" }, t("Each with its answers below it, the right one first")),
        area,
        el("p", { class: "hint", id: "own-hint" }, t("An empty line comes before the next. A single answer is typed by the players; it may be a number, or true or false. Nobody else sees them, and you are not asked them.")),
      ),
      el("div", { class: "field check" }, only, el("label", { htmlFor: "own-only" }, t("These questions alone"))),
      error,
      el("div", { class: "row" }, el("button", { type: "submit", class: "primary" }, t("Take them")), el("button", { type: "button", onclick: () => dialog.close() }, t("Cancel"))),
    ),
  );
  dialog.addEventListener("close", () => {
    keep(room, area.value);
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
}
