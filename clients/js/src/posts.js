/** Chat outside rooms: lobbies, direct messages, and the operator's announcements. */

import { fullJitter } from "./backoff.js";
import { Channel } from "./chat.js";
import { GameError, PASSING } from "./errors.js";
import { CHAT_LINES, cleaned } from "./lines.js";

/** @import * as Api from "../gameserver.js" */
/** @import { Client } from "./client.js" */
/** @import { Memory } from "./storage.js" */

/**
 * A place that is listened to: a lobby, all direct messages, or the announcements.
 * @typedef {object} Place
 * @property {string} to
 * @property {number} seen the number of the last line that came
 * @property {any[] | null} early lines that came before the answer to `listen`; null: it is not awaited
 * @property {number} failures
 * @property {ReturnType<typeof setTimeout> | undefined} retry
 * @property {Promise<void>} heard
 * @property {() => void} resolve
 * @property {(error: GameError) => void} reject
 */

/**
 * The lobbies of games, direct messages and the operator's announcements. The server numbers the lines of each place
 * that a client listens to. All direct messages of a user are one place there, and here one channel for each other
 * user.
 */
export class Posts {
  /** @type {Map<string, Channel>} */
  channels = new Map();
  #client;
  #memory;
  /** @type {Map<string, Place>} */
  #places = new Map();

  /**
   * @param {Client} client
   * @param {Memory} memory
   */
  constructor(client, memory) {
    this.#client = client;
    this.#memory = memory;
  }

  /**
   * Say a line to `lobby:GAME` or `user:ID`. Unlike a room's, it is not sent again after a loss, since the server would
   * not know that it is the same: this rejects with the code `lost`.
   * @param {string} text
   * @param {string} to
   * @param {unknown} [data]
   * @returns {Promise<any>}
   */
  say(text, to, data) {
    return this.#client._ask("chat", null, { text, to, data });
  }

  /**
   * Note that all that is there was read, or all up to a line. Only this browser remembers it.
   * @param {string} to
   * @param {number} upto
   */
  read(to, upto = this.channels.get(to)?.lines.at(-1)?.n ?? 0) {
    const channel = this.channels.get(to);
    if (!channel || upto <= channel.read) return;
    channel.read = upto;
    this.#memory.setRead(this.#client.user.id, to, upto);
    this.#client._emit("$read", channel);
  }

  /**
   * No longer hear a place, and drop its lines: the address of a lobby, `direct` or `server`.
   * @param {string} to
   */
  cease(to) {
    const place = this.#places.get(to);
    if (!place) return;
    this.#drop(place, new GameError("closed", `${to} is not listened to any more.`));
    if (this.#client._isWelcome) this.#client._ask("listen", null, { to, on: false }).catch(() => {});
    this.#client._emit("$channels", this.channels);
  }

  /**
   * Whether this user said it.
   * @param {Api.Post} line
   */
  isMine({ from }) {
    return from !== null && from.user === this.#client.user?.id;
  }

  /**
   * The channel that a line belongs to: a direct one is that of the other user.
   * @param {Api.Post} line
   */
  of({ to, from }) {
    return to.startsWith("user:") && from && from.user !== this.#client.user.id ? `user:${from.user}` : to;
  }

  // What the client tells it

  /** @param {string} to */
  async _hear(to) {
    await this.#place(to).heard;
    return this.#channel(to, to);
  }

  /** @param {string | null} user */
  async _direct(user) {
    await this.#place("direct").heard;
    return user === null ? null : this.#channel(`user:${user}`, "direct");
  }

  /** Listen to all places again, on a new connection. */
  _listenAgain() {
    for (const place of this.#places.values()) this.#listen(place);
  }

  /** @param {any} message */
  _onPost({ op, ...post }) {
    const place = this.#places.get(post.to.startsWith("user:") ? "direct" : post.to);
    if (!place) return; // it ended while this was under way
    if (place.early) place.early.push(post);
    else this.#take(place, [post]);
  }

  /** @param {GameError} error */
  _end(error) {
    for (const place of this.#places.values()) {
      clearTimeout(place.retry);
      place.reject(error);
    }
  }

  /** @param {string} to */
  #place(to) {
    const known = this.#places.get(to);
    if (known) return known;
    const place = /** @type {Place} */ ({ to, seen: 0, early: null, failures: 0, retry: undefined });
    place.heard = new Promise((resolve, reject) => Object.assign(place, { resolve, reject }));
    place.heard.catch(() => {});
    this.#places.set(to, place);
    if (this.#client.error) this.#drop(place, this.#client.error);
    else if (this.#client._isWelcome) this.#listen(place);
    return place;
  }

  /**
   * Listen to a place. Lines that come before the answer are kept until then: the answer may hold older ones.
   * @param {Place} place
   */
  #listen(place) {
    clearTimeout(place.retry);
    place.early = [];
    const asked = this.#client._ask("listen", null, { to: place.to, seen: place.seen || null });
    asked.then((told) => this.#onHeard(place, told), (error) => this.#onUnheard(place, error));
  }

  /**
   * @param {Place} place
   * @param {{ line: number, lines: any[] }} told
   */
  #onHeard(place, { line, lines }) {
    if (this.#places.get(place.to) !== place) return;
    const posts = [...lines, ...(place.early ?? [])];
    place.early = null;
    place.failures = 0;
    if (place.seen > line) this.#forget(place); // the server counts anew, since it has another store
    if (place.to !== "direct") this.#channel(place.to, place.to);
    this.#take(place, posts);
    place.seen = Math.max(place.seen, line);
    this.#client._emit("$channels", this.channels);
    place.resolve();
  }

  /**
   * @param {Place} place
   * @param {GameError} error
   */
  #onUnheard(place, error) {
    if (this.#client.error || this.#places.get(place.to) !== place) return;
    if (PASSING.has(error.code)) {
      const again = () => this.#client._isWelcome && this.#listen(place);
      place.retry = setTimeout(again, fullJitter(place.failures++));
    } else this.#drop(place, error);
  }

  /**
   * @param {Place} place
   * @param {any[]} posts
   */
  #take(place, posts) {
    for (const { line: n, ...post } of posts) {
      if (n <= place.seen) continue;
      place.seen = n;
      const line = cleaned({ stream: place.to, n, ...post, from: post.from ? { account: false, ...post.from } : null });
      const { lines } = this.#channel(this.of(line), place.to);
      if (lines.push(line) > CHAT_LINES) lines.shift();
      this.#client._emit("$chat", line);
    }
  }

  /**
   * @param {string} to
   * @param {string} stream
   */
  #channel(to, stream) {
    let channel = this.channels.get(to);
    if (!channel) {
      this.channels.set(to, (channel = new Channel(to, this)));
      channel._set({ stream, readonly: to === "server" });
      channel.read = this.#memory.read(this.#client.user.id, to);
    }
    return channel;
  }

  /**
   * Forget the lines of a place, since the server counts anew.
   * @param {Place} place
   */
  #forget(place) {
    place.seen = 0;
    for (const [to, channel] of this.channels) {
      if (channel.stream !== place.to) continue;
      channel.lines.length = channel.read = 0;
      this.#memory.setRead(this.#client.user.id, to, 0);
    }
  }

  /**
   * @param {Place} place
   * @param {GameError} error
   */
  #drop(place, error) {
    clearTimeout(place.retry);
    this.#places.delete(place.to);
    for (const [to, channel] of [...this.channels]) if (channel.stream === place.to) this.channels.delete(to);
    place.reject(error);
  }
}
