/**
 * Where requests and rooms go that the server which was asked cannot serve: to the node that has the room, back to the
 * first address where that node cannot be reached, or to the same server again after a while. Whoever asked notices
 * nothing but that it takes longer; what goes wrong for long is said, once, by `$error`.
 */

import { canonical } from "./address.js";
import { fullJitter, shortJitter } from "./backoff.js";
import { GameError } from "./errors.js";

/** @import { Client } from "./client.js" */
/** @import { Connection } from "./connection.js" */
/** @import { Nodes } from "./nodes.js" */
/** @import { Request, Requests } from "./requests.js" */
/** @import { Room } from "./room.js" */

/** How far somebody has been sent about. */
export class Detour {
  hops = 0; // redirects that were followed in a row
  waits = 0;
  misses = 0; // nodes in a row that could not be reached
  matches = 0; // rooms that were offered and could not be had
}

const HOPS = 3;
const MISSES = 8; // by then a node that died has lost its lease: nobody would be sent there any more
const MATCHES = 10;

/** Requests that may be said again to any node, as often as it takes, until one has answered. */
const ANYWHERE = new Set(["create", "match", "join", "resume"]);

/** Refusals of a room that was offered by `match`: it looks for another. */
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
   * A room is at another node: a request for it goes there.
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
   * @param {string | null} url none: the server that said so
   * @param {Connection} from
   */
  #at(url, from) {
    return url ? this.#nodes.at(url) : from;
  }

  /**
   * A room goes on there: all that is asked of it is said to that node, once it has given the seat back.
   * @param {Room} room
   * @param {Connection} way
   */
  #moveRoom(room, way) {
    this.carry(room, way);
    if (way.isWelcome) this.#client._resume(room);
  }

  /**
   * Its node has let a room go, in which the seat is held.
   * @param {Room} room
   * @param {string | null | undefined} url where it is now; none: ask again
   * @param {Connection} from
   */
  onMoved(room, url, from) {
    this.#moveRoom(room, url ? this.#nodes.at(url) : from);
    this.sweep();
    this.#client._tellStatus();
  }

  /**
   * From now on the seat in this room is on that connection; nothing of it was said there yet.
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
   * Whether a request that was refused is said again instead, now or later.
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
      // The next connection may be another server's.
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
   * Nobody answers there: all that was to go there goes home, from where the way may lead elsewhere by now.
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

  /** Leave nodes at which nothing is to be done any more. */
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
