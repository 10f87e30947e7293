/** A question with its choices, in colours that phones and TV share. */

import { el } from "../page/elements.js";
import { t } from "../page/language.js";

const SHAPES = "▲◆●■★✚";
const COLOURS = 8;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** What tells a choice apart: shapes and colours begin anew where they end, and no two of the first 24 have both alike. */
const markOf = (i) => ({ letter: LETTERS[i] ?? String(i + 1), shape: SHAPES[i % SHAPES.length], color: `color-${(i % COLOURS) + 1}` });

/**
 * A question card: → {node, show}. With `answer`, choices are buttons, and the keys 1 to 9 press the first nine; without
 * it, as on a TV, they are only shown. `show({chosen, right, locked, votes})` marks them: `chosen` and `right` are indexes
 * or null, `votes` has a number for each index.
 * @param {{ text: string, choices: string[], answer?: (index: number) => void, picture?: any, aside?: any, level?: "h1" | "h2" | "h3" }} question
 * `picture` stands above the text; `aside`, such as a ring, in the corner. The text is a heading, the scene's only one
 * unless `level` is another.
 */
export function questionCard({ text, choices, answer, picture, aside, level = "h1" }) {
  const face = (words, { letter, shape }) => [el("span", { class: "mark", "aria-hidden": "true" }, letter), el("span", { class: "words", dir: "auto" }, words), el("span", { class: "votes" }), el("span", { class: "shape", "aria-hidden": "true" }, shape)];
  let locked = false;
  const press = (i) => !locked && answer?.(i);
  const items = choices.map((words, i) => {
    const mark = markOf(i);
    return answer
      ? el("button", { type: "button", class: ["choice", mark.color], "aria-pressed": "false", onclick: () => press(i) }, face(words, mark))
      : el("li", { class: ["choice", mark.color] }, face(words, mark));
  });
  const list = answer ? el("div", { class: "choices", role: "group", "aria-label": t("Your answer") }, items) : el("ul", { class: "choices plain" }, items);
  const node = el("div", { class: "question-card" }, el("div", { class: "asks" }, picture, el(level, { class: "question-text", tabindex: "-1", dir: "auto" }, text), aside), list);
  const byKey = (event) => {
    if (!node.isConnected) return removeEventListener("keydown", byKey);
    const i = Number(event.key) - 1;
    if (choices[i] !== undefined && !event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest?.("input, textarea, select, dialog")) press(i);
    return undefined;
  };
  if (answer) addEventListener("keydown", byKey);
  const show = ({ chosen = null, right = null, locked: isLocked = chosen !== null, votes } = /** @type {{ chosen?: number | null, right?: number | null, locked?: boolean, votes?: number[] }} */ ({})) => {
    locked = isLocked;
    items.forEach((item, i) => {
      if (answer) item.setAttribute("aria-pressed", String(chosen === i));
      if (answer) item.setAttribute("aria-disabled", String(locked));
      item.classList.toggle("right", right === i);
      item.classList.toggle("dim", right === null ? chosen !== null && chosen !== i : right !== i);
      item.querySelector(".votes").textContent = votes ? String(votes[i] ?? 0) : right === i ? "✓" : "";
    });
  };
  return { node, show };
}
