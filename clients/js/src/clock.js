/** The server's clock, as far as it can be told from here. */

export const CLOCK_SAMPLES = 8;

/** Of the last answers the quickest is the surest: it tells the time to within half of its way there and back. */
export class ServerClock {
  /** @type {{ trip: number, offset: number }[]} */
  #samples = [];
  #best = { offset: performance.timeOrigin, trip: Infinity };

  now() {
    return performance.now() + this.#best.offset;
  }

  restart() {
    this.#samples = [];
  }

  /**
   * Said at `at` by our clock, answered at `now` by the server's; returns how many samples there are.
   * @param {number} at
   * @param {number} now
   */
  take(at, now) {
    const heard = performance.now();
    const trip = heard - at;
    const sample = { trip, offset: now - (at + heard) / 2 };
    const apart = Math.abs(sample.offset - this.#best.offset);
    if (apart > (trip + this.#best.trip) / 2 + 2) this.restart(); // one of the clocks has stood still, or was set
    this.#samples = [...this.#samples, sample].slice(-CLOCK_SAMPLES);
    this.#best = this.#samples.reduce((best, other) => (other.trip < best.trip ? other : best));
    return this.#samples.length;
  }
}
