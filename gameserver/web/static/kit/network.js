/*
 * A network that is worse than the real one: what this page sends and receives takes longer, unevenly, and some of it
 * is lost. A WebSocket runs over TCP, which sends again what was lost. So nothing is missing in the end, but what was
 * lost comes late, and all that was sent after it waits.
 */

/** What people set. `loss` is the share of messages that are lost, 0 to 1; `delay_ms` is for both ways together. */
export const network = { delay_ms: 0, jitter_ms: 0, loss: 0 };

const RESEND_MS = 200; // the least that TCP waits before it sends again (Linux's TCP_RTO_MIN)

/** One way through the network: what goes in comes out in the same order. */
export class Way {
  #deliver;
  #settings;
  #now;
  #later;
  #random;
  #waiting = [];
  #last = 0;

  /** `deliver` is called with each thing; tests pass their own `now`, `later(call, ms)` and `random`. */
  constructor(deliver, settings = network, { now = () => performance.now(), later = setTimeout, random = Math.random } = {}) {
    this.#deliver = deliver;
    this.#settings = settings;
    this.#now = now;
    this.#later = (call, ms) => later(call, ms);
    this.#random = random;
  }

  send(thing) {
    const now = this.#now();
    const due = Math.max(this.#last, now + this.#delay());
    this.#last = due;
    if (due <= now && !this.#waiting.length) return this.#deliver(thing);
    this.#waiting.push({ thing, due });
    if (this.#waiting.length === 1) this.#wait();
    return undefined;
  }

  /** Drop everything that is under way. */
  cut() {
    this.#waiting = [];
    this.#deliver = () => {};
  }

  #delay() {
    const { delay_ms, jitter_ms, loss } = this.#settings;
    const lost = this.#random() < loss ? Math.max(RESEND_MS, 2 * delay_ms) : 0;
    return delay_ms / 2 + this.#random() * jitter_ms + lost;
  }

  #wait() {
    this.#later(() => this.#arrive(), Math.max(0, this.#waiting[0]?.due - this.#now()) || 0);
  }

  #arrive() {
    while (this.#waiting.length && this.#waiting[0].due <= this.#now() + 0.5) this.#deliver(this.#waiting.shift().thing);
    if (this.#waiting.length) this.#wait();
  }
}

/** A WebSocket by way of `network`: pass it as the client's `WebSocket`. */
export class SlowSocket {
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;
  #socket;
  #up;
  #down;

  constructor(url, protocols) {
    this.#socket = new WebSocket(url, protocols);
    this.#up = new Way((call) => call());
    this.#down = new Way((call) => call());
    for (const type of ["open", "message", "error", "close"]) {
      this.#socket[`on${type}`] = (event) => this.#down.send(() => this[`on${type}`]?.(event));
    }
  }

  get readyState() {
    return this.#socket.readyState;
  }

  get protocol() {
    return this.#socket.protocol;
  }

  get bufferedAmount() {
    return this.#socket.bufferedAmount;
  }

  get binaryType() {
    return this.#socket.binaryType;
  }

  set binaryType(type) {
    this.#socket.binaryType = type;
  }

  send(frame) {
    this.#up.send(() => this.#socket.readyState === 1 && this.#socket.send(frame));
  }

  close(...why) {
    this.#up.send(() => this.#socket.close(...why));
  }
}
