// A whole arena in one thread and on a made-up clock: the server's rules (games/arena/game.py, but for coins), a network
// with latency, and the page's own prediction and playout, drawn 60 times a second.

import { arena, kitModule } from "./arena.js";

const { DASH_REST, HEIGHT, RADIUS, WIDTH, bump, step } = await arena("motion.js");
const { Prediction, SNAP, STEP_MS } = await arena("prediction.js");
const { Playout } = await kitModule("playout.js");
const { Way } = await kitModule("network.js");

const FRAME_MS = 1000 / 60;
const CREDIT = 4; // these two as in game.py
const SPARE = 2;

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
export function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Time that passes when it is told to. */
export class Time {
  now = 0;
  #due = [];

  later = (call, ms) => {
    this.#due.push({ at: this.now + Math.max(0, ms), call, order: this.#due.length });
  };

  run(until) {
    for (;;) {
      this.#due.sort((a, b) => a.at - b.at);
      if (!this.#due.length || this.#due[0].at > until) break;
      const { at, call } = this.#due.shift();
      this.now = Math.max(this.now, at);
      call();
    }
    this.now = until;
  }
}

export class Server {
  tick = 0;
  bodies = {};
  dashes = {};
  listeners = [];
  #queues = {};
  #credits = {};
  #time;
  #random;
  #late_ms;

  constructor(time, random, late_ms) {
    this.#time = time;
    this.#random = random;
    this.#late_ms = late_ms;
    this.#arm();
  }

  join(seat, x, y) {
    this.bodies[seat] = [x, y, 0, 0, 0];
    this.dashes[seat] = this.#credits[seat] = 0;
    this.#queues[seat] = [];
  }

  steer(seat, command) {
    const queue = this.#queues[seat];
    const last = queue.at(-1)?.n ?? this.bodies[seat][4];
    if (command.n <= last) return;
    if (queue.length === CREDIT + SPARE) queue.shift();
    queue.push(command);
  }

  #arm() {
    const due = (this.tick + 1) * STEP_MS + this.#random() * this.#late_ms;
    this.#time.later(() => this.#turn(), due - this.#time.now);
  }

  #turn() {
    this.tick += 1;
    const bodies = {};
    for (const [seat, body] of Object.entries(this.bodies)) bodies[seat] = this.#follow(seat, body);
    const seats = Object.keys(bodies);
    for (const [i, a] of seats.entries()) {
      for (const b of seats.slice(i + 1)) [bodies[a], bodies[b]] = bump(bodies[a], bodies[b]);
    }
    this.bodies = bodies;
    const state = { tick: this.tick, bodies, dashes: { ...this.dashes } };
    for (const tell of this.listeners) tell(state);
    this.#arm();
  }

  #follow(seat, body) {
    const queue = this.#queues[seat];
    let credit = Math.min(CREDIT, this.#credits[seat] + 1);
    const done = Math.min(credit, queue.length, queue.length > 2 ? 2 : 1);
    for (const { n, x, y, dash } of queue.splice(0, done)) {
      const dashes = Boolean(dash) && n >= this.dashes[seat] && (x !== 0 || y !== 0);
      if (dashes) this.dashes[seat] = n + DASH_REST;
      body = step(body, n, x, y, dashes);
    }
    credit -= done;
    if (credit === CREDIT) {
      body = step(body, body[4], 0, 0, false);
      credit -= 1;
    }
    const late = queue.splice(0, Math.max(0, queue.length - Math.max(SPARE, credit)));
    if (late.length) body = [...body.slice(0, 4), late.at(-1).n];
    this.#credits[seat] = credit;
    return body;
  }
}

/** A page: what it shows, frame by frame. `frames` holds {at, own: [x, y], others: {seat: [x, y]}, correction}. */
export class Page {
  frames = [];
  corrections = [];
  playout = new Playout({ step_ms: STEP_MS, snap: SNAP });
  #time;
  #up;
  #state = null;
  #stepped;
  #steer;
  #dash = false;

  /** `steer(now)` → [x, y, dash]: what the player does. */
  constructor(time, server, seat, network, random, steer) {
    const options = { now: () => time.now, later: time.later, random };
    this.seat = seat;
    this.prediction = new Prediction(seat);
    this.#time = time;
    this.#steer = steer;
    this.#up = new Way((command) => server.steer(seat, command), network, options);
    const down = new Way((state) => this.#hear(state), network, options);
    server.listeners.push((state) => down.send(state));
    this.#stepped = time.now;
    time.later(() => this.#draw(), random() * FRAME_MS);
  }

  get #part() {
    return Math.min(1, (this.#time.now - this.#stepped) / STEP_MS);
  }

  #hear(state) {
    this.#state = state;
    this.prediction.hear(state, this.#part);
    this.corrections.push(this.prediction.correction / 10);
    this.playout.hear(state.tick, state.bodies, this.#time.now);
  }

  #draw() {
    const now = this.#time.now;
    this.#time.later(() => this.#draw(), FRAME_MS);
    if (!this.#state) return;
    const [x, y, dash] = this.#steer(now);
    this.#dash ||= dash;
    this.prediction.fade(FRAME_MS);
    while (now - this.#stepped >= STEP_MS) {
      this.#stepped += STEP_MS;
      this.#up.send(this.prediction.step(this.#dash));
      this.#dash = false;
    }
    this.prediction.aim(x, y, this.#part);
    const own = this.prediction.shown(this.#part).map((each) => each / 10);
    const places = Object.entries(this.playout.at(now)).filter(([seat]) => seat !== this.seat);
    const others = Object.fromEntries(places.map(([seat, place]) => [seat, place.map((each) => each / 10)]));
    this.frames.push({ at: now, own, others });
  }
}

/** Somebody who changes direction now and then; of `dashes` of the times with a dash. */
export function wanderer(random, dashes = 0) {
  let until = 0;
  let way = [0, 0];
  return (now) => {
    if (now < until) return [...way, false];
    until = now + 200 + random() * 600;
    way = [Math.round(random() * 16 - 8), Math.round(random() * 16 - 8)];
    return [...way, random() < dashes];
  };
}

/** Run players about for so long; → {server, pages}. */
export function play({ players = 1, s = 20, network, late_ms = 4, seed = 1, dashes = 0, steer }) {
  const time = new Time();
  const random = chance(seed);
  const server = new Server(time, random, late_ms);
  const pages = [];
  for (let i = 0; i < players; i += 1) {
    const seat = String(i + 1);
    server.join(seat, Math.round(RADIUS + random() * (WIDTH - 2 * RADIUS)), Math.round(RADIUS + random() * (HEIGHT - 2 * RADIUS)));
    pages.push(new Page(time, server, seat, network, random, steer ?? wanderer(random, dashes)));
  }
  time.run(s * 1000);
  return { server, pages };
}

/** The longest way that something shown goes from one frame to the next, and the sharpest change of that way. */
export function smoothness(places) {
  let jump = 0;
  let jerk = 0;
  let before = null;
  for (let i = 1; i < places.length; i += 1) {
    const went = [places[i][0] - places[i - 1][0], places[i][1] - places[i - 1][1]];
    jump = Math.max(jump, Math.hypot(...went));
    if (before) jerk = Math.max(jerk, Math.hypot(went[0] - before[0], went[1] - before[1]));
    before = went;
  }
  return { jump, jerk };
}

export function quantile(values, part) {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
}
