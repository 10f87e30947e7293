/*
 * The arena's page. While a round is played `frame` runs with the screen: it reads the controls, takes as many steps as are
 * due, sends each as a command, and draws one's own disc as predicted (prediction.js) and the others as told a moment ago
 * (the kit's playout.js). The rest, scores and words, is drawn when it changes. On a phone the field has all of the screen.
 */

import { announce, canFill, countdown, cue, el, entriesOf, faceOf, fill, fillScreen, fullScreenButton, heading, moves, play, playersOf, query, ranked, render, said, scoreList, seatColor, Stick } from "../../static/kit/kit.js";
import { SlowSocket } from "../../static/kit/network.js";
import { Playout } from "../../static/kit/playout.js";
import { Field } from "./draw.js";
import { DASH_REST, PUSH } from "./motion.js";
import { networkPanel } from "./panel.js";
import { Prediction, SNAP, STEP_MS } from "./prediction.js";
import { TEXTS } from "./words.js";

const ASLEEP_MS = 500; // steps that are older are not made up for: the page was hidden
const SAY_MS = 3000; // between two announcements to a screen reader
const WORDS_MS = 250; // between two updates of the scores
const SEEN = 3; // scores that are shown, where they lie over the field

const { documentElement: root } = document;
let round = null;

/** All that one room needs for its rounds; made once, and shown while one is played. */
class Round {
  #room;
  #stick = null;
  #started = performance.now(); // when the step under way began
  #drawn = performance.now();
  #meter = el("span", {});
  #part = "";
  #runs = false;
  #words = { due: null, shown: "" };
  #told = { at: 0, score: 0 };
  #list = null;
  #looks = new Map();
  #coins = [];
  #known = new Map(); // the discs by their seats, as they are shown: kept from frame to frame
  #shown = [];

