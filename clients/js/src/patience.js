/**
 * How long a client waits for somebody who says nothing. A node that stands still is left within the time in which others
 * take its rooms. Who was given up too soon, since the line is slow, is given twice the time when it is tried again; until
 * somebody answers in the time that is given at first: then the line is a good one, and it was the node.
 */

const DIAL_MS = 5000; // from dialling to `welcome`
const SILENCE_MS = 4000; // after a ping
const LARGE_MS = 8000; // the same behind an answer that may be large, and is heard only when it is whole
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

  /** Somebody was given up who had not said welcome. */
  lostDialling() {
    this.#dials = Math.min(LARGEST, 2 * this.#dials);
  }

  /** Somebody was given up who owed a large answer. */
  lostLarge() {
    this.#large = Math.min(LARGEST, 2 * this.#large);
  }

  /** @param {number} ms after so long somebody said welcome */
  welcomed(ms) {
    if (ms < DIAL_MS) this.#dials = 1;
  }

  /** @param {number} ms after so long a large answer was there */
  answered(ms) {
    if (ms < LARGE_MS) this.#large = 1;
  }
}
