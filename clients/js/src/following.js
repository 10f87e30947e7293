/**
 * Where requests and rooms go when the server that was asked cannot serve them: to the node that has the room; back to
 * the first address, if that node cannot be reached; or to the same server again after a while. The caller notices only
 * that it takes longer. What fails for long is reported once, by `$error`.
 */

import { canonical } from "./address.js";
import { fullJitter, shortJitter } from "./backoff.js";
import { GameError } from "./errors.js";

/** @import { Client } from "./client.js" */
/** @import { Connection } from "./connection.js" */
/** @import { Nodes } from "./nodes.js" */
/** @import { Request, Requests } from "./requests.js" */
/** @import { Room } from "./room.js" */

/** How often a request or a room was sent elsewhere, or had to wait. */
export class Detour {
  hops = 0; // redirects that were followed in a row
  waits = 0;
  misses = 0; // nodes in a row that could not be reached
  matches = 0; // rooms that a match offered, and in which there was no seat
}

const HOPS = 3;
const MISSES = 8; // by then a node that died has lost its lease, and nobody is sent there any more
const MATCHES = 10;

/** Requests that may be sent again, to any node, until one answers. */
const ANYWHERE = new Set(["create", "match", "join", "resume"]);

/** Refusals by a room that a match has offered, after which it looks for another. */
const NO_ROOM = new Set(["room_full", "room_locked", "room_over", "not_found"]);

export class Following {
  #client;
  #nodes;
  #requests;

  /**
   * @param {Client} client
   * @param {Nodes} nodes
   * @param {Requests} requests
   */
  constructor(client, nodes, requests) {
    this.#client = client;
    this.#nodes = nodes;
    this.#requests = requests;
  }

  /**
   * Send a request on to the node that has its room, or go on to the room that came after it.
   * @param {any} message
   * @param {Connection} from
   */
  onRedirect({ id, room, url }, from) {
    const request = this.#requests.get(id);
    if (!request) return;
    if (request.room && request.room.code !== room) {
      this.#requests.take(request.id);
      return this.#client._goOn(request.room, { reason: "next", message: null, next: room });
    }
    if (request.room) return this.#redirectRoom(request, request.room, url, from);
    const { detour } = request;
    const { fields } = request;
    if (fields.room === undefined || canonical(fields.room) !== room) {
      const { name, role, password, profile } = fields;
      this.#requests.become(request, "join", { room, name, role, password, profile });
    }
    if (detour.hops++ < HOPS) this.#requests.sendTo(request, this.#at(url, from));
    else this.#goHome(request);
  }

  /**
   * @param {Request} request
   * @param {Room} room
   * @param {string | null} url
   * @param {Connection} from
   */
  #redirectRoom(request, room, url, from) {
    this.#requests.take(request.id); // it is asked anew where the room is
    if (room._detour.hops++ < HOPS) this.#moveRoom(room, this.#at(url, from));
    else this.#bringHome(room);
  }

  /**
   * @param {string | null} url none: that of the server that sent the message
   * @param {Connection} from
   */
  #at(url, from) {
    return url ? this.#nodes.at(url) : from;
  }

  /**
   * Take a room to another connection, and ask for the seat there; its requests are sent once the seat is given back.
   * @param {Room} room
   * @param {Connection} way
   */
  #moveRoom(room, way) {
    this.carry(room, way);
    if (way.isWelcome) this.#client._resume(room);
  }

  /**
   * Look for a room that its node has let go; the seat in it is held.
   * @param {Room} room
   * @param {string | null | undefined} url where the room is; none: ask the same server again
   * @param {Connection} from
   */
  onMoved(room, url, from) {
    this.#moveRoom(room, url ? this.#nodes.at(url) : from);
    this.sweep();
    this.#client._tellStatus();
  }

  /**
   * Move a seat to another connection, on which nothing was sent for it yet.
   * @param {Room} room
   * @param {Connection} way
   */
  carry(room, way) {
    room._detach();
    if (room._way !== way) {
      this.#requests.stopResuming(room);
      room._way = way;
    }
    this.#requests.sayAgain(room);
  }

  /**
   * Whether a refused request is sent again, at once or later, instead of failing.
   * @param {Request} request
   * @param {GameError} error
   */
  saysAgain(request, error) {
    if (request.room || !ANYWHERE.has(request.op)) return false;
    const { detour } = request;
    if (error.code === "busy" && error.retry_ms !== null) {
      if (!detour.waits) this.#tell(error, request.fields.room);
      this.#requests.sayLater(request, request.way, error.retry_ms + shortJitter(detour.waits++));
      return true;
    }
    if (error.code === "draining") {
      const { way } = request;
      this.#requests.sayLater(request, way, fullJitter(detour.waits++));
      // The next connection may reach another server.
      if (![...this.#client.rooms.values()].some((room) => room._way === way)) way.hangUp();
      return true;
    }
    if (request.fields.room && request.sought && NO_ROOM.has(error.code) && detour.matches++ < MATCHES) {
      this.#requests.become(request, "match", request.sought);
      detour.hops = 0;
      this.#requests.sayLater(request, this.#nodes.home, fullJitter(detour.matches - 1));
      return true;
    }
    return false;
  }

  /**
   * A node does not answer: send its requests and rooms to the first address, which may know a better one.
   * @param {Connection} connection
   */
  onUnreachable(connection) {
    const why = `The node at ${connection.url} cannot be reached from here.`;
    for (const room of this.#client.rooms.values()) {
      if (room._way !== connection) continue;
      if (++room._detour.misses === MISSES) this.#tell(new GameError("unreachable", why), room.code);
      this.#bringHome(room);
    }
    for (const request of this.#requests.of(connection)) {
      if (++request.detour.misses >= MISSES) this.#requests.fail(request, new GameError("unreachable", why, null, request.fields.room ?? null));
      else this.#goHome(request);
    }
    this.#nodes.drop(connection);
  }

  /** Close the connections to nodes that no room and no request needs. */
  sweep() {
    if (!this.#nodes.others) return;
    const used = new Set([...this.#client.rooms.values()].map((room) => room._way));
    for (const connection of this.#nodes.all) {
      if (!used.has(connection) && !this.#requests.of(connection).length) this.#nodes.drop(connection);
    }
  }

  /** @param {Request} request */
  #goHome(request) {
    const { detour } = request;
    detour.hops = 0;
    this.#requests.sayLater(request, this.#nodes.home, shortJitter(Math.max(detour.misses, ++detour.waits)));
  }

  /** @param {Room} room */
  #bringHome(room) {
    const { home } = this.#nodes;
    room._detour.hops = 0;
    this.carry(room, home);
    room._retry = setTimeout(() => home.isWelcome && this.#client._resume(room), shortJitter(room._failures++));
  }

  /**
   * @param {GameError} error
   * @param {string | null | undefined} room
   */
  #tell(error, room) {
    this.#client._emit("$error", new GameError(error.code, error.message, null, error.room ?? room ?? null, error.retry_ms));
  }
}
