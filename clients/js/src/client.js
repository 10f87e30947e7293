/**
 * A client of the game server: one user's connections, one to each node that runs a room of theirs, and the rooms in
 * which they hold seats. An answer settles its request; the rest goes to its `Room`, or to the chat outside rooms.
 */

import { canonical, homeUrl, socketUrl } from "./address.js";
import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { GameError, PASSING } from "./errors.js";
import { Following } from "./following.js";
import { HeldRooms } from "./held.js";
import { JSON_FORM } from "./json.js";
import { Nodes } from "./nodes.js";
import { PACKED } from "./packed.js";
import { Patience } from "./patience.js";
import { Posts } from "./posts.js";
import { Requests } from "./requests.js";
import { Memory } from "./storage.js";

/** @import * as Api from "../gameserver.js" */
/** @import { Channel } from "./chat.js" */
/** @import { Owner } from "./connection.js" */
/** @import { Request } from "./requests.js" */
/** @import { Room } from "./room.js" */

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
  rooms;
  chat;

  #options;
  #memory;
  #keepsToken; // a guest whose token is kept; accounts are not written to storage
  /** @type {string | undefined} */
  #key; // in memory only: to duplicate a tab copies all that it has stored
  #nodes;
  #requests;
  #following;
  #held;
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
    this.#memory = new Memory(options.storage, url, options.session);
    this.#keepsToken = !options.token && !options.ticket;
    this.token = options.token ?? (this.#keepsToken ? this.#memory.token : null);
    this.chat = new Posts(this, this.#memory);
    /** @type {Promise<void>} */
    this._connected = new Promise((resolve, reject) => (this.#settleConnected = { resolve, reject }));
    this._connected.catch(() => {});
    const owner = this.#owner();
    this.#requests = new Requests(form);
    const how = { WebSocket, form, patience: new Patience() };
    this.#nodes = new Nodes((there) => new Connection(owner, { url: there, ...how }), url);
    this.#following = new Following(this, this.#nodes, this.#requests);
    this.#held = new HeldRooms(this, this.#memory, this.#requests, this.#following);
    this.rooms = this.#held.rooms;
    this.#nodes.home.start();
  }

  /**
   * What connections call when something happens, and ask this client for.
   * @returns {Owner}
   */
  #owner() {
    return {
      who: () => this.#who(),
      key: () => this.#key,
      onMessage: (message, connection) => void this.#hear(message, connection),
      onLost: (connection) => this.#onLost(connection),
      onUnreachable: (connection) => this.#onUnreachable(connection),
      onRefused: (error) => this._end(error),
      pending: (connection) => this.#requests.of(connection),
      // If a node is silent and gone, its rooms are found by way of home: check that home still answers.
      onDoubt: (connection) => connection !== this.#nodes.home && this.#nodes.home.isWelcome && this.#nodes.home.ping(),
    };
  }

  /** The server's clock, ms since 1970. */
  now() {
    return this.#nodes.home.clock.now();
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
   * Go back to a seat whose secret is in storage, as after a reload. Rejects with `not_found` if there is none.
   * @param {string} code
   * @param {{ role?: string }} which
   */
  async resume(code, { role } = {}) {
    return this.#held.remember(code, role);
  }

  /** The seats of this user whose secrets are in storage, the latest first. */
  remembered() {
    return this.#memory.seats(this.user?.id).map(({ code, game, role }) => ({ code, game, role }));
  }

  /**
   * Hear the lobby of a game, and write there; resolves with its channel, each time the same one.
   * @param {string} game
   */
  lobby(game) {
    return this.chat._hear(`lobby:${game}`);
  }

  /**
   * Hear direct messages to this user; resolves with the channel of the user that is named, or null if none is.
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

  /** Hear the operator's announcements; resolves with their channel. */
  announcements() {
    return this.chat._hear("server");
  }

  /** Dial now instead of at the next try; or, if there is a connection, ask whether it still stands. */
  reconnect() {
    if (this.status !== "closed") for (const connection of this.#nodes.all) connection.wake();
  }

  /** End the connection for good. Seats are held as after a loss; `room.leave()` gives one up. */
  close() {
    this._end(new GameError("closed", "The client was closed."));
  }

  /**
   * @param {Room} room
   * @param {Api.Left & { next: string }} left
   */
  _goOn(room, left) {
    this.#held.goOn(room, left);
  }

  /** @param {Api.SeatOptions} options */
  #seat({ name = this.#options.name, role, profile }) {
    return { name, role, profile };
  }

  // What rooms and chats ask of it

  /**
   * Send a request until it is answered. `fields.room` names a room in which this client has no seat yet.
   * @param {string} op
   * @param {Room | null} room
   * @param {Record<string, any>} [fields]
   */
  _ask(op, room, fields = {}) {
    const held = fields?.room && this.rooms.get(canonical(fields.room)); // another seat there: its node has the room
    return this.#requests.ask(op, room, fields, held ? held._way : this.#nodes.home);
  }

  /**
   * Send without an id: no reply, sent once or not at all.
   * @param {string} op
   * @param {Room} room
   * @param {Record<string, any>} fields
   */
  _tell(op, room, fields) {
    this.#requests.tell(op, room, fields);
  }

  /** Whether messages that belong to no room may be sent at the moment. */
  get _isWelcome() {
    return this.#nodes.home.isWelcome;
  }

  /**
   * Ask for what this room has missed, or for the whole room; nothing more of it counts until `joined`.
   * @param {Room} room
   */
  _resume(room) {
    this.#held.resume(room);
  }

  // What the connection tells it

  /** Who this is. A `ticket` that is a function gives each connection its own, so that no token has to last. */
  #who() {
    const { ticket, name } = this.#options;
    if (typeof ticket === "function") return (async () => ({ ticket: await ticket() }))();
    return this.token ? { token: this.token } : ticket ? { ticket } : { guest: { name: name || "Guest" } };
  }

  /** @param {Connection} connection */
  #onLost(connection) {
    for (const room of this.#held.on(connection)) room._detach();
    this.#requests.lose(connection);
    this._tellStatus();
  }

  /**
   * A node does not answer. Returns whether to dial again: home is dialled for as long as this client lives.
   * @param {Connection} connection
   */
  #onUnreachable(connection) {
    if (connection === this.#nodes.home) return true;
    this.#requests.lose(connection);
    this.#following.onUnreachable(connection);
    this._tellStatus();
    return false;
  }

  /**
   * End the client: there will be no further connection, and the present one is closed.
   * @param {GameError} error
   */
  _end(error) {
    if (this.status === "closed") return;
    this.error = error;
    this.status = "closed";
    for (const connection of this.#nodes.all) {
      const { socket } = connection;
      connection.end();
      socket?.close(1000);
    }
    for (const room of this.rooms.values()) room._detach();
    this.#requests.end(error);
    this.chat._end(error);
    this.#settleConnected?.reject(error);
    this._emit("$status", "closed", error);
  }

  /** Set the status: `open` while all rooms can be played in, or, if there are none, while one could be entered. */
  _tellStatus() {
    const ways = [...this.rooms.values()].map((room) => room._way);
    const isOpen = (ways.length ? ways : [this.#nodes.home]).every((way) => way.isWelcome);
    const status = isOpen ? "open" : "connecting";
    if (this.status === status || this.status === "closed") return;
    this.status = status;
    this._emit("$status", status, null);
  }

  // What the server says

  /**
   * @param {any} message
   * @param {Connection} from
   */
  #hear(message, from) {
    switch (message.op) {
      case "welcome": return this.#onWelcome(message, from);
      case "joined": return this.#held.onJoined(message, from);
      case "ok": return this.#onOk(message);
      case "error": return this.#onError(message, from);
      case "left": return this.#held.onLeft(message, from);
      case "redirect": return this.#following.onRedirect(message, from);
      case "pong": return from.onPong(message);
      case "post": return this.chat._onPost(message);
      case "user": return this.#onUser(message);
      default: return this.#held.hear(message, from);
    }
  }

  /**
   * @param {any} message
   * @param {Connection} from
   */
  #onWelcome({ user, token, client, now, limits }, from) {
    if (this.#key && this.#key !== client) this.#requests.failUncertain(from);
    this.#key = client;
    Object.assign(this, { user, token, limits });
    this.#requests.most_bytes = this.limits.frame_bytes ?? Infinity;
    if (this.#keepsToken) this.#memory.token = token;
    from.welcomed(now);
    for (const room of this.#held.on(from)) this._resume(room);
    if (from === this.#nodes.home) this.chat._listenAgain();
    this.#requests.sayWaiting(null, from);
    from.ping();
    this._tellStatus();
    this.#settleConnected?.resolve();
  }

  /** @param {{ user: Api.User }} message */
  #onUser({ user }) {
    this.user = user;
    this._emit("$user", user);
  }

  /** @param {any} message */
  #onOk({ id, data }) {
    const request = this.#requests.take(id);
    if (!request) return;
    if (request.op === "leave") this.#onLeave(request);
    else request.resolve(data ?? null);
    if (!request.room || request.room.left) this.#following.sweep();
  }

  /** @param {Request} request */
  #onLeave({ room, resolve }) {
    if (room) this.#held.leave(room, { reason: "left", message: null });
    resolve();
  }

  /**
   * @param {any} message
   * @param {Connection} from
   */
  #onError({ id, code, message, path, room, retry_ms }, from) {
    const error = new GameError(code, message, path, room, retry_ms ?? null);
    const request = this.#requests.take(id);
    if (request?.op === "leave" && code === "not_found") this.#onLeave(request); // it was done earlier
    else if (request) {
      if (this.#following.saysAgain(request, error)) return;
      request.reject(error);
      this.#following.sweep();
    } else if (from.isWelcome) this._emit("$error", error);
    else if (PASSING.has(code)) from.hangUp();
    else if (code === "unauthenticated" && this.#keepsToken && this.token && !this.user) {
      this.token = this.#memory.token = null; // the token is too old, or another server's: become a new guest
      from.hello();
    } else this._end(error);
  }
}