  constructor(room, about) {
    this.#room = room;
    this.playing = room.seat.role === "player";
    this.prediction = new Prediction(room.seat.id);
    this.playout = new Playout({ step_ms: STEP_MS, snap: SNAP });
    const canvas = el("canvas", { class: "field", role: "img", "aria-label": TEXTS.field });
    this.field = new Field(canvas, moves);
    this.scores = el("div", {});
    this.clock = el("div", {});
    const dash = el("button", { type: "button", class: "primary big dash" }, TEXTS.dash, el("span", { class: "meter", "aria-hidden": "true" }, this.#meter));
    dash.addEventListener("pointerdown", () => this.#stick?.press());
    dash.addEventListener("click", (event) => event.detail === 0 && this.#stick?.press()); // pressed by key
    const menu = el("button", { type: "button", class: "menu", "aria-expanded": "false", onclick: () => menu.setAttribute("aria-expanded", String(root.classList.toggle("with-bar"))) }, el("span", { "aria-hidden": "true" }, "☰"), el("span", { class: "visually-hidden" }, TEXTS.menu));
    const pitch = el("div", { class: "pitch" }, el("div", { class: "frame" }, canvas), this.playing ? el("div", { class: "pushes" }, dash) : null);
    if (this.playing) {
      this.#stick = new Stick(pitch);
      // The first touch of a phone fills the screen, once: whoever leaves full screen stays out of it.
      pitch.addEventListener("pointerup", ({ pointerType }) => pointerType === "touch" && canFill() && fillScreen(true), { once: true });
    }
    // Shows what prediction is for, see rapid.rst; it is there before a round, too.
    const measured = () => ({ correction_px: this.prediction.correction / 10, delay_ms: this.playout.delay_ms, pending: this.prediction.pending });
    this.panel = query.has("network") ? networkPanel(measured) : null;
    this.side = el(
      "aside",
      { class: "side", "aria-label": TEXTS.coins },
      el("div", { class: "hud" }, el("h2", {}, TEXTS.coins), this.clock),
      this.scores,
      this.playing ? el("p", { class: "small muted keys" }, TEXTS.keys) : null,
    );
    this.node = el(
      "div",
      { class: "scene arena" },
      heading(said(about.title), { class: "visually-hidden" }),
      pitch,
      this.side,
      el("div", { class: "above" }, fullScreenButton({ class: "full" }), menu),
    );
    room.on("$change", ({ stream }) => stream === "room" && this.hear());
    for (const event of ["$seats", "$joined"]) room.on(event, () => this.#known.clear());
    room.on("$info", () => this.playing && room.info.status !== "playing" && this.prediction.end(room.state, this.#passed()));
    room.on("hit", (hit) => this.#hit(hit));
    this.hear();
  }

  /** The scene of a round: frames run as long as it is shown. */
  scene() {
    this.#words.shown = "";
    this.#told.score = 0;
    root.classList.remove("with-bar");
    if (this.panel) this.side.append(this.panel);
    fill(this.clock, countdown(this.#room, "finish", { hurry_s: 10 })); // one ends with its scene
    if (!this.#runs) requestAnimationFrame((now) => this.#frame(now));
    this.#runs = true;
    return { node: this.node, update: () => this.#later() };
  }

  /** Take what the server says. */
  hear() {
    const { tick, bodies, coins } = this.#room.state;
    if (!bodies) return;
    this.#coins = Object.values(coins);
    if (this.playing) this.prediction.hear(this.#room.state, this.#passed());
    this.playout.hear(tick, bodies, performance.now());
  }

  #hit(hit) {
    this.field.hit(hit, performance.now());
    if (hit.who !== this.#room.seat.id) return;
    cue("wrong");
    this.#say(TEXTS.hit(hit.lost), true);
  }

  /** How much of the step under way has passed. */
  #passed(now = performance.now()) {
    return Math.min(1, Math.max(0, (now - this.#started) / STEP_MS));
  }

  #frame(now) {
    this.#runs = this.node.isConnected;
    if (!this.#runs) return;
    requestAnimationFrame((next) => this.#frame(next));
    if (this.playing && this.prediction.there) {
      this.prediction.fade(now - this.#drawn);
      this.#steer(now);
      const part = (1 - this.prediction.rest / DASH_REST).toFixed(2);
      if (part !== this.#part) this.#meter.style.transform = `scaleX(${(this.#part = part)})`;
    }
    this.#drawn = now;
    this.field.draw({ discs: this.discs(now), coins: this.#coins, now });
  }

  #steer(now) {
    const { info } = this.#room;
    if (now - this.#started > ASLEEP_MS) this.#started = now;
    const over = info.status !== "playing" || info.paused || !this.prediction.there;
    while (now - this.#started >= STEP_MS) {
      this.#started += STEP_MS;
      if (!over) this.#room.tell("steer", this.prediction.step(this.#stick.takePress()));
    }
    const [x, y] = over ? [0, 0] : this.#stick.read().map((each) => Math.round(each * PUSH) + 0);
    this.prediction.aim(x, y, this.#passed(now));
  }

  /** Where each disc is shown: {seat, x, y, ...}; the same list and discs each time. */
  discs(now = performance.now()) {
    const places = this.playout.at(now);
    if (this.playing && this.prediction.there) places[this.#room.seat.id] = this.prediction.shown(this.#passed(now));
    this.#shown.length = 0;
    for (const seat of Object.keys(places)) {
      const disc = this.#discOf(seat);
      if (disc) this.#shown.push(Object.assign(disc, { x: places[seat][0], y: places[seat][1] }));
    }
    return this.#shown;
  }

  /** What is known of a disc except its place; null where nobody sits there. */
  #discOf(seat) {
    let disc = this.#known.get(seat);
    if (disc === undefined) {
      const known = this.#room.seats.get(seat);
      disc = known ? { seat, x: 0, y: 0, name: known.name, face: faceOf(known), color: this.#colorOf(known), me: seat === this.#room.seat.id, away: !known.online } : null;
      this.#known.set(seat, disc);
    }
    return disc;
  }

  #colorOf(seat) {
    const name = seatColor(seat);
    if (!this.#looks.has(name)) {
      const sample = el("span", { class: name, hidden: true });
      document.body.append(sample);
      const style = getComputedStyle(sample);
      this.#looks.set(name, { fill: style.getPropertyValue("--color"), on: style.getPropertyValue("--on-color") });
      sample.remove();
    }
    return this.#looks.get(name);
  }

  // Words

  #later() {
    this.#words.due ??= setTimeout(() => {
      this.#words.due = null;
      this.#draw();
    }, this.#words.shown ? WORDS_MS : 0);
  }

  #draw() {
    const room = this.#room;
    const here = new Set(playersOf(room).map(({ id }) => id));
    const entries = ranked(entriesOf(room.state.scores).filter(({ seat }) => here.has(seat)));
    const now = JSON.stringify(entries.map(({ seat, score }) => [seat, room.seats.get(seat).name, score]));
    if (now === this.#words.shown) return;
    this.#words.shown = now;
    if (!this.#list?.update(entries)) fill(this.scores, (this.#list = scoreList(room, entries, { label: TEXTS.coins, least: SEEN })));
    const own = entries.find(({ seat }) => seat === room.seat.id);
    if (own && own.score !== this.#told.score && this.#say(TEXTS.place(own.score, own.rank, entries.length))) this.#told.score = own.score;
  }

  #say(text, at_once = false) {
    if (!at_once && performance.now() - this.#told.at < SAY_MS) return false;
    this.#told.at = performance.now();
    announce(text);
    return true;
  }
}

function scene(room, about) {
  round ??= new Round(room, about);
  return round.scene();
}

function lobby(room, about) {
  round ??= new Round(room, about);
  return { more: [round.playing ? el("p", { class: "small muted" }, TEXTS.drag) : null, round.panel] };
}

const { room, about } = await play({ phone: scene, tv: scene, grow: false, lobby, connection: { binary: true, WebSocket: SlowSocket } });

round ??= new Round(room, about);
const end = render(room, () => root.classList.toggle("in-round", room.info.status === "playing"), ["$info", "$joined"]);
room.on("$left", () => {
  end();
  root.classList.remove("in-round");
});

/** For the console, and for tests: what is shown now, and what the server has said. */
globalThis.arena = { room, prediction: round.prediction, playout: round.playout, discs: () => round.discs().map((disc) => ({ ...disc })) };
