/*
 * The sheet: what was drawn, kept in `room.state.strokes`, and over it what is being drawn now, kept nowhere. The one is
 * drawn on as it grows, and anew where something was taken back; the other is wiped whenever the first one changes.
 */

import { el } from "../../static/page.js";
import { SIDE, decode } from "./points.js";

export const COLOURS = [
  ["Black", "#1a1a1a"], ["Grey", "#8b8b8b"], ["White", "#ffffff"], ["Red", "#d92b2b"], ["Orange", "#f08a24"], ["Yellow", "#f7d038"],
  ["Light green", "#8fd14f"], ["Green", "#2c8c3c"], ["Turquoise", "#25b5b0"], ["Light blue", "#6fc3f7"], ["Blue", "#2456c9"],
  ["Purple", "#7b3fb8"], ["Pink", "#f48fc0"], ["Skin", "#f6c9a0"], ["Light brown", "#b97a44"], ["Brown", "#6b4021"],
];
export const WIDTHS = [["Thin", 4], ["Medium", 10], ["Thick", 24], ["Very thick", 60]]; // of a sheet 1200 wide

const [WIDE, HIGH] = [1200, 900];

export class Sheet {
  kept = el("canvas", { class: "kept", width: WIDE, height: HIGH, role: "img", "aria-label": "An empty sheet" });
  live = el("canvas", { class: "live", width: WIDE, height: HIGH, "aria-hidden": "true" });
  node = el("div", { class: "sheet" }, this.kept, this.live);
  #drawn = [];

  /** Show these strokes, and nothing that is under way. */
  show(strokes) {
    const goesOn = this.#drawn.length <= strokes.length && this.#drawn.every((stroke, i) => stroke === strokes[i]);
    if (goesOn && this.#drawn.length === strokes.length) return;
    if (!goesOn) wipe(this.kept);
    for (const [colour, width, , points] of goesOn ? strokes.slice(this.#drawn.length) : strokes) draw(this.kept, colour, width, decode(points));
    this.#drawn = [...strokes];
    wipe(this.live);
    this.kept.setAttribute("aria-label", strokes.length ? `The drawing: ${strokes.length} strokes` : "An empty sheet");
  }

  /** Part of a line that is not done yet. */
  add(colour, width, points) {
    draw(this.live, colour, width, points);
  }

  /** Where on the sheet a pointer is. */
  at({ clientX, clientY }) {
    const { left, top, width, height } = this.live.getBoundingClientRect();
    const part = (value, size) => Math.min(SIDE - 1, Math.max(0, Math.round((value / size) * SIDE)));
    return [part(clientX - left, width), part(clientY - top, height)];
  }
}

function wipe(canvas) {
  canvas.getContext("2d").clearRect(0, 0, WIDE, HIGH);
}

function draw(canvas, colour, width, points) {
  const pen = canvas.getContext("2d");
  pen.strokeStyle = COLOURS[colour][1];
  pen.lineWidth = WIDTHS[width][1];
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  points.forEach(([x, y], i) => {
    const at = [(x / SIDE) * WIDE, (y / SIDE) * HIGH];
    if (i === 0) pen.moveTo(...at);
    pen.lineTo(...at); // of a single point it is a dot
  });
  pen.stroke();
}
