/*
 * What this player's own body does, before the server says so.
 *
 * Each step's command moves the body here at once, and is kept until the server's body has followed it. What the server
 * sends is taken as it is, and the commands that it has not followed yet are applied again on top. Page and server do
 * the same arithmetic, so that they come to the same place. If another body came in the way, the difference becomes an
 * offset of what is shown; the offset fades, so that nothing jumps.
 */

const FADE_MS = 50; // an offset halves in this time
const KEPT = 200; // commands; one that has no answer after so many others gets none any more

/**
 * One step of the player's own body among others: → [body, others, ready]. `ready` is whatever the game keeps beside
 * the body, such as the number of the command from which something may be done again.
 * @callback Advance
 * @param {any} body
 * @param {any[]} others
 * @param {any} ready
 * @param {{ n: number, x: number, y: number, dash?: boolean }} command
 * @returns {[any, any[], any]}
 */

export class Prediction {
  /** How far the last message of the server moved the predicted body, in units of place. */
  correction = 0;

  #seat;
  #body = null;
  #next = null; // where the step will lead, until something changes
  #others = [];
  #ready = 0;
  #pending = [];
  #n = 0;
  #aim = { x: 0, y: 0 };
  #offset = [0, 0];
  #advance;
  #snap;

  /**
   * A body is [x, y, vx, vy, n]: n is the number of the last command that it has followed.
   * @param {string} seat
   * @param {{ advance: Advance, snap?: number }} rules `snap`, in units of place: a larger difference is no correction
   * but another place, as at the beginning of a round
   */
  constructor(seat, { advance, snap = Infinity }) {
    this.#seat = seat;
    this.#advance = advance;
    this.#snap = snap;
  }

  /** Whether there is a body to steer. */
  get there() {
    return this.#body !== null;
  }

  /** The predicted body, without the offset: [x, y, vx, vy, n]. */
  get body() {
    return this.#body;
  }

  get pending() {
    return this.#pending.length;
  }

  /** Steps until the next dash. */
  get rest() {
    return Math.max(0, this.#ready - this.#n - 1);
  }

  /** Set where the player wants to go from now on; `part` (0 to 1) of the step has passed. */
  aim(x, y, part) {
    if (x === this.#aim.x && y === this.#aim.y) return;
    this.#smoothly(part, part, () => (this.#aim = { x, y }));
  }

  /** A step is over: → its command, to be sent. */
  step(dash) {
    const { x, y } = this.#aim;
    const n = this.#n + 1;
    const command = dash ? { n, x, y, dash: true } : { n, x, y };
    this.#smoothly(1, 0, () => {
      this.#n = n;
      this.#pending.push(command);
      this.#pending.splice(0, this.#pending.length - KEPT);
      [this.#body, this.#others, this.#ready] = this.#advance(this.#body, this.#others, this.#ready, command);
    });
    return command;
  }

  /** Take where the server says everything is; `part` (0 to 1) of a step has passed here since the last one. */
  hear({ bodies, dashes }, part) {
    const told = bodies[this.#seat];
    if (!told) {
      this.#body = this.#next = null;
      return;
    }
    const before = this.#body;
    const change = () => {
      this.#pending = this.#pending.filter(({ n }) => n > told[4]);
      this.#n = Math.max(this.#n, told[4]);
      this.#body = [...told];
      this.#ready = dashes[this.#seat] ?? 0;
      this.#others = Object.entries(bodies).filter(([seat]) => seat !== this.#seat).map(([, body]) => body);
      for (const command of this.#pending) {
        [this.#body, this.#others, this.#ready] = this.#advance(this.#body, this.#others, this.#ready, command);
      }
    };
    if (before === null) change();
    else this.#smoothly(part, part, change);
    this.correction = before === null ? 0 : Math.hypot(this.#body[0] - before[0], this.#body[1] - before[1]);
  }

  /** The round is over: drop the commands that the server has not followed. */
  end(state, part) {
    this.#pending = [];
    this.hear(state, part);
  }

  /** Let the offset fade, since time has passed. */
  fade(ms) {
    const left = 0.5 ** (ms / FADE_MS);
    this.#offset = this.#offset.map((each) => each * left);
  }

  /** Where to draw the body, when `part` (0 to 1) of the step has passed. */
  shown(part) {
    const [x, y] = this.#target(part);
    return [x + this.#offset[0], y + this.#offset[1]];
  }

  /** The place on the way to where the step will lead, if nothing changes. */
  #target(part) {
    this.#next ??= this.#advance(this.#body, this.#others, this.#ready, { n: this.#n + 1, ...this.#aim })[0];
    return [0, 1].map((axis) => this.#body[axis] + (this.#next[axis] - this.#body[axis]) * part);
  }

  /** Change what is known, with an offset that shows the body where it was. */
  #smoothly(before, after, change) {
    const was = this.#target(before);
    change();
    this.#next = null;
    const is = this.#target(after);
    this.#offset = this.#offset.map((each, axis) => each + was[axis] - is[axis]);
    if (Math.hypot(...this.#offset) > this.#snap) this.#offset = [0, 0];
  }
}
