/** What is said in a room, channel by channel, and all that a seat may do there. */

import { CHAT_LINES, cleaned, isCounted, nameOf } from "./lines.js";

/** @import * as Api from "../gameserver.js" */
/** @import { Client } from "./client.js" */
/** @import { Posts } from "./posts.js" */
/** @import { Room } from "./room.js" */

/** @typedef {{ to: string, stream: string, title: string, closed: boolean, readonly: boolean, slow_s: number }} ToldChannel */

const TYPING_MS = 6000; // how long somebody counts as writing after the last message that said so
const TYPING_EVERY_MS = 3000; // the server drops what comes sooner than 2 s

/**
 * One channel: what its audience knows of it, with the lines that this seat heard there. `Chat` makes one for each that
 * the server names, and for each seat that a private line went to or came from; `Posts` one for each place outside rooms.
 */
export class Channel {
  to;
  /** @type {string | null} */
  stream = null;
  title = "";
  closed = false;
  readonly = false;
  slow_s = 0;
  /** @type {any[]} */
  lines = [];
  read = 0;
  #chat;
  /** @type {Map<string, number>} */
  #typing = new Map();

  /**
   * @param {string} to
   * @param {Chat | Posts} chat
   */
  constructor(to, chat) {
    this.to = to;
    this.#chat = chat;
  }

  /**
   * Say a line here.
   * @param {string} text
   * @param {unknown} [data]
   */
  say(text, data) {
    return this.#chat.say(text, this.to, data);
  }

