/*
 * The field on its canvas: coins, discs with their faces and names, and for a moment where somebody was hit. What looks the
 * same in each frame, such as a disc with its face, is painted once and copied from then on: letters cost most.
 */

import { HEIGHT, RADIUS, WIDTH } from "./motion.js";

const SCALE = 0.1; // tenths of a pixel to the field's own pixels
const [FIELD_W, FIELD_H] = [WIDTH * SCALE, HEIGHT * SCALE];
const DISC = RADIUS * SCALE;
const COIN = 14;
const HIT_MS = 350;
const TRAIL_MS = 180;
const QUICK = 75; // of the field's pixels within a trail
const NAME_PX = 12; // on the screen, at least
const NARROW = 620; // so much of the field is seen across, at least, where a phone stands upright
const MAP_W = 96; // of the small map of what is not seen, px
const MARGIN = 6;

const TONES = ["--card", "--line", "--ink", "--edge"];

export class Field {
  #canvas;
  #paint;
  #calm;
  #hits = [];
  #trails = new Map();
  #sprites = new Map();
  #tones = null;
  #view = { scale: 1, left: 0, top: 0, crops: false };
  #size = [0, 0];
  #place = [1, 0, 0]; // zoom, left and top of the field, in the canvas' own pixels

  /** @param {HTMLCanvasElement} canvas @param {() => boolean} moves whether anything may move that need not */
  constructor(canvas, moves = () => true) {
    this.#canvas = canvas;
    this.#paint = canvas.getContext("2d", { alpha: false });
    this.#calm = () => !moves();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#forget());
    new ResizeObserver(([{ contentRect: { width, height } }]) => (this.#size = [width, height])).observe(canvas);
  }

  hit({ x, y }, now) {
    this.#hits.push({ x: x * SCALE, y: y * SCALE, at: now });
  }

  /** `discs`: [{seat, x, y, name, face, color, me, away}], in tenths of a pixel; `coins`: [[x, y]]. */
  draw({ discs, coins, now }) {
    const [width, height] = this.#size;
    if (!width || !height) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== w || this.#canvas.height !== h) {
      Object.assign(this.#canvas, { width: w, height: h });
      this.#forget();
    }
    this.#tones ??= this.#read();
    const paint = this.#paint;
    const calm = this.#calm();
    this.#look(discs.find(({ me }) => me), width, height);
    const { scale, left, top, crops } = this.#view;
    const zoom = ratio * scale;
    paint.setTransform(1, 0, 0, 1, 0, 0);
    if (FIELD_W * zoom < w - 1 || FIELD_H * zoom < h - 1) {
      paint.fillStyle = this.#tones.around;
      paint.fillRect(0, 0, w, h);
    }
    // Pixel by pixel, which is many times cheaper than lines and areas.
    const ground = this.#sprite(`ground ${zoom}`, FIELD_W, FIELD_H, zoom, (to) => this.#ground(to));
    paint.drawImage(ground.image, Math.round(ratio * left), Math.round(ratio * top));
    this.#place = [zoom, ratio * left, ratio * top];
    paint.setTransform(zoom, 0, 0, zoom, ratio * left, ratio * top);
    const coin = this.#sprite(`coin ${zoom}`, 2 * COIN + 4, 2 * COIN + 4, zoom, (to) => this.#coin(to));
    for (const [x, y] of coins) this.#lay(coin, x * SCALE, y * SCALE);
    if (!calm) for (const disc of discs) this.#trail(disc, now);
    for (const disc of discs) this.#disc(disc, zoom, scale);
    this.#rings(now, calm);
    if (crops) this.#map(discs, coins, ratio);
  }

  /** How much of the field is seen: all of it, or on an upright phone what is around the own disc, from wall to wall. */
  #look(own, width, height) {
    const whole = Math.min(width / FIELD_W, height / FIELD_H);
    const scale = own && height > width ? Math.max(whole, Math.min(height / FIELD_H, width / NARROW)) : whole;
    const along = (size, field, at) => (field * scale <= size + 0.5 ? (size - field * scale) / 2 : Math.min(0, Math.max(size - field * scale, size / 2 - at * SCALE * scale)));
    this.#view = { scale, left: along(width, FIELD_W, own?.x ?? 0), top: along(height, FIELD_H, own?.y ?? 0), crops: FIELD_W * scale > width + 1 };
  }

  #read() {
    const style = getComputedStyle(document.documentElement);
    const [field, grid, ink, rim] = TONES.map((name) => style.getPropertyValue(name));
    return { field, grid, ink, rim, around: style.getPropertyValue("--felt-2") };
  }

