/** The rooms in which a client holds seats: how it gets a seat, gets it back after a loss, and loses it. */

import { canonical } from "./address.js";
import { fullJitter, shortJitter } from "./backoff.js";
import { GameError, PASSING } from "./errors.js";
import { Room } from "./room.js";

/** @import * as Api from "../gameserver.js" */
/** @import { Client } from "./client.js" */
/** @import { Connection } from "./connection.js" */
/** @import { Following } from "./following.js" */
/** @import { Request, Requests } from "./requests.js" */
/** @import { Memory } from "./storage.js" */

export class HeldRooms {
  /** @type {Map<string, Room>} */
  rooms = new Map();
  #client;
  #memory;
  #requests;
  #following;

  /**
   * @param {Client} client
   * @param {Memory} memory
   * @param {Requests} requests
   * @param {Following} following
   */
  constructor(client, memory, requests, following) {
    this.#client = client;
    this.#memory = memory;
    this.#requests = requests;
    this.#following = following;
  }

  /**
   * The rooms whose seats are on this connection.
   * @param {Connection} way
   */
  on(way) {
    return [...this.rooms.values()].filter((room) => room._way === way);
  }

  /**
   * Go back to a seat whose secret is in storage.
   * @param {string} code
   * @param {string} [role]
   * @returns {Promise<Room>}
   */
  async remember(code, role) {
    const room = canonical(code);
    const held = this.rooms.get(room);
    if (held && (!role || role === held.seat.role)) return held;
    const seats = this.#memory.seats(this.#client.user?.id);
    const seat = seats.find((kept) => kept.code === room && (!role || role === kept.role));
    if (!seat) throw new GameError("not_found", `No seat in ${room} is remembered here.`);
    try {
      const there = await this.#client._ask("resume", null, { room, resume: seat.secret, role: seat.role });
      if (there.code !== room) this.#memory.forget(seat.code, seat.role); // all have gone on
      return there;
    } catch (error) {
      if (/** @type {GameError} */ (error).code === "not_found") this.#memory.forget(seat.code, seat.role);
      throw error;
    }
  }

  /**
   * Ask for what this room has missed, or for the whole room; nothing more of it counts until `joined`.
   * @param {Room} room
   */
  resume(room) {
    room._deaf = true;
    clearTimeout(room._retry);
    // One at a time: what a second answer replays would be applied twice.
    if (this.#requests.all().some((request) => request.room === room && request.op === "resume")) return;
    const seen = room._broken ? undefined : room._seen;
    const asked = this.#client._ask("resume", room, { resume: room._secret, seen });
    asked.catch((error) => this.#notResumed(room, error));
  }

  /**
   * @param {Room} room
   * @param {GameError} error
   */
  #notResumed(room, error) {
    const client = this.#client;
    if (client.error || room.left) return;
    if (PASSING.has(error.code)) {
      const again = () => room._way.isWelcome && this.resume(room);
      if (!room._detour.waits++) client._emit("$error", new GameError(error.code, error.message, null, room.code, error.retry_ms));
      const spread_ms = error.code === "busy" ? fullJitter(0) : 0; // so that not all who are told the same come at once
      const jitter = error.retry_ms === null ? fullJitter : shortJitter;
      room._retry = setTimeout(again, Math.max((error.retry_ms ?? 0) + spread_ms, jitter(room._failures++)));
    } else {
      this.leave(room, { reason: error.code, message: error.message });
    }
  }

  /**
   * Forget a room in which the seat is gone for good.
   * @param {Room} room
   * @param {Api.Left} left
   */
  leave(room, left) {
    if (room.left) return;
    if (this.rooms.get(room.code) === room) this.rooms.delete(room.code);
    this.#memory.forget(room.code, room.seat.role);
    room._detach();
    room.left = left;
    this.#requests.settleUnsaid(room);
    this.#following.sweep();
    this.#client._tellStatus();
    room._emit("$left", left);
  }

  /**
   * All who were in a room go on in another: take a seat there with the same role.
   * @param {Room} room
   * @param {Api.Left & { next: string }} left
   */
  goOn(room, left) {
    if (room.left) return;
    const there = this.#client._ask("join", null, { room: left.next, role: room.seat.role });
    room._following = there;
    there.then(
      (next) => {
        room.next = next;
        room._emit("$next", next, null);
      },
      (error) => room._emit("$next", null, error),
    );
    this.leave(room, left);
  }

  /**
   * @param {any} joined
   * @param {Connection} from
   */
  onJoined(joined, from) {
    const request = this.#requests.take(joined.id);
    let room = this.rooms.get(joined.room);
    if (!room && !request) return;
    if (room && room._way !== from) this.#following.carry(room, from); // the seat is on this connection now
    else if (room && joined.recovered && !room._deaf) {
      room._broken = true; // a `join` was answered in between: this replay is too old
      return this.resume(room);
    }
    if (!room) this.rooms.set(joined.room, (room = new Room(this.#client, joined, from)));
    this.#requests.skipTo(joined.last_id);
    const { code, game } = room;
    this.#memory.remember({ code, game, role: joined.seat.role, user: this.#client.user.id, secret: joined.seat.resume });
    room._join(joined);
    this.#requests.sayWaiting(room, from);
    this.#following.sweep();
    this.#client._tellStatus();
    if (!request) return;
    request.resolve(room);
    if (!request.room) from.handOver();
  }

  /**
   * @param {any} message
   * @param {Connection} from
   */
  onLeft({ room: code, reason, message, next, url }, from) {
    const room = this.rooms.get(code);
    if (room?._way !== from) return;
    if (reason === "moved") this.#following.onMoved(room, url, from);
    else if (next) this.goOn(room, { reason, message: message ?? null, next });
    else this.leave(room, { reason, message: message ?? null });
  }

  /**
   * Give a message to its room, unless it is from a node that had the room earlier.
   * @param {any} message
   * @param {Connection} from
   */
  hear(message, from) {
    const room = this.rooms.get(message.room);
    if (room?._way === from) room._hear(message);
  }
}
