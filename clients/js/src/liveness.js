/**
 * Is anybody there? A connection that says nothing is asked with pings, and given up when no answer comes; after a sleep
 * of the machine, or when somebody looks at the page again, it is asked at once; when the browser says that it is offline,
 * it is given up at once. The answers set the server's clock.
 *
 * Where a request has no answer, its node may stand still: 7 s after it was said the connection is given up at the latest,
 * and by then others have the node's rooms.
 */

import { CLOCK_SAMPLES } from "./clock.js";

/** @import { Connection } from "./connection.js" */
/** @import { ServerClock } from "./clock.js" */
/** @import { Patience } from "./patience.js" */
/** @import { Request } from "./requests.js" */

/** Requests whose answers may be large: whole rooms, and what was said in them. */
const LARGE = new Set(["create", "match", "join", "resume", "listen"]);

const TICK_MS = 500;
const LATE_MS = 1500; // ticks so far apart: the page was busy, and has yet to read what came meanwhile
const SLEPT_MS = 5000; // ticks so far apart: the machine slept, or the page was frozen
const PING_MS = 15_000; // between the pings of a quiet connection
const DOUBT_MS = 2000; // a request unanswered, and nothing heard for so long: is there still a connection?
const WAKE_MS = 3000; // silence after a ping that ends a sleep, where the connection is probably dead

export class Liveness {
  #connection;
  #clock;
  #pending;
  #patience;
  #onDoubt;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticker;
  #tickedAt = Date.now();
  #heardAt = 0;
  /** @type {number | null} */
  #pingedAt = null;
  #silence_ms = 0; // after this ping
  #largeAt = 0; // when the oldest was said that has no answer, of those whose answers may be large; 0: none
  #pongAt = 0;
  #page = new AbortController();

  /**
   * @param {Connection} connection
   * @param {ServerClock} clock
   * @param {Patience} patience
   * @param {{ pending: () => Iterable<Request>, onDoubt: () => void }} owner what has had no answer yet; and somebody
   *   else may know whether this node lives
   */
  constructor(connection, clock, patience, { pending, onDoubt }) {
    this.#connection = connection;
    this.#clock = clock;
    this.#patience = patience;
    this.#pending = pending;
    this.#onDoubt = onDoubt;
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
    this.#largeAt = 0;
  }

  /** Ask, unless it was asked and has not answered. */
  ping() {
    if (this.#pingedAt === null) this.#ping();
  }

  /** @param {{ at: number, now: number }} pong */
  onPong({ at, now }) {
    const samples = this.#clock.take(at, now);
    if (at !== this.#pingedAt) return; // the answer to a ping of before the sleep
    this.#pongAt = performance.now();
    this.#pingedAt = null;
    if (samples < CLOCK_SAMPLES / 2) this.#ping();
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
    if (connection.isWelcome) this.#ping(true);
    else if (connection.isWaiting) connection.dial();
    else if (connection.socket && performance.now() - connection.dialledAt > WAKE_MS) connection.hangUp(0);
  }

  #tick() {
    const apart_ms = Date.now() - this.#tickedAt;
    this.#tickedAt = Date.now();
    const now = performance.now();
    const connection = this.#connection;
    this.#lookForLarge();
    if (apart_ms > SLEPT_MS) return this.wake();
    if (apart_ms > LATE_MS) return;
    if (!connection.isWelcome) {
      if (!connection.socket || now - connection.dialledAt <= this.#patience.dial_ms) return;
      this.#patience.lostDialling();
      connection.giveUp();
    } else if (this.#pingedAt !== null) {
      if (now - Math.max(this.#pingedAt, this.#heardAt) <= this.#silence_ms) return;
      if (this.#largeAt) this.#patience.lostLarge();
      connection.giveUp();
    } else if (this.#doubts(now)) {
      this.#ping();
      this.#onDoubt();
    } else if (now - this.#pongAt > PING_MS) this.#ping();
  }

  #lookForLarge() {
    const said = [...this.#pending()].filter(({ op, saidAt }) => saidAt && LARGE.has(op)).map(({ saidAt }) => saidAt);
    if (this.#largeAt && !said.length) this.#patience.answered(this.#heardAt - this.#largeAt);
    this.#largeAt = said.length ? Math.min(...said) : 0;
  }

  /** @param {number} now */
  #doubts(now) {
    /** @param {Request} request */
    const unheard = ({ saidAt }) => Boolean(saidAt) && now - Math.max(saidAt, this.#heardAt) > DOUBT_MS;
    return [...this.#pending()].some(unheard);
  }

  #ping(hasSlept = false) {
    this.#lookForLarge();
    const behind = this.#largeAt > 0; // the pong comes behind what was asked for before, and of that alone there may be much
    this.#silence_ms = hasSlept ? WAKE_MS : this.#patience.silence_ms(behind);
    this.#pingedAt = performance.now();
    this.#connection.say({ op: "ping", at: this.#pingedAt });
  }
}
