/**
 * One WebSocket after another: it dials, says hello, reads frames, and dials again after random, growing waits. What a
 * message means, and what hangs on a connection, is its owner's.
 */

import { fullJitter } from "./backoff.js";
import { ServerClock } from "./clock.js";
import { FINAL, GameError } from "./errors.js";
import { Liveness } from "./liveness.js";

/** @import { Form } from "./json.js" */
/** @import { Patience } from "./patience.js" */
/** @import { Request } from "./requests.js" */

/** @typedef {Record<string, any> & { op: string }} Message */
/** @typedef {WebSocket & { terminate?: () => void }} Socket */

/**
 * What a connection tells, and asks of, whoever has it.
 * @typedef {object} Owner
 * @property {() => object | Promise<object>} who the fields of `hello` that say who this is
 * @property {() => string | undefined} key which client this is, as the server called it
 * @property {(message: any, connection: Connection) => void} onMessage
 * @property {(connection: Connection) => void} onLost it is over, and the next is about to be dialled
 * @property {(connection: Connection) => boolean} onUnreachable nobody answers there; returns whether to dial on
 * @property {(error: GameError) => void} onRefused there can be no further connection
 * @property {(connection: Connection) => Iterable<Request>} pending what has had no answer yet
 * @property {(connection: Connection) => void} onDoubt it owes an answer, and says nothing
 */

const STEADY_MS = 10_000; // a connection that stood so long was a good one: after it the waits begin anew

export class Connection {
  /** @type {Socket | null} */
  socket = null;
  isWelcome = false;
  dialledAt = 0;
  helloAt = 0;
  url;
  clock = new ServerClock(); // of the server at its other end

  #owner;
  #form;
  #WebSocket;
  #liveness;
  #patience;
  #ended = false;
  welcomedAt = 0;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #redial = null;
  /** @type {((frame: any) => any) | undefined} */
  #reader;
  /** @type {any[]} */
  #inbox = [];
  /** @type {ReturnType<typeof setTimeout> | null} */
  #handing = null;

  /**
   * @param {Owner} owner
   * @param {{ url: string, WebSocket: any, form: Form, patience: Patience }} means
   */
  constructor(owner, { url, WebSocket, form, patience }) {
    this.#owner = owner;
    this.url = url;
    this.#WebSocket = WebSocket;
    this.#form = form;
    this.#patience = patience;
    const [pending, onDoubt] = [() => owner.pending(this), () => owner.onDoubt(this)];
    this.#liveness = new Liveness(this, this.clock, patience, { pending, onDoubt });
  }

  start() {
    this.#liveness.start();
    this.dial();
  }

  /** Whether the next socket is to be dialled after a wait. */
  get isWaiting() {
    return this.#redial !== null;
  }

  dial() {
    this.#stopWaiting();
    this.#redial = null;
    this.dialledAt = performance.now();
    /** @type {Socket} */
    let socket;
    try {
      socket = new this.#WebSocket(this.url, this.#form.subprotocol);
    } catch (error) {
      const why = /** @type {Error} */ (error).message;
      setTimeout(() => this.#cannotDial(why)); // whoever wants this connection has not got it yet
      return;
    }
    this.socket = socket;
    this.#reader = this.#form.reader();
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.hello();
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onerror = () => {}; // `close` follows
    socket.onclose = ({ code, reason }) => {
      const final = FINAL.get(code);
      if (final) this.#owner.onRefused(new GameError(final, reason || `The server closed with ${code}.`));
      else this.hangUp();
    };
  }

  /** @param {string} why */
  #cannotDial(why) {
    if (this.#ended || !this.#owner.onUnreachable(this)) return;
    this.#owner.onRefused(new GameError("closed", `${this.url} cannot be dialled: ${why}`));
  }

  /** Say who this is: as soon as the socket is open, and again as somebody new where the server knows no such token. */
  hello() {
    this.helloAt = performance.now();
    const who = this.#owner.who();
    if (who instanceof Promise) this.#helloLater(who);
    else this.#sayHello(who);
  }

  /**
   * A ticket has to be bought first.
   * @param {Promise<object>} asked
   */
  async #helloLater(asked) {
    const { socket } = this;
    try {
      const who = await asked;
      if (socket === this.socket) this.#sayHello(who);
    } catch (failed) {
      if (socket !== this.socket) return;
      const error = /** @type {GameError | undefined} */ (failed);
      if (error?.code !== "unauthenticated") return this.hangUp();
      this.#owner.onRefused(new GameError(error.code, error.message));
    }
  }

