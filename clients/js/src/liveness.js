/**
 * Is anybody there? A silent server is sent pings, and the connection is given up if no answer comes. After a sleep of
 * the machine, or when somebody looks at the page again, a ping is sent at once. When the browser says that it is
 * offline, the connection is given up at once. The answers set the server's clock.
 *
 * If a request gets no answer, its node may hang: 7 s after it was sent, at the latest, the connection is given up, and
 * by then others have the node's rooms.
 */

import { CLOCK_SAMPLES } from "./clock.js";

/** @import { Connection } from "./connection.js" */
/** @import { ServerClock } from "./clock.js" */
/** @import { Patience } from "./patience.js" */
/** @import { Request } from "./requests.js" */

/** Requests whose answers may be large: whole rooms, with their chat. */
const LARGE = new Set(["create", "match", "join", "resume", "listen"]);

const TICK_MS = 500;
const LATE_MS = 1500; // if ticks are so far apart, the page was busy, and has yet to read what came meanwhile
const SLEPT_MS = 5000; // if ticks are so far apart, the machine slept, or the page was frozen
const PING_MS = 15_000; // between the pings of a quiet connection
const DOUBT_MS = 2000; // if a request is unanswered and nothing has come for so long, a ping is sent
const WAKE_MS = 3000; // the most silence after a ping that follows a sleep: the connection is probably dead

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
  #silence_ms = 0; // the most silence after this ping
  #largeAt = 0; // when the oldest unanswered request was sent whose answer may be large; 0: there is none
  #pongAt = 0;
  #page = new AbortController();

  /**
   * @param {Connection} connection
   * @param {ServerClock} clock
   * @param {Patience} patience
   * @param {{ pending: () => Iterable<Request>, onDoubt: () => void }} owner its requests without an answer; what to call
   *   when the server is silent
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

  /** Forget a ping: the connection that it was sent on is gone. */
  forget() {
    this.#pingedAt = null;
    this.#largeAt = 0;
  }

  /** Send a ping, unless one is unanswered. */
  ping() {
    if (this.#pingedAt === null) this.#ping();
  }

  /** @param {{ at: number, now: number }} pong */
  onPong({ at, now }) {
    const samples = this.#clock.take(at, now);
    if (at !== this.#pingedAt) return; // the answer to an older ping, of before a sleep
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
    // The socket would not notice for half a minute. A server that can be reached, as on this machine, is dialled again.
    globalThis.addEventListener?.("offline", () => this.#connection.socket && this.#connection.hangUp(), { signal });
  }

  /** Somebody looks at the page again, or the network is back: do not wait for timers that run already. */
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
    const behind = this.#largeAt > 0; // the pong comes after earlier answers, which alone may be large
    this.#silence_ms = hasSlept ? WAKE_MS : this.#patience.silence_ms(behind);
    this.#pingedAt = performance.now();
    this.#connection.say({ op: "ping", at: this.#pingedAt });
  }
}
