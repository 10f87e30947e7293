/*
 * Bodies that others move, shown as they were a moment ago: between two places that the server has sent, so that they
 * move smoothly.
 *
 * How long ago is as short as the network allows: one step, and as much as the latest message of the last seconds was
 * late. It changes slowly, so that time here runs a little faster or slower for a while, and nothing jumps.
 */

const WATCH_MS = 3000; // how long arrivals are remembered
const SPARE_MS = 4;
const LONGEST_MS = 500;
const WARP = 0.1; // the share by which time may run faster or slower
const LOST_MS = 1000; // a larger difference is no drift: the page slept, or a new round began
const GUESS_STEPS = 2; // for how many steps bodies go on if nothing more has come
const FADE_MS = 100; // after this time a wrong guess is half as wrong

export class Playout {
  #told = [];
  #arrivals = [];
  #behind = null; // what is shown at the local time t is the step (t - behind) / this.#step_ms
  #at = 0;
  #offsets = {};
  #faded = 0;
  #step_ms;
  #snap;

  /**
   * A body is [x, y, vx, vy, …], its speed in units of place per step.
   * @param {{ step_ms: number, snap?: number }} rules `step_ms`: between two ticks of the server. `snap`, in units of
   * place: a body that is further off has another place, and is not moved there smoothly.
   */
  constructor({ step_ms, snap = Infinity }) {
    this.#step_ms = step_ms;
    this.#snap = snap;
  }

  /** How far what is shown lies behind the quickest of the last messages, in ms. */
  get delay_ms() {
    return this.#behind === null ? 0 : this.#behind - this.#best();
  }

  /** Take where the server says the bodies were at a tick; `now` in ms. */
  hear(tick, bodies, now) {
    const last = this.#told.at(-1);
    if (last && tick < last.tick) this.#forget();
    if (last && tick === last.tick) this.#told.pop();
    const before = this.#places(now);
    this.#told.push({ tick, bodies: Object.fromEntries(Object.entries(bodies).map(([seat, body]) => [seat, [...body]])) });
    this.#told.splice(0, this.#told.length - 60);
    this.#arrivals.push({ at: now, base: now - tick * this.#step_ms });
    this.#smooth(before, this.#places(now));
    while (this.#arrivals.length > 1 && now - this.#arrivals[0].at > WATCH_MS) this.#arrivals.shift();
  }

  /** Where to draw each body at `now`: {seat: [x, y]}. */
  at(now) {
    if (!this.#told.length) return {};
    this.#follow(now);
    const left = 0.5 ** ((now - this.#faded) / FADE_MS);
    this.#faded = now;
    const shown = this.#places(now);
    for (const seat of Object.keys(this.#offsets)) {
      const [offset, place] = [this.#offsets[seat], shown[seat]];
      offset[0] *= left;
      offset[1] *= left;
      if (!place) continue;
      place[0] += offset[0];
      place[1] += offset[1];
    }
    return shown;
  }

  /** The places at this moment, known or else guessed. */
  #places(now) {
    if (!this.#told.length || this.#behind === null) return {};
    const tick = (now - this.#behind) / this.#step_ms;
    const next = this.#told.findIndex((each) => each.tick > tick);
    if (next === 0) return places(this.#told[0].bodies);
    if (next < 0) return guessed(this.#told.at(-1), Math.min(GUESS_STEPS, tick - this.#told.at(-1).tick));
    const [a, b] = [this.#told[next - 1], this.#told[next]];
    const part = (tick - a.tick) / (b.tick - a.tick);
    return placed(b.bodies, (seat, to) => {
      const from = a.bodies[seat] ?? to;
      return [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part];
    });
  }

  /** Go over smoothly from what was guessed to what has come. */
  #smooth(before, after) {
    const offsets = {};
    for (const [seat, place] of Object.entries(after)) {
      const known = this.#offsets[seat] ?? [0, 0];
      const offset = place.map((each, axis) => known[axis] + (before[seat] ?? place)[axis] - each);
      offsets[seat] = Math.hypot(...offset) > this.#snap ? [0, 0] : offset;
    }
    this.#offsets = offsets;
  }

  /** Adjust how far behind we are, so that what is shown has come by then. */
  #follow(now) {
    const best = this.#best();
    const latest = this.#arrivals.reduce((most, { base }) => Math.max(most, base), -Infinity) - best;
    const wanted = best + Math.min(LONGEST_MS, this.#step_ms + latest + SPARE_MS);
    const most = Math.max(0, now - this.#at) * WARP;
    this.#at = now;
    if (this.#behind === null || Math.abs(wanted - this.#behind) > LOST_MS) this.#behind = wanted;
    else this.#behind += Math.min(most, Math.max(-most, wanted - this.#behind));
  }

  #best() {
    return this.#arrivals.reduce((least, { base }) => Math.min(least, base), Infinity);
  }

  #forget() {
    this.#told = [];
    this.#arrivals = [];
    this.#behind = null;
    this.#offsets = {};
  }
}

/** A place for each body. This runs in each frame, so it makes no other objects. */
function placed(bodies, place) {
  const all = {};
  for (const seat of Object.keys(bodies)) all[seat] = place(seat, bodies[seat]);
  return all;
}

function places(bodies) {
  return placed(bodies, (seat, body) => [body[0], body[1]]);
}

function guessed({ bodies }, steps) {
  return placed(bodies, (seat, body) => [body[0] + body[2] * steps, body[1] + body[3] * steps]);
}
