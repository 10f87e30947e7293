/**
 * One WebSocket after another: it dials, says hello, reads frames, and dials again after random, growing waits. Its
 * owner knows what messages mean, and which rooms and requests need the connection.
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
 * What a connection calls when something happens, and asks its owner for.
 * @typedef {object} Owner
 * @property {() => object | Promise<object>} who the fields of `hello` that say who this is
 * @property {() => string | undefined} key which client this is, as the server has named it
 * @property {(message: any, connection: Connection) => void} onMessage
 * @property {(connection: Connection) => void} onLost it is over, and the next is about to be dialled
 * @property {(connection: Connection) => boolean} onUnreachable nobody answers there; returns whether to dial again
 * @property {(error: GameError) => void} onRefused there can be no further connection
 * @property {(connection: Connection) => Iterable<Request>} pending its requests without an answer
 * @property {(connection: Connection) => void} onDoubt the server owes an answer, and is silent
 */

const STEADY_MS = 10_000; // after a connection that lasted so long, the waits begin anew

export class Connection {
  /** @type {Socket | null} */
  socket = null;
  isWelcome = false;
  dialledAt = 0;
  helloAt = 0;
  url;
  clock = new ServerClock(); // that of the server at its other end

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
   * @param {{ url: string, WebSocket: any, form: Form, patience: Patience }} how
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

  /** Whether it waits before it dials again. */
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
      setTimeout(() => this.#cannotDial(why)); // later, since whoever makes this connection does not have it yet
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

  /** Say who this is: when the socket opens, and again, as a new guest, if the server does not know the token. */
  hello() {
    this.helloAt = performance.now();
    const who = this.#owner.who();
    if (who instanceof Promise) this.#helloLater(who);
    else this.#sayHello(who);
  }

  /**
   * Say hello once a ticket is bought.
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
   * The server has said welcome: requests may be sent from now on.
   * @param {number} now its clock
   */
  welcomed(now) {
    this.isWelcome = true;
    this.#patience.welcomed(performance.now() - this.dialledAt);
    this.clock.restart();
    this.clock.take(this.helloAt, now);
    this.welcomedAt = performance.now();
  }

  /** Dial now instead of later; or, if there is a socket, ask whether the server is still there. */
  wake() {
    this.#liveness.wake();
  }

  /** Ask whether the server is still there, and for its time. */
  ping() {
    this.#liveness.ping();
  }

  /** @param {{ at: number, now: number }} pong */
  onPong(pong) {
    this.#liveness.onPong(pong);
  }

  /** Give up a silent server: to dial the same node again would not help. */
  giveUp() {
    this.hangUp(undefined, true);
  }

  /** End this connection, even if its socket has not closed; tell the owner, and dial again. */
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

  /** Dial no more; the socket stays open, so that the owner can still close it with a code. */
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
    if (socket.terminate) socket.terminate(); // npm's ws would wait half a minute for the close frame of a dead peer
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

  /** Read on later, so that whoever awaits a room can add listeners first: npm's ws brings many frames in one go. */
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
