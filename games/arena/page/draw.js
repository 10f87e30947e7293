/*
 * The field on its canvas: coins, discs with their faces and names, and for a moment where somebody was hit.
 *
 * The cost of a frame is the number of pixels that it changes. So nothing is painted that looks the same as before: the
 * ground with its coins is kept in a canvas of its own, and copied to where something was in the previous frame; a disc with
 * its face, and a name, are painted once and then copied onto whole pixels, which is many times cheaper than painting
 * letters and areas, and than smoothing. A frame makes no new objects or keys where the last one's can be used again.
 */

import { HEIGHT, RADIUS, WIDTH } from "./motion.js";

const SCALE = 0.1; // tenths of a pixel to the field's own pixels
const [FIELD_W, FIELD_H] = [WIDTH * SCALE, HEIGHT * SCALE];
const DISC = RADIUS * SCALE;
const BOX = 2 * DISC + 16; // of a disc with its ring
const COIN = 14;
const PARTS = 2; // a disc is painted at each half of a pixel, across and down: it moves smoothly, and is copied as it is
const HIT_MS = 350;
const TRAIL_MS = 180;
const QUICK = 75; // of the field's pixels within a trail
const NAME_PX = 12; // on the screen, at least
const NARROW = 620; // on an upright phone at least so much of the field's width is seen
const MAP_W = 96; // width of the small map of the whole field, px
const MARGIN = 6;
const KEPT = 64; // looks, at most; a room has fewer players, but they come and go

const TONES = ["--card", "--line", "--ink", "--edge"];

export class Field {
  #canvas;
  #paint;
  #calm;
  #hits = [];
  #trails = new Map();
  #looks = new Map(); // by seat: its disc and name, painted
  #tones = null;
  #view = { scale: 1, left: 0, top: 0, crops: false };
  #size = [0, 0];
  #place = { zoom: 0, left: 0, top: 0 }; // of the field, in the canvas' own pixels
  #ground = null; // with its coins
  #coins = []; // those that lie on it: x, y, x, y…
  #bare = null; // without them
  #coin = null;
  #spots = []; // where moving things are painted: left, top, right, bottom, left…
  #isWhole = false; // whether all is to be painted again

  /** @param {HTMLCanvasElement} canvas @param {() => boolean} moves whether anything may move that need not */
  constructor(canvas, moves = () => true) {
    this.#canvas = canvas;
    // Desynchronized: not composed with the rest of the page, which would be half of the cost of a frame.
    this.#paint = canvas.getContext("2d", { alpha: false, desynchronized: true });
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
    const calm = this.#calm();
    this.#look(discs.find(({ me }) => me), width, height);
    this.#settle(ratio);
    this.#lay(coins);
    this.#restore(w, h);
    if (!calm) for (const disc of discs) this.#trail(disc, now);
    for (const disc of discs) this.#disc(disc);
    this.#rings(now, calm);
    if (this.#view.crops) this.#map(discs, coins, ratio);
  }

  /** How much of the field is seen: all of it, or on an upright phone what is around one's own disc, from wall to wall. */
  #look(own, width, height) {
    const whole = Math.min(width / FIELD_W, height / FIELD_H);
    const scale = own && height > width ? Math.max(whole, Math.min(height / FIELD_H, width / NARROW)) : whole;
    const view = this.#view;
    view.scale = scale;
    view.left = along(width, FIELD_W * scale, (own?.x ?? 0) * SCALE * scale);
    view.top = along(height, FIELD_H * scale, (own?.y ?? 0) * SCALE * scale);
    view.crops = FIELD_W * scale > width + 1;
  }