  /** How many lines of others came after the last that this seat has read. */
  get unread() {
    return this.lines.filter((line) => isCounted(line) && !this.#chat.isMine(line) && line.n > this.read).length;
  }

  /** The ids of the seats that are writing. */
  get typing() {
    const now = performance.now();
    return [...this.#typing].filter(([, until]) => until > now).map(([seat]) => seat);
  }

  /** @param {Partial<ToldChannel>} told */
  _set({ stream, title, closed, readonly, slow_s }) {
    Object.assign(this, { stream, title: title ?? "", closed: closed ?? false, readonly: readonly ?? false, slow_s: slow_s ?? 0 });
  }

  /**
   * @param {string} seat
   * @param {boolean} on
   */
  _writes(seat, on) {
    if (on) this.#typing.set(seat, performance.now() + TYPING_MS);
    else this.#typing.delete(seat);
  }
}

/** What is said in a room, channel by channel, and all that a seat may do there. */
export class Chat {
  /** @type {Api.Line[]} */
  lines = [];
  /** @type {Map<string, Channel>} */
  channels = new Map();
  #client;
  #room;
  #said = { to: /** @type {string | null} */ (null), at: 0 }; // where we last said that we are writing

  /**
   * @param {Client} client
   * @param {Room} room
   */
  constructor(client, room) {
    this.#client = client;
    this.#room = room;
  }

  /**
   * Say a line; resolves with what a command answers, null for a line.
   * @param {string} text
   * @param {string} to
   * @param {unknown} [data]
   * @returns {Promise<any>}
   */
  say(text, to = "room", data) {
    this.#said = { to: null, at: 0 };
    return this.#client._ask("chat", this.#room, { text, to, data });
  }

  /**
   * Say what this seat does: "waves".
   * @param {string} text
   * @param {string} to
   * @param {unknown} [data]
   */
  emote(text, to = "room", data) {
    return this.say(`/me ${text}`, to, data);
  }

  /**
   * Change a line of one's own.
   * @type {Api.Chat["edit"]}
   */
  edit({ stream, n }, text, data) {
    return this.#client._ask("edit", this.#room, { stream, line: n, text, data });
  }

  /**
   * Take a line of one's own back.
   * @type {Api.Chat["unsay"]}
   */
  unsay({ stream, n }) {
    return this.#client._ask("unsay", this.#room, { stream, line: n });
  }

  /**
   * Report a line, or a seat (its id), to the moderators.
   * @type {Api.Chat["report"]}
   */
  report(what, reason = "") {
    const about = typeof what === "string" ? { seat: what } : { stream: what.stream, line: what.n };
    return this.#client._ask("report", this.#room, { ...about, reason });
  }

  /**
   * Hear nothing more of a seat's user, in any room; or hear it again.
   * @type {Api.Chat["block"]}
   */
  block(seat, on = true) {
    return this.#client._ask("block", this.#room, { seat, on });
  }

  /**
   * Call this with each key: the others are told now and then, and once when it is over.
   * @param {string} to
   * @param {boolean} on
   */
  typing(to = "room", on = true) {
    const now = performance.now();
    const same = this.#said.to === to && now - this.#said.at < TYPING_EVERY_MS;
    if (on ? same : this.#said.to !== to) return;
    this.#said = { to: on ? to : null, at: now };
    this.#client._tell("typing", this.#room, { to, on });
  }

  /**
   * Note that all that is there was read, or all up to a line.
   * @param {string} to
   * @param {number} upto
   */
  read(to = "room", upto = this.channels.get(to)?.lines.findLast(isCounted)?.n ?? 0) {
    const channel = this.channels.get(to);
    if (!channel || upto <= channel.read) return;
    channel.read = upto;
    this.#room._emit("$read", channel);
    this.#client._ask("read", this.#room, { to, upto }).catch(() => {}); // nothing else depends on it
  }

  /**
   * Whether this seat said it.
   * @param {Api.Line} line
   */
  isMine({ from }) {
    return from !== null && from.seat === this.#room.seat.id;
  }

  /**
   * The channel that a line belongs to: a private one is its other seat's; what the game tells this seat is the room's.
   * @param {Api.Line} line
   */
  of({ to, from }) {
    if (!to.startsWith("seat:")) return to;
    const { id } = this.#room.seat;
    if (to !== `seat:${id}`) return to;
    return from && from.seat !== id ? `seat:${from.seat}` : "room";
  }

  // What the room tells it

  /**
   * Take what `joined` has: lines and channels, or only channels, if the lines are known. Returns the new lines.
   * @param {any} joined
   * @returns {Api.Line[]}
   */
  _join({ chat, channels, read, recovered }) {
    /** @type {Api.Line[]} */
    const fresh = [];
    if (!recovered) {
      const known = new Map(this.lines.map((line) => [nameOf(line), line]));
      this.#drop(() => true);
      for (const to of [...this.channels.keys()]) if (!channels?.some((/** @type {ToldChannel} */ told) => told.to === to)) this.channels.delete(to);
      for (const channel of this.channels.values()) channel.read = 0;
      this._open(channels ?? []);
      for (const told of chat) {
        const old = known.get(nameOf(told));
        const line = this.#keep(old ? Object.assign(old, cleaned(told)) : cleaned(told));
        if (!old) fresh.push(line);
      }
    } else this._open(channels ?? []);
    for (const [to, upto] of Object.entries(read ?? {})) {
      const channel = this.#channel(to);
      channel.read = Math.max(/** @type {number} */ (upto), channel.read);
    }
    return fresh;
  }

  /** @param {ToldChannel[]} channels */
  _open(channels) {
    for (const told of channels) this.#channel(told.to)._set(told);
  }

  /**
   * Lines that are new; known ones are dropped.
   * @param {any[]} told
   * @returns {Api.Line[]}
   */
  _say(told) {
    const known = new Set(this.lines.map(nameOf));
    return told.filter((line) => !known.has(nameOf(line))).map((line) => this.#keep(cleaned(line)));
  }

  /**
   * Change a line, or take it back. Returns the line; undefined if it is not known here.
   * @param {any} edited
   * @returns {Api.Line | undefined}
   */
  _edit({ stream, line: n, text, data, at, mentions }) {
    const line = this.lines.findLast((each) => each.stream === stream && each.n === n);
    if (!line) return undefined;
    if ((text ?? null) === null) {
      this.#drop((each) => each === line);
      line.text = null;
    } else Object.assign(line, { text, data: data ?? null, edited: at, mentions: mentions ?? [] });
    return line;
  }

  /** @param {{ to: string, seat: string, on: boolean | null | undefined }} told */
  _typing({ to, seat, on }) {
    const channel = this.#channel(to === `seat:${this.#room.seat.id}` ? `seat:${seat}` : to);
    channel._writes(seat, on ?? true);
    return channel;
  }

  /** @param {{ to: string, upto: number }} told */
  _read({ to, upto }) {
    const channel = this.#channel(to);
    channel.read = Math.max(channel.read, upto);
    return channel;
  }

  /**
   * This seat is in an audience no longer: drop its lines and channels.
   * @param {string} stream
   */
  _forget(stream) {
    this.#drop((line) => line.stream === stream);
    for (const [to, channel] of [...this.channels]) if (channel.stream === stream) this.channels.delete(to);
  }

  /** @param {string} to */
  #channel(to) {
    let channel = this.channels.get(to);
    if (!channel) this.channels.set(to, (channel = new Channel(to, this)));
    return channel;
  }

  /** @param {Api.Line} line */
  #keep(line) {
    const channel = this.#channel(this.of(line));
    this.lines.push(line);
    channel.lines.push(line);
    if (line.from) channel._writes(line.from.seat, false);
    if (channel.lines.length > CHAT_LINES) {
      const [oldest] = channel.lines;
      this.#drop((each) => each === oldest);
    }
    return line;
  }

  /** @param {(line: Api.Line) => boolean} goes */
  #drop(goes) {
    for (const { lines } of [this, ...this.channels.values()]) {
      const stays = lines.filter((line) => !goes(line));
      lines.splice(0, lines.length, ...stays);
    }
  }
}
