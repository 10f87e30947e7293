/**
 * How long a client waits for a silent server. A node that hangs is left within the time in which others take its
 * rooms. In case a slow line was the reason, the next try gets twice the time. Once an answer comes within the first
 * time limit, the line is good, and that limit holds again.
 */

const DIAL_MS = 5000; // from dialling to `welcome`
const SILENCE_MS = 4000; // after a ping
const LARGE_MS = 8000; // the same for a large answer, which is heard only when all of it is there
const LONGEST_MS = 20_000;
const LARGEST = 4;

export class Patience {
  #dials = 1;
  #large = 1;

  get dial_ms() {
    return Math.min(LONGEST_MS, this.#dials * DIAL_MS);
  }

  /** @param {boolean} isLarge */
  silence_ms(isLarge) {
    return isLarge ? Math.min(LONGEST_MS, this.#large * LARGE_MS) : SILENCE_MS;
  }

  /** A connection was given up before its welcome: allow twice the time. */
  lostDialling() {
    this.#dials = Math.min(LARGEST, 2 * this.#dials);
  }

  /** A connection was given up that owed a large answer: allow twice the time. */
  lostLarge() {
    this.#large = Math.min(LARGEST, 2 * this.#large);
  }

  /** @param {number} ms how long a welcome took */
  welcomed(ms) {
    if (ms < DIAL_MS) this.#dials = 1;
  }

  /** @param {number} ms how long a large answer took */
  answered(ms) {
    if (ms < LARGE_MS) this.#large = 1;
  }
}
