/**
 * Requests without an answer. Their ids come from one counter. What was sent on a lost connection is sent again under
 * its old id: the server applies what is `REMEMBERED` once; join, resume, read and leave do no harm if sent twice;
 * create and match are sent again only if they were never written, since one whose answer was lost may have made a
 * room: it rejects with the code `lost`, as does a line outside rooms.
 */

import { GameError, seatGone } from "./errors.js";
import { Detour } from "./following.js";

/** @import { Connection, Socket } from "./connection.js" */
/** @import { Form } from "./json.js" */
/** @import { Room } from "./room.js" */

/**
 * @typedef {object} Request
 * @property {number} id
 * @property {string} op
 * @property {Room | null} room
 * @property {Record<string, any>} fields
 * @property {any} frame
 * @property {Connection} way the connection that it is sent by, if it is no room's
 * @property {boolean} waits it was refused for the moment, and a timer sends it again
 * @property {Detour} detour
 * @property {Record<string, any> | null} sought the fields of a `match` that has become a `join`
 * @property {(value?: any) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {Socket | null} socket the one that it was last sent on
 * @property {number} saidAt when, by `performance.now()`; 0: not on this connection
 */

/** Requests of a room that the server applies once for each id, however often they are sent. */
const REMEMBERED = new Set(["send", "chat", "start", "edit", "unsay", "report", "block", "team", "host", "undo", "ready", "bot", "options", "next"]);

export class Requests {
  most_bytes = Infinity; // that the server takes in one frame
  /** @type {GameError | null} */
  #ended = null;
  #form;
  #lastId = 0;
  /** @type {Map<number, Request>} */
  #requests = new Map();

  /** @param {Form} form */
  constructor(form) {
    this.#form = form;
  }

  /** All requests, by id, in a list of their own: some may be settled while somebody goes through it. */
  all() {
    return [...this.#requests.values()];
  }

  /**
   * The requests that are sent by this connection.
   * @param {Connection} way
   */
  of(way) {
    return this.all().filter((request) => wayOf(request) === way);
  }

  /**
   * Send a request, now or as soon as it may be sent, until it is answered.
   * @param {string} op
   * @param {Room | null} room
   * @param {Record<string, any>} fields `room` names a room in which this client has no seat yet
   * @param {Connection} way the connection to send it by, if it is no room's
   * @returns {Promise<any>}
   */
  ask(op, room, fields, way) {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      if (room?.left && op === "leave") return resolve(undefined);
      if (room?.left) throw seatGone(room);
      const id = this.#lastId + 1;
      const frame = this.#encode(op, id, room, fields);
      const most = this.most_bytes;
      if (frame.length * 3 > most && this.#form.size(frame) > most) throw new GameError("too_large");
      /** @type {Request} */
      const request = { id, op, room, fields, frame, way, resolve, reject, socket: null, saidAt: 0, waits: false, detour: new Detour(), sought: null };
      this.#lastId = id;
      this.#requests.set(id, request);
      if (this.#maySay(request)) this.#say(request);
    });
  }

  /**
   * @param {string} op
   * @param {number} id
   * @param {Room | null} room
   * @param {Record<string, any>} fields
   */
  #encode(op, id, room, fields) {
    return this.#form.encode({ op: op === "match" ? "join" : op, id, room: room?.code, ...fields });
  }

  /**
   * Send without an id: no reply, sent once or not at all.
   * @param {string} op
   * @param {Room} room
   * @param {Record<string, any>} fields
   */
  tell(op, room, fields) {
    const frame = this.#form.encode({ op, room: room.code, ...fields });
    if (room._way.isWelcome && room._attached) room._way.write(frame);
  }

