/** A board of squares that are pressed, with a finger or with the arrow keys; and a hand of cards. */

import { el, fill } from "../page/elements.js";

/**
 * A board: one button a square, of which the Tab key finds one and arrows the others. → {node, draw}; call `draw()` when
 * the game has changed.
 * @param {{ rows: number, columns: number, label: string, square: (row: number, column: number) => { name: string, face?: any, may?: boolean, class?: any }, press: (row: number, column: number) => void }} board
 * `square` says what stands there: its name for those who hear it, what is seen, and whether it may be pressed now.
 */
export function boardGrid({ rows, columns, label, square, press }) {
  let at = [0, 0];
  const squares = Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, column) => el("button", { type: "button", class: "square", tabindex: "-1", onclick: () => squares[row][column].getAttribute("aria-disabled") !== "true" && press(row, column) })));
  const node = el("div", { class: "board-grid", role: "group", dir: "ltr", "aria-label": label, style: { "--rows": String(rows), "--columns": String(columns) } }, squares);
  const go = (row, column) => {
    squares[at[0]][at[1]].tabIndex = -1;
    at = [Math.min(rows - 1, Math.max(0, row)), Math.min(columns - 1, Math.max(0, column))];
    squares[at[0]][at[1]].tabIndex = 0;
  };
  const keys = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  node.addEventListener("keydown", (event) => {
    const way = keys[event.key];
    if (!way) return;
    event.preventDefault();
    go(at[0] + way[0], at[1] + way[1]);
    squares[at[0]][at[1]].focus();
  });
  const draw = () => {
    squares.forEach((line, row) => line.forEach((button, column) => {
      const { name, face = "", may = false, class: more } = square(row, column);
      const classes = ["square", may && "may", ...[more].flat()].filter(Boolean).join(" ");
      if (button.className !== classes) button.className = classes;
      button.setAttribute("aria-label", name);
      button.setAttribute("aria-disabled", String(!may));
      if (typeof face !== "string" || button.textContent !== face) fill(button, face);
    }));
  };
  go(0, 0);
  draw();
  return { node, draw };
}

/**
 * Cards in a hand: each a button. `chosen` are pressed in; those that may not be played are dimmed.
 * @param {{ label: string, cards: { key: string, name: string, face: any, class?: any, may?: boolean, chosen?: boolean }[], press: (key: string) => void }} hand
 */
export function handOf({ label, cards, press }) {
  return el("div", { class: "hand-of", role: "group", "aria-label": label }, cards.map(({ key, name, face, class: more, may = true, chosen }) =>
    el("button", { type: "button", class: ["playing-card", ...[more].flat()], "data-key": key, "aria-label": name, "aria-disabled": String(!may), "aria-pressed": chosen === undefined ? null : String(chosen), onclick: () => may && press(key) }, face)));
}
