/**
 * A sheet to draw on, with two layers: the strokes that are kept, and above them the one that is being drawn. The first
 * is added to as strokes come, and drawn anew if one was taken back; the second is wiped whenever the first changes.
 *
 * A stroke is {colour: "#1a1a1a", width: of a sheet that is 1200 wide, points: [[x, y], …] from 0 to 1, fill?: true for
 * paint that is poured out at its first point}.
 */

import { el } from "../page/elements.js";
import { t } from "../page/language.js";

/** @typedef {{ colour: string, width?: number, points: [number, number][], fill?: boolean }} Stroke */

const WIDE = 1200;
const NEAR = 60; // paint takes two colours this near for one: the edges of lines are soft

export class Sheet {
  #read;
  #drawn = [];

  /**
   * @param {{ read?: (kept: any) => Stroke, high?: number }} options `read` makes a stroke of what a game keeps of it;
   * `high` is the height of the sheet if it is 1200 wide.
   */
  constructor({ read = (stroke) => stroke, high = 900 } = {}) {
    this.#read = read;
    this.kept = el("canvas", { class: "kept", width: WIDE, height: high, role: "img", "aria-label": t("An empty sheet") });
    this.live = el("canvas", { class: "live", width: WIDE, height: high, "aria-hidden": "true" });
    this.node = el("div", { class: "sheet", style: { "--sheet": String(WIDE / high) } }, this.kept, this.live);
  }

  /** Show these kept strokes, and none that is being drawn. Strokes that are the same objects are not drawn again. */
  show(strokes) {
    const goesOn = this.#drawn.length <= strokes.length && this.#drawn.every((stroke, i) => stroke === strokes[i]);
    if (goesOn && this.#drawn.length === strokes.length) return;
    if (!goesOn) wipe(this.kept);
    for (const stroke of goesOn ? strokes.slice(this.#drawn.length) : strokes) draw(this.kept, this.#read(stroke));
    this.#drawn = [...strokes];
    wipe(this.live);
    this.kept.setAttribute("aria-label", strokes.length ? t("{n, plural, one {The drawing: # stroke} other {The drawing: # strokes}}", { n: strokes.length }) : t("An empty sheet"));
  }

  /**
   * Draw a part of a line that is not complete yet.
   * @param {Stroke} stroke
   */
  add(stroke) {
    draw(this.live, stroke);
  }

  /** Where on the sheet a pointer is: [x, y], each from 0 to 1. */
  at({ clientX, clientY }) {
    const { left, top, width, height } = this.live.getBoundingClientRect();
    const part = (value, size) => Math.min(1, Math.max(0, value / size));
    return [part(clientX - left, width), part(clientY - top, height)];
  }
}

/**
 * Have a pointer draw: `begin(point)` → whether it may, `add(point)` for each further one, `end()`.
 * @param {Sheet} sheet
 * @param {{ begin: (at: number[]) => boolean, add: (at: number[]) => void, end: () => void }} hand
 */
export function drawOn(sheet, { begin, add, end }) {
  const { live } = sheet;
  let pointer = null;
  live.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0 || !begin(sheet.at(event))) return;
    event.preventDefault();
    live.setPointerCapture(event.pointerId);
    pointer = event.pointerId;
  });
  live.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) add(sheet.at(each));
  });
  for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
    live.addEventListener(type, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      end();
    });
  }
}

function wipe(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

function draw(canvas, { colour, width = 10, points, fill = false }) {
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const place = ([x, y]) => /** @type {[number, number]} */ ([x * canvas.width, y * canvas.height]);
  if (fill) return pour(pen, place(points[0]), colour);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  points.forEach((point, i) => {
    if (i === 0) pen.moveTo(...place(point));
    pen.lineTo(...place(point)); // a single point becomes a dot
  });
  return pen.stroke();
}

/** Pour paint out: it spreads, line by line, over all that has the colour of the point where it falls. */
function pour(pen, [x, y], colour) {
  const { width, height } = pen.canvas;
  const image = pen.getImageData(0, 0, width, height);
  const { data } = image;
  const paint = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const seed = (Math.min(height - 1, Math.floor(y)) * width + Math.min(width - 1, Math.floor(x))) * 4;
  const [r, g, b, a] = data.slice(seed, seed + 4);
  const done = new Uint8Array(width * height);
  const same = (i) => !done[i] && Math.abs(data[4 * i] - r) + Math.abs(data[4 * i + 1] - g) + Math.abs(data[4 * i + 2] - b) + Math.abs(data[4 * i + 3] - a) <= NEAR;
  const waiting = [seed / 4];
  while (waiting.length) {
    const at = waiting.pop();
    if (!same(at)) continue;
    const row = at - (at % width);
    let [left, right] = [at, at];
    while (left > row && same(left - 1)) left -= 1;
    while (right < row + width - 1 && same(right + 1)) right += 1;
    for (let i = left; i <= right; i += 1) {
      [data[4 * i], data[4 * i + 1], data[4 * i + 2], data[4 * i + 3]] = [paint[0], paint[1], paint[2], 255];
      done[i] = 1;
    }
    for (const next of [-width, width]) {
      if (row + next < 0 || row + next >= width * height) continue;
      for (let i = left; i <= right; i += 1) if (same(i + next) && (i === left || !same(i + next - 1))) waiting.push(i + next);
    }
  }
  pen.putImageData(image, 0, 0);
}
