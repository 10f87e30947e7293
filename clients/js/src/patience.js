/**
 * How long a client waits for somebody who says nothing. A node that stands still is left within the time in which others
 * take its rooms; who was given up too soon, since the line is slow, is given twice the time when it is tried again.
 */

const DIAL_MS = 5000; // from dialling to `welcome`
const SILENCE_MS = 4000; // after a ping
const LARGE_MS = 8000; // the same behind an answer that may be large, and is heard only when it is whole
const LONGEST_MS = 20_000;
const LARGEST = 4;

export const STEADY_MS = LONGEST_MS; // a connection that brings something after so long was given time enough

export class Patience {
  #dials = 1;
  #silences = 1;

  get dial_ms() {
    return Math.min(LONGEST_MS, this.#dials * DIAL_MS);
  }

  /** @param {boolean} isLarge */
  silence_ms(isLarge) {
    return Math.min(LONGEST_MS, this.#silences * (isLarge ? LARGE_MS : SILENCE_MS));
  }

  /** Somebody was given up who had not said welcome. */
  lostDialling() {
    this.#dials = Math.min(LARGEST, 2 * this.#dials);
  }

  /** Somebody was given up who had. */
  lostSilent() {
    this.#silences = Math.min(LARGEST, 2 * this.#silences);
  }

  /** The line is a good one. */
  steady() {
    this.#dials = this.#silences = 1;
  }
}