  /** @param {object} who */
  #sayHello(who) {
    this.say({ op: "hello", ...who, client: this.#owner.key(), ops: this.#form.ops });
  }

  /**
   * The server said welcome: whatever waited for that may be said.
   * @param {number} now by its clock
   */
  welcomed(now) {
    this.isWelcome = true;
    this.#patience.welcomed(performance.now() - this.dialledAt);
    this.clock.restart();
    this.clock.take(this.helloAt, now);
    this.welcomedAt = performance.now();
  }

  /** Do not wait any longer: dial now, or ask whether anybody is there. */
  wake() {
    this.#liveness.wake();
  }

  /** Ask whether anybody is there, and what time it is. */
  ping() {
    this.#liveness.ping();
  }

  /** @param {{ at: number, now: number }} pong */
  onPong(pong) {
    this.#liveness.onPong(pong);
  }

  /** Nobody says anything at its other end: dialled again, the same node would say nothing again. */
  giveUp() {
    this.hangUp(undefined, true);
  }

  /** This connection is over, whether or not it knows; forget what hung on it, and dial again. */
  hangUp(delay_ms = fullJitter(this.#failures), isSilent = false) {
    this.#letGo();
    const { onLost, onUnreachable } = this.#owner;
    if ((isSilent || !this.welcomedAt) && !onUnreachable(this)) return;
    if (this.welcomedAt && performance.now() - this.welcomedAt >= STEADY_MS) this.#failures = 0;
    this.#failures += 1;
    this.welcomedAt = 0;
    this.#stopWaiting();
    this.#redial = setTimeout(() => this.dial(), delay_ms);
    onLost(this);
  }

  /** There will be no further connection; the socket is left open, for whoever wants to say goodbye. */
  end() {
    this.#ended = true;
    this.#letGo();
    this.#stopWaiting();
    this.#liveness.end();
  }

  #stopWaiting() {
    clearTimeout(this.#redial ?? undefined);
  }

  #letGo() {
    const { socket } = this;
    this.socket = null;
    this.isWelcome = false;
    this.#liveness.forget();
    this.#inbox = [];
    clearTimeout(this.#handing ?? undefined);
    this.#handing = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (this.#ended) return;
    if (socket.terminate) socket.terminate(); // npm's ws would wait half a minute for a dead peer's goodbye
    else socket.close();
  }

  /** @param {Message} message */
  say(message) {
    this.write(this.#form.encode(message));
  }

  /** @param {any} frame */
  write(frame) {
    if (this.socket?.readyState === 1) this.socket.send(frame);
  }

  /** Read on once whoever awaited a room has had time to listen: npm's ws brings many frames in one go. */
  handOver() {
    this.#handing = setTimeout(() => {
      this.#handing = null;
      this.#readInbox();
    });
  }

  /** @param {any} frame */
  #receive(frame) {
    this.#liveness.heard();
    this.#inbox.push(frame);
    this.#readInbox();
  }

  #readInbox() {
    try {
      while (this.#inbox.length && this.#handing === null) this.#owner.onMessage(this.#reader?.(this.#inbox.shift()), this);
    } catch (error) {
      console.error("The server said what this protocol does not have.", error);
      this.hangUp();
    }
  }
}
