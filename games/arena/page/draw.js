/* The field on its canvas: coins, discs with their names, and for a moment where somebody was hit. */

import { HEIGHT, RADIUS, WIDTH } from "./motion.js";

const SCALE = 0.1; // tenths of a pixel to the field's own pixels
const COIN = 14;
const HIT_MS = 350;
const NAME_PX = 12; // on the screen, at least

export class Field {
  #canvas;
  #paint;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #dark = matchMedia("(prefers-color-scheme: dark)");
  #hits = [];
  #trails = new Map();

  constructor(canvas) {
    this.#canvas = canvas;
    this.#paint = canvas.getContext("2d");
  }

  hit({ x, y }, now) {
    this.#hits.push({ x: x * SCALE, y: y * SCALE, at: now });
  }

  /** `discs`: [{x, y, name, color, second, me, away}], in tenths of a pixel; `coins`: [[x, y]]. */
  draw({ discs, coins, now }) {
    const paint = this.#fit();
    const colors = this.#dark.matches ? { field: "#16382d", grid: "#1f4a3c", ink: "#eef6f1", coin: "#ffd166", rim: "#fff3cd" } : { field: "#ffffff", grid: "#e6efe9", ink: "#10261f", coin: "#e0a100", rim: "#7a5600" };
    paint.fillStyle = colors.field;
    paint.fillRect(0, 0, WIDTH * SCALE, HEIGHT * SCALE);
    this.#grid(colors);
    for (const [x, y] of coins) this.#coin(x * SCALE, y * SCALE, colors);
    for (const disc of discs) this.#trail(disc, now);
    for (const disc of discs) this.#disc(disc, colors);
    this.#rings(colors, now);
  }

  /** As many pixels as the screen has; drawn in the field's own 1600 by 900. */
  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== w || this.#canvas.height !== h) Object.assign(this.#canvas, { width: w, height: h });
    this.#paint.setTransform(w / (WIDTH * SCALE), 0, 0, h / (HEIGHT * SCALE), 0, 0);
    return this.#paint;
  }

  #grid({ grid }) {
    const paint = this.#paint;
    paint.strokeStyle = grid;
    paint.lineWidth = 2;
    paint.beginPath();
    for (let x = 100; x < WIDTH * SCALE; x += 100) paint.rect(x, 0, 0, HEIGHT * SCALE);
    for (let y = 100; y < HEIGHT * SCALE; y += 100) paint.rect(0, y, WIDTH * SCALE, 0);
    paint.stroke();
  }

  #coin(x, y, { coin, rim }) {
    this.#round(x, y, COIN, coin);
    this.#paint.strokeStyle = rim;
    this.#paint.lineWidth = 3;
    this.#paint.stroke();
  }

  #disc({ x, y, name, color, second, me, away }, { ink, field }) {
    const paint = this.#paint;
    const [left, top, radius] = [x * SCALE, y * SCALE, RADIUS * SCALE];
    paint.globalAlpha = away ? 0.45 : 1;
    this.#round(left, top, radius, color);
    if (second) this.#round(left, top, radius * 0.55, field); // of two players of one colour the second is a ring
    if (me) {
      paint.strokeStyle = ink;
      paint.lineWidth = 5;
      paint.beginPath();
      paint.arc(left, top, radius + 5, 0, 2 * Math.PI);
      paint.stroke();
    }
    paint.globalAlpha = 1;
    const size = Math.max(22, (NAME_PX * WIDTH * SCALE) / this.#canvas.clientWidth);
    paint.font = `600 ${size}px system-ui, sans-serif`;
    paint.textAlign = "center";
    paint.lineWidth = 5;
    paint.strokeStyle = field;
    paint.fillStyle = ink;
    const at = top < 3 * radius ? top + radius + size + 4 : top - radius - 12;
    paint.strokeText(name, left, at, 10 * size);
    paint.fillText(name, left, at, 10 * size);
  }

  /** Where a quick disc has been. */
  #trail({ seat, x, y, color }, now) {
    if (this.#calm.matches) return;
    const trail = [...(this.#trails.get(seat) ?? []), { x: x * SCALE, y: y * SCALE, at: now }].filter(({ at }) => now - at < 180);
    this.#trails.set(seat, trail);
    const [first] = trail;
    if (Math.hypot(first.x - x * SCALE, first.y - y * SCALE) < 75) return;
    this.#paint.globalAlpha = 0.12;
    for (const each of trail) this.#round(each.x, each.y, RADIUS * SCALE * 0.8, color);
    this.#paint.globalAlpha = 1;
  }

  #rings({ ink }, now) {
    this.#hits = this.#hits.filter(({ at }) => now - at < HIT_MS);
    for (const { x, y, at } of this.#hits) {
      const part = (now - at) / HIT_MS;
      this.#paint.strokeStyle = ink;
      this.#paint.globalAlpha = 1 - part;
      this.#paint.lineWidth = 6;
      this.#paint.beginPath();
      this.#paint.arc(x, y, RADIUS * SCALE * (this.#calm.matches ? 1.5 : 1.2 + part), 0, 2 * Math.PI);
      this.#paint.stroke();
    }
    this.#paint.globalAlpha = 1;
  }

  #round(x, y, radius, fill) {
    this.#paint.beginPath();
    this.#paint.arc(x, y, radius, 0, 2 * Math.PI);
    this.#paint.fillStyle = fill;
    this.#paint.fill();
  }
}
