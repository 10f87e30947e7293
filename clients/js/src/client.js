/**
 * A client of the game server: one user's connection, and the rooms in which it holds seats. What answers a request
 * settles it; the rest goes to its `Room`, or to the chat outside rooms.
 */

import { canonical, homeUrl, socketUrl } from "./address.js";
import { fullJitter } from "./backoff.js";
import { ServerClock } from "./clock.js";
import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { GameError, PASSING } from "./errors.js";
import { JSON_FORM } from "./json.js";
import { PACKED } from "./packed.js";
import { Posts } from "./posts.js";
import { Requests } from "./requests.js";
import { Room } from "./room.js";
import { Memory } from "./storage.js";

/** @import * as Api from "../gameserver.js" */
/** @import { Channel } from "./chat.js" */
/** @import { Request } from "./requests.js" */

export class Client extends Emitter {
  user = /** @type {Api.User} */ (/** @type {unknown} */ (null));
  token;
  /** @type {Api.Client["limits"]} */
  limits = {};
  /** @type {Api.Status} */
  status = "connecting";
  /** @type {GameError | null} */
  error = null;
  /** @type {Map<string, Room>} */
  rooms = new Map();
  chat;

  #options;
  #memory;
  #keepsToken; // a guest whose token is kept; accounts are not written to storage
  #clock = new ServerClock();
  /** @type {string | undefined} */
  #key; // in memory only, since a duplicated tab copies every storage
  #connection;
  #requests;
  /** @type {{ resolve: () => void, reject: (error: GameError) => void } | undefined} */
  #settleConnected;