  /** Where the field begins, on whole pixels; what was painted for another zoom is of no use. */
  #settle(ratio) {
    const { scale, left, top } = this.#view;
    const [zoom, across, down] = [ratio * scale, Math.round(ratio * left), Math.round(ratio * top)];
    const place = this.#place;
    if (zoom !== place.zoom) this.#clear();
    if (zoom !== place.zoom || across !== place.left || down !== place.top) this.#isWhole = true;
    Object.assign(place, { zoom, left: across, top: down });
  }

  #read() {
    const style = getComputedStyle(document.documentElement);
    const [field, grid, ink, rim] = TONES.map((name) => style.getPropertyValue(name));
    return { field, grid, ink, rim, around: style.getPropertyValue("--felt-2") };
  }

  #forget() {
    this.#tones = null;
    this.#clear();
  }

  #clear() {
    this.#looks.clear();
    this.#bare = this.#coin = null;
    this.#isWhole = true;
  }

  /** Paint the ground with its coins, if the coins have changed. */
  #lay(coins) {
    const known = this.#coins;
    if (this.#bare && known.length === 2 * coins.length && coins.every(([x, y], i) => known[2 * i] === x && known[2 * i + 1] === y)) return;
    const { zoom } = this.#place;
    if (!this.#bare) {
      this.#bare = sprite(FIELD_W, FIELD_H, zoom, (to) => this.#grid(to), { alpha: false });
      this.#coin = sprite(2 * COIN + 4, 2 * COIN + 4, zoom, paintCoin);
      this.#ground = picture(this.#bare.width, this.#bare.height, { alpha: false });
    }
    const { image, width, height } = this.#coin;
    const { to } = this.#ground;
    to.drawImage(this.#bare.image, 0, 0);
    for (const [x, y] of coins) to.drawImage(image, Math.round(x * SCALE * zoom - width / 2), Math.round(y * SCALE * zoom - height / 2));
    this.#coins = coins.flat();
    this.#isWhole = true;
  }

  #grid(to) {
    to.translate(-FIELD_W / 2, -FIELD_H / 2);
    to.fillStyle = this.#tones.field;
    to.fillRect(-1, -1, FIELD_W + 2, FIELD_H + 2);
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

  /** Put the ground back where moving things were painted; all of it if it has changed. */
  #restore(w, h) {
    const paint = this.#paint;
    const spots = this.#spots;
    const { left, top } = this.#place;
    const { image, width, height } = this.#ground;
    if (this.#isWhole) {
      if (left > 0 || top > 0 || left + width < w || top + height < h) {
        paint.fillStyle = this.#tones.around;
        paint.fillRect(0, 0, w, h);
      }
      paint.drawImage(image, left, top);
    } else {
      for (let i = 0; i < spots.length; i += 4) {
        if (spots[i] < left || spots[i + 1] < top || spots[i + 2] > left + width || spots[i + 3] > top + height) {
          paint.fillStyle = this.#tones.around;
          paint.fillRect(spots[i], spots[i + 1], spots[i + 2] - spots[i], spots[i + 3] - spots[i + 1]);
        }
        const [x, y] = [Math.max(0, left, spots[i]), Math.max(0, top, spots[i + 1])];
        const [wide, high] = [Math.min(w, left + width, spots[i + 2]) - x, Math.min(h, top + height, spots[i + 3]) - y];
        if (wide > 0 && high > 0) paint.drawImage(image, x - left, y - top, wide, high, x, y, wide, high);
      }
    }
    this.#isWhole = false;
    spots.length = 0;
  }

  /** Note that something is painted here in this frame, in the canvas' own pixels. */
  #spot(left, top, right, bottom) {
    this.#spots.push(Math.floor(left), Math.floor(top), Math.ceil(right), Math.ceil(bottom));
  }

  /** What a seat looks like, painted once: the disc at each fraction of a pixel, and the name. */
  #lookOf({ seat, name, face, color, me }) {
    const known = this.#looks.get(seat);
    if (known && known.name === name && known.face === face && known.color === color && known.me === me) return known;
    if (this.#looks.size >= KEPT) for (const each of [this.#looks, this.#trails]) each.clear(); // of seats that are gone
    const { zoom } = this.#place;
    const made = { name, face, color, me, discs: Array(PARTS * PARTS).fill(null), label: this.#label(name, zoom) };
    this.#looks.set(seat, made);
    return made;
  }

  #label(name, zoom) {
    const size = Math.max(22, NAME_PX / this.#view.scale);
    const font = `600 ${size}px system-ui, sans-serif`;
    const { to } = picture(1, 1);
    to.font = font;
    const text = shortened(to, name, 8.6 * size);
    const width = to.measureText(text).width + 12;
    return sprite(width, size + 12, zoom, (on) => {
      Object.assign(on, { font, textAlign: "center", textBaseline: "middle", lineWidth: 5, strokeStyle: this.#tones.field, fillStyle: this.#tones.ink });
      on.strokeText(text, 0, 0);
      on.fillText(text, 0, 0);
    });
  }

  #disc(disc) {
    const { x, y, away } = disc;
    const paint = this.#paint;
    const { zoom, left, top } = this.#place;
    const look = this.#lookOf(disc);
    const [across, down] = [Math.round((left + x * SCALE * zoom) * PARTS), Math.round((top + y * SCALE * zoom) * PARTS)];
    const [column, row] = [Math.floor(across / PARTS), Math.floor(down / PARTS)];
    const [beside, below] = [across - column * PARTS, down - row * PARTS];
    const part = below * PARTS + beside;
    const { image, width, height } = (look.discs[part] ??= sprite(BOX, BOX, zoom, (to) => this.#face(to, look), { beside: beside / PARTS, below: below / PARTS }));
    const [from, above] = [column - (width >> 1), row - (height >> 1)];
    if (away) paint.globalAlpha = 0.45;
    paint.drawImage(image, from, above);
    if (away) paint.globalAlpha = 1;
    const { label } = look;
    const near = (DISC + 8) * zoom + label.height / 2 - 6 * zoom;
    const [words, at] = [column - (label.width >> 1), Math.round(y * SCALE < 3 * DISC ? row + near : row - near) - (label.height >> 1)];
    paint.drawImage(label.image, words, at);
    this.#spot(Math.min(from, words), Math.min(above, at), Math.max(from + width, words + label.width), Math.max(above + height, at + label.height));
  }

  #face(to, { color, face, me }) {
    round(to, DISC, color.fill);
    to.fillStyle = color.on;
    to.font = `700 ${DISC * 1.15}px system-ui, sans-serif`;
    to.textAlign = "center";
    to.textBaseline = "middle";
    to.fillText(face, 0, DISC * 0.08);
    if (!me) return;
    to.strokeStyle = this.#tones.ink;
    to.lineWidth = 5;
    to.beginPath();
    to.arc(0, 0, DISC + 5, 0, 2 * Math.PI);
    to.stroke();
  }

  /** Paint in the field's own pixels, around these, `reach` of them to each side. */
  #within(lowX, lowY, highX, highY, reach, make) {
    const paint = this.#paint;
    const { zoom, left, top } = this.#place;
    paint.setTransform(zoom, 0, 0, zoom, left, top);
    make(paint);
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.globalAlpha = 1;
    this.#spot(left + (lowX - reach) * zoom - 1, top + (lowY - reach) * zoom - 1, left + (highX + reach) * zoom + 1, top + (highY + reach) * zoom + 1);
  }

  /** Where a quick disc has been: x, y and when, and so on. */
  #trail({ seat, x, y, color }, now) {
    let trail = this.#trails.get(seat);
    if (!trail) this.#trails.set(seat, (trail = []));
    let old = 0;
    while (old < trail.length && now - trail[old + 2] >= TRAIL_MS) old += 3;
    if (old) trail.copyWithin(0, old);
    trail.length -= old;
    trail.push(x * SCALE, y * SCALE, now);
    if (Math.hypot(trail[0] - x * SCALE, trail[1] - y * SCALE) < QUICK) return;
    let [lowX, lowY, highX, highY] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < trail.length; i += 3) {
      [lowX, highX] = [Math.min(lowX, trail[i]), Math.max(highX, trail[i])];
      [lowY, highY] = [Math.min(lowY, trail[i + 1]), Math.max(highY, trail[i + 1])];
    }
    this.#within(lowX, lowY, highX, highY, DISC, (paint) => {
      paint.globalAlpha = 0.25;
      paint.strokeStyle = color.fill;
      paint.lineWidth = DISC * 1.5;
      paint.lineCap = "round";
      paint.beginPath();
      paint.moveTo(trail[0], trail[1]);
      for (let i = 3; i < trail.length; i += 3) paint.lineTo(trail[i], trail[i + 1]);
      paint.stroke();
    });
  }

  #rings(now, calm) {
    if (!this.#hits.length) return;
    this.#hits = this.#hits.filter(({ at }) => now - at < HIT_MS);
    for (const { x, y, at } of this.#hits) {
      const part = (now - at) / HIT_MS;
      const radius = DISC * (calm ? 1.5 : 1.2 + part);
      this.#within(x, y, x, y, radius + 4, (paint) => {
        paint.strokeStyle = this.#tones.ink;
        paint.globalAlpha = 1 - part;
        paint.lineWidth = 6;
        paint.beginPath();
        paint.arc(x, y, radius, 0, 2 * Math.PI);
        paint.stroke();
      });
    }
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
    paint.setTransform(1, 0, 0, 1, 0, 0);
    this.#spot(ratio * (left - 3), ratio * (above - 3), ratio * (left + MAP_W + 3), ratio * (above + FIELD_H * zoom + 3));
  }
}

