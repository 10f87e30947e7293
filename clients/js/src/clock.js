/** The server's clock, as far as a client can know it. */

export const CLOCK_SAMPLES = 8;

/** Of the last answers, the quickest is the best: it tells the time with an error of at most half its round trip. */
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
   * A ping was sent at `at` by our clock, and answered at `now` by the server's. Returns how many samples there are.
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