  /** @param {Api.ConnectOptions} options */
  constructor(options) {
    super();
    this.#options = options;
    const WebSocket = options.WebSocket ?? globalThis.WebSocket;
    if (!WebSocket) throw new TypeError("There is no WebSocket here: pass one, such as that of npm's ws.");
    const form = options.binary ? PACKED : JSON_FORM;
    const url = socketUrl(options.url ?? homeUrl());
    this.#memory = new Memory(options.storage, url);
    this.#keepsToken = !options.token && !options.ticket;
    this.token = options.token ?? (this.#keepsToken ? this.#memory.token : null);
    this.chat = new Posts(this, this.#memory);
    /** @type {Promise<void>} */
    this._connected = new Promise((resolve, reject) => (this.#settleConnected = { resolve, reject }));
    this._connected.catch(() => {});
    this.#connection = new Connection(this.#owner(), { url, WebSocket, form, clock: this.#clock });
    this.#requests = new Requests(this.#connection, form);
    this.#connection.start();
  }

  /** What the connection tells this client, and asks of it. */
  #owner() {
    return {
      who: () => this.#who(),
      key: () => this.#key,
      onMessage: (/** @type {any} */ message) => void this.#hear(message),
      onLost: () => this.#onLost(),
      onRefused: (/** @type {GameError} */ error) => this._end(error),
      pending: () => this.#requests.all(),
    };
  }

  /** The server's clock, ms since 1970. */
  now() {
    return this.#clock.now();
  }

  /**
   * Make a room, and take a seat in it.
   * @type {Api.Client["create"]}
   */
  create(game, { options, private: hidden, password, ...seat } = {}) {
    return this._ask("create", null, { game, options, private: hidden, password, ...this.#seat(seat) });
  }

  /**
   * Take a seat in the room of this code, or the one that this user has there already.
   * @type {Api.Client["join"]}
   */
  join(code, { password, ...seat } = {}) {
    return this._ask("join", null, { room: String(code).trim(), password, ...this.#seat(seat) });
  }

  /**
   * Take a seat in an open room with these options, or in a new one.
   * @type {Api.Client["match"]}
   */
  match(game, { match = {}, ...seat } = {}) {
    return this._ask("match", null, { game, match, ...this.#seat(seat) });
  }

  /**
   * Go back to a seat whose secret is in storage: after a reload. Rejects with `not_found` where none is.
   * @param {string} code
   * @param {{ role?: string }} which
   */
  async resume(code, { role } = {}) {
    const room = canonical(code);
    const held = this.rooms.get(room);
    if (held && (!role || role === held.seat.role)) return held;
    const seat = this.#memory.seats(this.user?.id).find((kept) => kept.code === room && (!role || role === kept.role));
    if (!seat) throw new GameError("not_found", `No seat in ${room} is remembered here.`);
    try {
      return await this._ask("resume", null, { room, resume: seat.secret });
    } catch (error) {
      if (/** @type {GameError} */ (error).code === "not_found") this.#memory.forget(seat.code, seat.role);
      throw error;
    }
  }

  /** The seats of this user whose secrets are in storage, the latest first. */
  remembered() {
    return this.#memory.seats(this.user?.id).map(({ code, game, role }) => ({ code, game, role }));
  }

  /**
   * Hear the lobby of a game, and write there; resolves with its channel, the same again.
   * @param {string} game
   */
  lobby(game) {
    return this.chat._hear(`lobby:${game}`);
  }

  /**
   * Hear what users write to this one alone; resolves with the channel of one of them, or null where none is named.
   * @overload
   * @param {string} user
   * @returns {Promise<Channel>}
   * @overload
   * @param {null} [user]
   * @returns {Promise<null>}
   * @param {string | null} user
   * @returns {Promise<any>}
   */
  direct(user = null) {
    return this.chat._direct(user);
  }

  /** Hear what the operator has to say; resolves with the channel. */
  announcements() {
    return this.chat._hear("server");
  }

  /** Do not wait for the next try to connect: dial now, or ask whether the connection still stands. */
  reconnect() {
    if (this.status !== "closed") this.#connection.wake();
  }

  /** End the connection for good. Seats are held as after a loss; `room.leave()` gives one up. */
  close() {
    this._end(new GameError("closed", "The client was closed."));
  }

  /** @param {Api.SeatOptions} options */
  #seat({ name = this.#options.name, role, profile }) {
    return { name, role, profile };
  }

  // What rooms and chats ask of it

  /**
   * Ask until it is answered. `fields.room` names a room that is not held yet.
   * @param {string} op
   * @param {Room | null} room
   * @param {Record<string, any>} [fields]
   */
  _ask(op, room, fields) {
    return this.#requests.ask(op, room, fields);
  }

  /**
   * Without an id: no reply, said once or not at all.
   * @param {string} op
   * @param {Room} room
   * @param {Record<string, any>} fields
   */
  _tell(op, room, fields) {
    this.#requests.tell(op, room, fields);
  }

  get _isWelcome() {
    return this.#connection.isWelcome;
  }

  /**
   * Ask for what this room has missed, or for all of it; until `joined` nothing more of it counts.
   * @param {Room} room
   */
  _resume(room) {
    room._deaf = true;
    clearTimeout(room._retry);
    // One at a time: what a second one replays would be applied twice.
    if (this.#requests.all().some((request) => request.room === room && request.op === "resume")) return;
    const asked = this._ask("resume", room, { resume: room._secret, seen: room._broken ? undefined : room._seen });
    asked.catch((error) => this.#notResumed(room, error));
  }

  /**
   * @param {Room} room
   * @param {GameError} error
   */
  #notResumed(room, error) {
    if (this.error || room.left) return;
    if (PASSING.has(error.code)) {
      const again = () => this._isWelcome && this._resume(room);
      if (!room._failures) this._emit("$error", new GameError(error.code, error.message, null, room.code, error.retry_ms));
      room._retry = setTimeout(again, Math.max(error.retry_ms ?? 0, fullJitter(room._failures++)));
    } else {
      this.#leave(room, { reason: error.code, message: error.message });
    }
  }

  /**
   * A seat is gone for good.
   * @param {Room} room
   * @param {Api.Left} left
   */
  #leave(room, left) {
    if (room.left) return;
    if (this.rooms.get(room.code) === room) this.rooms.delete(room.code);
    if (left.reason !== "moved") this.#memory.forget(room.code, room.seat.role);
    room._detach();
    room.left = left;
    this.#requests.settleUnsaid(room);
    room._emit("$left", left);
  }

  // What the connection tells it

  /** Each connection has a ticket of its own, so that it does not matter how long a token is good. */
  #who() {
    const { ticket, name } = this.#options;
    if (typeof ticket === "function") return (async () => ({ ticket: await ticket() }))();
    return this.token ? { token: this.token } : ticket ? { ticket } : { guest: { name: name || "Guest" } };
  }

  #onLost() {
    for (const room of this.rooms.values()) room._detach();
    this.#requests.lose();
    this.#setStatus("connecting");
  }

  /**
   * There will be no further connection, and this one is closed.
   * @param {GameError} error
   */
  _end(error) {
    if (this.status === "closed") return;
    const { socket } = this.#connection;
    this.error = error;
    this.status = "closed";
    this.#connection.end();
    socket?.close(1000);
    for (const room of this.rooms.values()) room._detach();
    this.#requests.end(error);
    this.chat._end(error);
    this.#settleConnected?.reject(error);
    this._emit("$status", "closed", error);
  }

  /** @param {Api.Status} status */
  #setStatus(status) {
    if (this.status === status) return;
    this.status = status;
    this._emit("$status", status, null);
  }

  // What the server says

  /** @param {any} message */
  #hear(message) {
    switch (message.op) {
      case "welcome": return this.#onWelcome(message);
      case "joined": return this.#onJoined(message);
      case "ok": return this.#onOk(message);
      case "error": return this.#onError(message);
      case "left": return this.#onLeft(message);
      case "redirect": return this.#onRedirect(message);
      case "pong": return this.#connection.onPong(message);
      case "post": return this.chat._onPost(message);
      case "user": return this.#onUser(message);
      default: return this.rooms.get(message.room)?._hear(message);
    }
  }

  /** @param {any} message */
  #onWelcome({ user, token, client, now, limits }) {
    if (this.#key && this.#key !== client) this.#requests.failUncertain();
    this.#key = client;
    Object.assign(this, { user, token, limits });
    this.#requests.most_bytes = this.limits.frame_bytes ?? Infinity;
    if (this.#keepsToken) this.#memory.token = token;
    this.#connection.welcomed();
    this.#clock.restart();
    this.#clock.take(this.#connection.helloAt, now);
    for (const room of this.rooms.values()) this._resume(room);
    this.chat._listenAgain();
    this.#requests.sayWaiting(null);
    this.#connection.ping();
    this.#setStatus("open");
    this.#settleConnected?.resolve();
  }

  /** @param {{ user: Api.User }} message */
  #onUser({ user }) {
    this.user = user;
    this._emit("$user", user);
  }

  /** @param {any} joined */
  #onJoined(joined) {
    const request = this.#requests.take(joined.id);
    let room = this.rooms.get(joined.room);
    if (!room && !request) return;
    if (room && joined.recovered && !room._deaf) {
      room._broken = true; // an answer to a `join` came in between: this replay is of the past
      return this._resume(room);
    }
    if (!room) this.rooms.set(joined.room, (room = new Room(this, joined)));
    this.#requests.skipTo(joined.last_id);
    const { code, game } = room;
    this.#memory.remember({ code, game, role: joined.seat.role, user: this.user.id, secret: joined.seat.resume });
    room._join(joined);
    this.#requests.sayWaiting(room);
    if (!request) return;
    request.resolve(room);
    if (!request.room) this.#connection.handOver();
  }

  /** @param {any} message */
  #onOk({ id, data }) {
    const request = this.#requests.take(id);
    if (!request) return;
    if (request.op === "leave") this.#onLeave(request);
    else request.resolve(data ?? null);
  }

  /** @param {Request} request */
  #onLeave({ room, resolve }) {
    if (room) this.#leave(room, { reason: "left", message: null });
    resolve();
  }

  /** @param {any} message */
  #onError({ id, code, message, path, room, retry_ms }) {
    const error = new GameError(code, message, path, room, retry_ms);
    const request = this.#requests.take(id);
    if (request?.op === "leave" && code === "not_found") this.#onLeave(request); // it was done before
    else if (request) request.reject(error);
    else if (this._isWelcome) this._emit("$error", error);
    else if (PASSING.has(code)) this.#connection.hangUp();
    else if (code === "unauthenticated" && this.#keepsToken && this.token && !this.user) {
      this.token = this.#memory.token = null; // of another time or another server: somebody new, then
      this.#connection.hello();
    } else this._end(error);
  }

  /** @param {any} message */
  #onLeft({ room: code, reason, message }) {
    const room = this.rooms.get(code);
    if (!room) return;
    if (reason !== "moved") return this.#leave(room, { reason, message: message ?? null });
    room._detach();
    this.#requests.sayAgain(room);
    this._resume(room);
  }

  /**
   * Follow to where the room is, if no other room needs this connection.
   * @param {any} message
   */
  #onRedirect({ id, room, url }) {
    const request = this.#requests.get(id);
    if (!request) return;
    if ([...this.rooms.keys()].some((code) => code !== room)) {
      return this.#requests.fail(request, new GameError("moved", `${room} is at ${url}: use a client without other rooms.`));
    }
    request.socket = null;
    this.#connection.moveTo(url);
  }
}
