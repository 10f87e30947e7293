/**
 * Is anybody there? A connection that says nothing is asked with pings, and given up when no answer comes; after a sleep
 * of the machine, or when somebody looks at the page again, it is asked at once; when the browser says that it is offline,
 * it is given up at once. The answers set the server's clock.
 */

import { CLOCK_SAMPLES } from "./clock.js";

/** @import { Connection } from "./connection.js" */
/** @import { ServerClock } from "./clock.js" */
/** @import { Request } from "./requests.js" */

/** Requests that the server finishes before it looks at what follows them, pings apart; a game's hook may take 10 s. */
const HOLDING = new Set(["create", "match", "join", "resume", "listen"]);

const DIAL_MS = 15_000; // from dialling to `welcome`, at most
const TICK_MS = 1000;
const SLEPT_MS = 5000; // ticks so far apart: the machine slept, or the page was frozen
const PING_MS = 15_000; // between the pings of a quiet connection
const DOUBT_MS = 3000; // a request unanswered, and nothing heard for so long: is there still a connection?
const PATIENCE_MS = 6000; // silence after a ping, and the connection is dead
const WAKE_PATIENCE_MS = 3000; // the same after a sleep, where it probably is
const HELD_PATIENCE_MS = 20_000; // the same while a `HOLDING` request is under way

export class Liveness {
  #connection;
  #clock;
  #pending;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticker;
  #tickedAt = Date.now();
  #heardAt = 0;
  /** @type {number | null} */
  #pingedAt = null;
  #patience = PATIENCE_MS;
  #pongAt = 0;
  #page = new AbortController();

  /**
   * @param {Connection} connection
   * @param {ServerClock} clock
   * @param {() => Iterable<Request>} pending what has had no answer yet
   */
  constructor(connection, clock, pending) {
    this.#connection = connection;
    this.#clock = clock;
    this.#pending = pending;
  }

  /** Watch from now on. */
  start() {
    this.#watchPage();
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Watch no more. */
  end() {
    clearInterval(this.#ticker);
    this.#page.abort();
  }

  /** A frame came. */
  heard() {
    this.#heardAt = performance.now();
  }

  /** The connection that was asked is gone. */
  forget() {
    this.#pingedAt = null;
  }

  ping() {
    this.#ping(PATIENCE_MS);
  }

  /** @param {{ at: number, now: number }} pong */
  onPong({ at, now }) {
    const samples = this.#clock.take(at, now);
    if (at !== this.#pingedAt) return; // the answer to a ping of before the sleep
    this.#pongAt = performance.now();
    this.#pingedAt = null;
    if (samples < CLOCK_SAMPLES / 2) this.#ping(PATIENCE_MS);
  }

  #watchPage() {
    const { signal } = this.#page;
    /** @type {[EventTarget | undefined, string][]} */
    const events = [[globalThis.document, "visibilitychange"], [globalThis, "pageshow"], [globalThis, "online"]];
    for (const [target, type] of events) {
      target?.addEventListener?.(type, () => this.wake(), { signal });
    }
    // The socket would not notice for half a minute. What can be reached all the same, on this machine, is dialled again.
    globalThis.addEventListener?.("offline", () => this.#connection.socket && this.#connection.hangUp(), { signal });
  }

  /** Somebody looks again, or the network is back: do not wait for timers that were made before. */
  wake() {
    const connection = this.#connection;
    if (globalThis.document?.visibilityState === "hidden") return;
    if (connection.isWelcome) this.#ping(WAKE_PATIENCE_MS);
    else if (connection.isWaiting) connection.dial();
    else if (connection.socket && performance.now() - connection.dialledAt > WAKE_PATIENCE_MS) connection.hangUp(0);
  }

  #tick() {
    const slept = Date.now() - this.#tickedAt > SLEPT_MS;
    this.#tickedAt = Date.now();
    const now = performance.now();
    const connection = this.#connection;
    if (slept) this.wake();
    else if (!connection.isWelcome) {
      if (connection.socket && now - connection.dialledAt > DIAL_MS) connection.hangUp();
    } else if (this.#pingedAt !== null) {
      const held = [...this.#pending()].some(({ op }) => HOLDING.has(op));
      const patience_ms = held ? HELD_PATIENCE_MS : this.#patience;
      if (now - Math.max(this.#pingedAt, this.#heardAt) > patience_ms) connection.hangUp();
    } else if (now - this.#pongAt > PING_MS || this.#doubts(now)) this.#ping(PATIENCE_MS);
  }

  /** @param {number} now */
  #doubts(now) {
    /** @param {Request} request */
    const unheard = ({ saidAt }) => Boolean(saidAt) && now - Math.max(saidAt, this.#heardAt) > DOUBT_MS;
    return [...this.#pending()].some(unheard);
  }

  /** @param {number} patience_ms */
  #ping(patience_ms) {
    this.#patience = patience_ms;
    this.#pingedAt = performance.now();
    this.#connection.say({ op: "ping", at: this.#pingedAt });
  }
}