  /** @param {Request} request */
  #maySay(request) {
    const { op, room, waits } = request;
    return !waits && wayOf(request).isWelcome && (!room || op === "resume" || room._attached);
  }

  /** @param {Request} request */
  #say(request) {
    const way = wayOf(request);
    request.socket = way.socket;
    request.saidAt = performance.now();
    way.write(request.frame);
  }

  /**
   * Send, by id, what was not sent on this connection yet: no id is applied after a higher one.
   * @param {Room | null} room
   * @param {Connection} way
   */
  sayWaiting(room, way) {
    for (const request of this.#requests.values()) {
      const unsaid = request.room === room && wayOf(request) === way && request.socket !== way.socket;
      if (unsaid && this.#maySay(request)) this.#say(request);
    }
  }

  /**
   * Send a request by this connection instead, as soon as it is open.
   * @param {Request} request that has no room
   * @param {Connection} way
   */
  sendTo(request, way) {
    this.#requests.set(request.id, request); // if its answer was taken, it waits for another one
    Object.assign(request, { way, socket: null, saidAt: 0, waits: false });
    if (this.#maySay(request)) this.#say(request);
  }

  /**
   * Do as `sendTo` does, after a while.
   * @param {Request} request
   * @param {Connection} way
   * @param {number} delay_ms
   */
  sayLater(request, way, delay_ms) {
    this.#requests.set(request.id, request);
    Object.assign(request, { way, socket: null, saidAt: 0, waits: true });
    setTimeout(() => this.#requests.get(request.id) === request && this.sendTo(request, way), delay_ms);
  }

  /**
   * Turn a request into another, which settles the same promise; it is not sent yet.
   * @param {Request} request
   * @param {string} op
   * @param {Record<string, any>} fields
   */
  become(request, op, fields) {
    this.#requests.delete(request.id);
    if (request.op === "match") request.sought = request.fields;
    this.#lastId += 1; // the old one may have been answered
    Object.assign(request, { id: this.#lastId, op, fields, frame: this.#encode(op, this.#lastId, null, fields) });
    this.#requests.set(request.id, request);
  }

  /**
   * Use no id up to this one: another tab of this client may have used them.
   * @param {number} id
   */
  skipTo(id) {
    this.#lastId = Math.max(this.#lastId, id);
  }

  /** @param {number} id */
  get(id) {
    return this.#requests.get(id);
  }

  /**
   * The request of this id, which is forgotten, since it is answered now.
   * @param {number} id
   */
  take(id) {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }

  /**
   * @param {Request} request
   * @param {GameError} error
   */
  fail(request, error) {
    this.#requests.delete(request.id);
    request.reject(error);
  }

  /**
   * A connection was lost: drop or fail what may not be sent again; the rest waits for the next connection.
   * @param {Connection} way
   */
  lose(way) {
    for (const request of this.of(way)) this.#lose(request);
  }

  /** @param {Request} request */
  #lose(request) {
    const { id, op, room, socket } = request;
    request.saidAt = 0;
    if ((op === "resume" && room) || op === "listen") this.#requests.delete(id); // ours; the next connection begins with another
    else if ((op === "create" || op === "match") && socket) {
      const text = `The connection was lost before ${op} was answered: it may have made a room.`;
      this.fail(request, new GameError("lost", text));
    } else if (op === "chat" && !room && socket) {
      this.fail(request, new GameError("lost", "The connection was lost before the line was confirmed: it may have been said."));
    } else if (room?.left) this.#settle(request, room);
  }

  /**
   * Settle a request of a seat that is gone, since the server will not answer it.
   * @param {Request} request
   * @param {Room} room
   */
  #settle(request, room) {
    this.#requests.delete(request.id);
    if (request.op === "leave") request.resolve();
    else if (request.op === "next" && room.left?.next) request.resolve({ room: room.left.next }); // it was done already
    else request.reject(seatGone(room));
  }

  /**
   * A seat is gone: settle its requests that were not sent on this connection.
   * @param {Room} room
   */
  settleUnsaid(room) {
    for (const request of this.all()) {
      if (request.room === room && request.socket !== room._way.socket) this.#settle(request, room);
    }
  }

  /**
   * Have all requests of a seat sent again, once the seat that was lost with its connection is back.
   * @param {Room} room
   */
  sayAgain(room) {
    for (const request of this.all()) {
      if (request.room === room && request.op !== "resume") Object.assign(request, { socket: null, saidAt: 0 });
    }
  }

  /**
   * Forget a request for this seat: the client will ask for it on another connection.
   * @param {Room} room
   */
  stopResuming(room) {
    for (const request of this.all()) {
      if (request.room === room && request.op === "resume") this.#requests.delete(request.id);
    }
  }

  /**
   * Fail what was sent to a server that has forgotten this client: it might be applied a second time.
   * @param {Connection} way
   */
  failUncertain(way) {
    for (const request of this.of(way)) {
      if (!request.socket || !request.room || !REMEMBERED.has(request.op)) continue;
      this.fail(request, new GameError("lost", "The server forgot this client: it is not known whether this was done."));
    }
  }

  /**
   * Fail all requests: no answer will come any more.
   * @param {GameError} error
   */
  end(error) {
    this.#ended = error;
    for (const request of this.#requests.values()) request.reject(error);
    this.#requests.clear();
  }
}

/** @param {Request} request */
function wayOf({ room, way }) {
  return room?._way ?? way;
}