/** Where a field of this length begins on a screen of this size: in the middle, or, if it is longer, so that `at` is seen. */
function along(size, length, at) {
  return length <= size + 0.5 ? (size - length) / 2 : Math.min(0, Math.max(size - length, size / 2 - at));
}

/** A canvas outside the page, and its context. */
function picture(width, height, settings = {}) {
  const image = document.createElement("canvas");
  Object.assign(image, { width, height });
  const to = /** @type {CanvasRenderingContext2D} */ (image.getContext("2d", settings));
  return { image, width, height, to };
}

/**
 * What `make` paints around the middle of a box, painted once.
 * @param {number} width of the field's own pixels, as is `height`
 * @param {number} height
 * @param {number} zoom
 * @param {(to: CanvasRenderingContext2D) => void} make
 * @param {{ alpha?: boolean, beside?: number, below?: number }} how `beside`, `below`: by which fraction of a pixel the middle is off
 */
function sprite(width, height, zoom, make, { alpha = true, beside = 0, below = 0 } = {}) {
  const spare = alpha ? 2 : 0;
  const made = picture(Math.ceil(width * zoom) + spare, Math.ceil(height * zoom) + spare, { alpha });
  const middle = (size) => (alpha ? size >> 1 : size / 2);
  made.to.setTransform(zoom, 0, 0, zoom, middle(made.width) + beside, middle(made.height) + below);
  make(made.to);
  return made;
}

function paintCoin(to) {
  round(to, COIN, "#ffd166");
  to.strokeStyle = "#7a5600";
  to.lineWidth = 3;
  to.stroke();
}

/** As much of a name as fits. */
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