  #forget() {
    this.#tones = null;
    this.#sprites.clear();
  }

  #ground(to) {
    to.translate(-FIELD_W / 2, -FIELD_H / 2);
    to.fillStyle = this.#tones.field;
    to.fillRect(0, 0, FIELD_W, FIELD_H);
    to.strokeStyle = this.#tones.grid;
    to.lineWidth = 2;
    to.beginPath();
    for (let x = 100; x < FIELD_W; x += 100) (to.moveTo(x, 0), to.lineTo(x, FIELD_H));
    for (let y = 100; y < FIELD_H; y += 100) (to.moveTo(0, y), to.lineTo(FIELD_W, y));
    to.stroke();
    to.strokeStyle = this.#tones.rim;
    to.lineWidth = 6;
    to.strokeRect(0, 0, FIELD_W, FIELD_H);
  }

  /** What `make` paints around the middle of a box, painted once for each zoom. */
  #sprite(key, width, height, zoom, make) {
    const known = this.#sprites.get(key);
    if (known) return known;
    if (this.#sprites.size > 200) this.#sprites.clear(); // names and faces change, zooms do
    const image = document.createElement("canvas");
    Object.assign(image, { width: Math.ceil(width * zoom), height: Math.ceil(height * zoom) });
    const to = image.getContext("2d");
    to.setTransform(zoom, 0, 0, zoom, image.width / 2, image.height / 2);
    make(to);
    const made = { image, width: image.width / zoom, height: image.height / zoom };
    this.#sprites.set(key, made);
    return made;
  }

  #put({ image, width, height }, x, y) {
    this.#paint.drawImage(image, x - width / 2, y - height / 2, width, height);
  }

  /** The same for what may stand on whole pixels, which costs less: words, and what lies still. */
  #lay({ image }, x, y) {
    const paint = this.#paint;
    const [zoom, left, top] = this.#place;
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.drawImage(image, Math.round(left + x * zoom - image.width / 2), Math.round(top + y * zoom - image.height / 2));
    paint.setTransform(zoom, 0, 0, zoom, left, top);
  }

  #coin(to) {
    round(to, COIN, "#ffd166");
    to.strokeStyle = "#7a5600";
    to.lineWidth = 3;
    to.stroke();
  }

  #disc({ x, y, name, face, color, me, away }, zoom, scale) {
    const tones = this.#tones;
    const [left, top] = [x * SCALE, y * SCALE];
    const box = 2 * DISC + 16;
    const disc = this.#sprite(`disc ${zoom} ${color.fill} ${face} ${me}`, box, box, zoom, (to) => {
      round(to, DISC, color.fill);
      to.fillStyle = color.on;
      to.font = `700 ${DISC * 1.15}px system-ui, sans-serif`;
      to.textAlign = "center";
      to.textBaseline = "middle";
      to.fillText(face, 0, DISC * 0.08);
      if (!me) return;
      to.strokeStyle = tones.ink;
      to.lineWidth = 5;
      to.beginPath();
      to.arc(0, 0, DISC + 5, 0, 2 * Math.PI);
      to.stroke();
    });
    this.#paint.globalAlpha = away ? 0.45 : 1;
    this.#put(disc, left, top);
    this.#paint.globalAlpha = 1;
    const size = Math.max(22, NAME_PX / scale);
    const label = this.#sprite(`name ${zoom} ${name}`, 9 * size, size + 12, zoom, (to) => {
      to.font = `600 ${size}px system-ui, sans-serif`;
      to.textAlign = "center";
      to.textBaseline = "middle";
      to.lineWidth = 5;
      to.strokeStyle = tones.field;
      to.fillStyle = tones.ink;
      const text = shortened(to, name, 8.6 * size);
      to.strokeText(text, 0, 0);
      to.fillText(text, 0, 0);
    });
    const at = top < 3 * DISC ? top + DISC + size / 2 + 10 : top - DISC - size / 2 - 8;
    this.#lay(label, left, at);
  }

  /** Where a quick disc has been. */
  #trail({ seat, x, y, color }, now) {
    const trail = this.#trails.get(seat) ?? [];
    trail.push({ x: x * SCALE, y: y * SCALE, at: now });
    while (now - trail[0].at >= TRAIL_MS) trail.shift();
    this.#trails.set(seat, trail);
    const [first] = trail;
    if (Math.hypot(first.x - x * SCALE, first.y - y * SCALE) < QUICK) return;
    const paint = this.#paint;
    paint.globalAlpha = 0.25;
    paint.strokeStyle = color.fill;
    paint.lineWidth = DISC * 1.5;
    paint.lineCap = "round";
    paint.beginPath();
    paint.moveTo(first.x, first.y);
    for (const each of trail) paint.lineTo(each.x, each.y);
    paint.stroke();
    paint.globalAlpha = 1;
  }

  #rings(now, calm) {
    const paint = this.#paint;
    this.#hits = this.#hits.filter(({ at }) => now - at < HIT_MS);
    for (const { x, y, at } of this.#hits) {
      const part = (now - at) / HIT_MS;
      paint.strokeStyle = this.#tones.ink;
      paint.globalAlpha = 1 - part;
      paint.lineWidth = 6;
      paint.beginPath();
      paint.arc(x, y, DISC * (calm ? 1.5 : 1.2 + part), 0, 2 * Math.PI);
      paint.stroke();
    }
    paint.globalAlpha = 1;
  }

  /** All of the field, small, where only a part of it is seen: dots for coins and discs. */
  #map(discs, coins, ratio) {
    const paint = this.#paint;
    const { scale, top } = this.#view;
    const zoom = MAP_W / FIELD_W;
    const [left, above] = [MARGIN, Math.max(MARGIN, top + FIELD_H * scale - FIELD_H * zoom - MARGIN)];
    paint.setTransform(ratio, 0, 0, ratio, ratio * left, ratio * above);
    paint.globalAlpha = 0.85;
    paint.fillStyle = this.#tones.around;
    paint.fillRect(0, 0, MAP_W, FIELD_H * zoom);
    paint.globalAlpha = 1;
    paint.strokeStyle = this.#tones.rim;
    paint.lineWidth = 1;
    paint.strokeRect(0, 0, MAP_W, FIELD_H * zoom);
    paint.fillStyle = "#e0a100";
    for (const [x, y] of coins) paint.fillRect(x * SCALE * zoom - 1, y * SCALE * zoom - 1, 2, 2);
    for (const { x, y, color, me } of discs) {
      paint.fillStyle = color.fill;
      const size = me ? 6 : 4;
      paint.fillRect(x * SCALE * zoom - size / 2, y * SCALE * zoom - size / 2, size, size);
    }
  }
}

/** As much of a name as there is room for. */
function shortened(to, name, most) {
  const letters = [...name];
  let text = name;
  while (letters.length > 1 && to.measureText(text).width > most) {
    letters.pop();
    text = `${letters.join("")}…`;
  }
  return text;
}

function round(to, radius, fill) {
  to.beginPath();
  to.arc(0, 0, radius, 0, 2 * Math.PI);
  to.fillStyle = fill;
  to.fill();
}
