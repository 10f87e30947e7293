/** A board of squares to press, by finger, mouse or keys; and a hand of cards. */

import { el, fill } from "../page/elements.js";

/**
 * A board of squares: the Tab key goes to one of them, arrows to the others. → {node, draw}; call `draw()` when the
 * game has changed. Without `press`, as on a TV, squares are only seen. Around small squares a finger may hit a larger
 * area.
 * @param {{ rows: number, columns: number, label: string, square: (row: number, column: number) => { name: string, face?: any, may?: boolean, class?: any }, press?: (row: number, column: number) => void }} board
 * `square` says what is on a square: its name for screen readers, what is seen (text, or an element, which is kept
 * while it is the same), and whether it may be pressed now.
 */
export function boardGrid({ rows, columns, label, square, press }) {
  let at = [0, 0];
  const squares = Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, column) => squareOf(press && (() => press(row, column)))));
  const node = el("div", { class: "board-grid", role: "group", dir: "ltr", "aria-label": label, style: { "--rows": String(rows), "--columns": String(columns) } }, squares.flat().map((each) => each.node));
  const go = (row, column) => {
    squares[at[0]][at[1]].button.tabIndex = -1;
    at = [Math.min(rows - 1, Math.max(0, row)), Math.min(columns - 1, Math.max(0, column))];
    squares[at[0]][at[1]].button.tabIndex = 0;
  };
  const keys = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const walk = (event) => {
    const way = keys[event.key];
    if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const from = squares.flatMap((line, row) => line.map(({ button }, column) => ({ button, row, column }))).find(({ button }) => button === event.target);
    go((from?.row ?? at[0]) + way[0], (from?.column ?? at[1]) + way[1]);
    squares[at[0]][at[1]].button.focus();
  };
  const draw = () => {
    squares.forEach((line, row) => line.forEach((each, column) => {
      const { name, face = "", may = false, class: more } = square(row, column);
      const classes = ["square", may && press && "may", ...[more].flat()].filter(Boolean).join(" ");
      if (each.node.className !== classes) each.node.className = classes;
      (each.button ?? each.node).setAttribute("aria-label", name);
      each.button?.setAttribute("aria-disabled", String(!may));
      if (face instanceof Node ? each.face.firstChild !== face : each.face.textContent !== face || each.face.firstElementChild) fill(each.face, face);
    }));
  };
  if (press) {
    node.addEventListener("keydown", walk);
    go(0, 0);
  }
  draw();
  return { node, draw };
}

/** A square: what is seen, and above that what can be pressed. */
function squareOf(press) {
  const face = el("span", { class: "square-face", "aria-hidden": "true" });
  const button = press ? el("button", { type: "button", tabindex: "-1", onclick: () => button.getAttribute("aria-disabled") !== "true" && press() }) : null;
  return { node: el("div", { class: "square", role: press ? null : "img" }, face, button), face, button };
}

/**
 * Cards in a hand: each a button. `chosen` are pressed in; those that may not be played are dimmed.
 * @param {{ label: string, cards: { key: string, name: string, face: any, class?: any, may?: boolean, chosen?: boolean }[], press: (key: string) => void }} hand
 */
export function handOf({ label, cards, press }) {
  return el("div", { class: "hand-of", role: "group", "aria-label": label }, cards.map(({ key, name, face, class: more, may = true, chosen }) =>
    el("button", { type: "button", class: ["playing-card", ...[more].flat()], "data-key": key, "aria-disabled": String(!may), "aria-pressed": chosen === undefined ? null : String(chosen), onclick: () => may && press(key) }, el("span", { class: "visually-hidden" }, name), el("span", { class: "card-face", "aria-hidden": "true" }, face))));
}
