/** A room as this seat knows it: documents, seats, timers and chat, kept as the server has them, message by message. */

import { Chat } from "./chat.js";
import { applyOp, merge } from "./documents.js";
import { Detour } from "./following.js";
import { Hosting } from "./hosting.js";

/** @import * as Api from "../gameserver.js" */
/** @import { ToldChannel } from "./chat.js" */
/** @import { Client } from "./client.js" */
/** @import { Connection } from "./connection.js" */

/** @typedef {Omit<Api.Timer, "left">} ToldTimer */

export class Room extends Hosting {
  /** @type {Record<string, Api.Doc>} */
  groups = Object.create(null);
  /** @type {Record<string, Api.Doc>} */
  roles = Object.create(null);
  /** @type {Map<string, Api.Timer>} */
  timers = new Map();
  /** @type {Api.Left | null} */
  left = null;
  /** @type {Room | null} */
  next = null;

  // Set by the client, and by `_join`. Attached: requests may be sent. Deaf: `joined` is awaited, and nothing counts
  // before it. Broken: the documents differ from the server's, and only whole ones help.
  _attached = false;
  _deaf = false;
  _broken = false;
  _failures = 0;
  /** @type {Promise<Room> | null} the next room, once all are on the way there */
  _following = null;
  _detour = new Detour();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  _retry = undefined;
  /** @type {Map<string, Api.Doc>} */
  #docs = new Map();
  /** @type {Map<string, Api.Timer>} */
  #timers = new Map();
  /** @type {string | undefined} */
  #epoch;
  /** @type {Map<string, number>} */
  #counts = new Map();
  /** @type {Set<string>} */
  #public = new Set();
  #isToldPublic = false;

  /**
   * @param {Client} client
   * @param {any} joined
   * @param {Connection} way to the node that has the room
   */
  constructor(client, { room, game, seat: { resume, ...seat } }, way) {
    super(client, seat);
    this._way = way;
    /** @type {string} */
    this.code = room;
    /** @type {string} */
    this.game = game;
    /** @type {string} */
    this._secret = resume;
    this.chat = new Chat(client, this);
  }

  /** The document that everybody in the room sees. */
  get state() {
    return this.#docs.get("room");
  }

  /** The document that only this seat sees. */
  get mine() {
    return this.#docs.get("seat");
  }

  /** @returns {Api.Seat | undefined} */
  get me() {
    return this.seats.get(this.seat.id);
  }

  get host() {
    return [...this.seats.values()].find((seat) => seat.host);
  }

  get mayHost() {
    return Boolean(this.me?.host || this.seat.hosts);
  }

  /**
   * The teams with the seats in each, in the game's order; empty if the game has none.
   * @returns {Api.Team[]}
   */
  get teams() {
    const seats = [...this.seats.values()];
    const { teams = [] } = /** @type {{ teams?: Omit<Api.Team, "seats" | "open">[] }} */ (this.info);
    return teams.map((team) => ({ open: false, ...team, seats: seats.filter(({ groups }) => groups.includes(team.name)) }));
  }

  /**
   * Go into a team, if the game lets players choose; the host may also put another seat (its id) into one.
   * @type {Api.Room["joinTeam"]}
   */
  joinTeam(team, seat) {
    return this._client._ask("team", this, { team, seat });
  }

  now() {
    return this._way.clock.now();
  }

  /**
   * Send a message of the game's own; resolves with the game's reply, applied exactly once.
   * @param {string} type
   * @param {unknown} [data]
   * @returns {Promise<any>}
   */
  send(type, data) {
    return this._client._ask("send", this, { type, data });
  }

  /**
   * Send without an id: no reply, sent once or not at all. Refusals come as the client's `$error`.
   * @type {Api.Room["tell"]}
   */
  tell(type, data) {
    this._client._tell("send", this, { type, data });
  }

  /**
   * Give up the seat, for all its tabs.
   * @type {Api.Room["leave"]}
   */
  leave() {
    return this._client._ask("leave", this);
  }

  // What the client tells it

  get _seen() {
    return { epoch: this.#epoch, ...Object.fromEntries(this.#counts) };
  }

  _detach() {
    clearTimeout(this._retry);
    this._attached = this._deaf = false;
  }

  /**
   * The seat was given, or given back. If `recovered`, what was missed follows; else everything is in `joined`.
   * @param {any} joined
   */
  _join({ recovered, seat: { resume, ...seat }, seen: { epoch, ...counts }, info, docs, seats, timers, moves, ...said }) {
    /** @type {Api.Change[]} */
    const news = [];
    this.seat = seat;
    this._secret = resume;
    this.#epoch = epoch;
    this.#counts = new Map(Object.entries(/** @type {Record<string, number>} */ (counts)));
    if (!recovered) {
      for (const stream of [...this.#docs.keys()]) if (!Object.hasOwn(docs, stream)) news.push(this.#setDoc(stream, null));
      for (const id of this.seats.keys()) if (!seats.some((/** @type {Api.Seat} */ told) => told.id === id)) this.seats.delete(id);
      this.#public.clear();
      this.#timers.clear();
    }
    for (const [stream, doc] of Object.entries(docs)) news.push(this.#setDoc(stream, doc));
    for (const told of seats) this.#mergeSeat("seat", told);
    for (const timer of timers) this.#setTimer(timer);
    this.#showTimers();
    this._takeInfo(info);
    this.#takePublic();
    this._takeMoves(moves);
    const lines = this.chat._join({ recovered, ...said });
    this._attached = true;
    this._deaf = this._broken = false;
    this._failures = 0;
    this._detour = new Detour();
    for (const change of news) if (change.paths.length) this._emit("$change", change);
    this._emit("$seats", seats);
    this._tellInfo();
    this._tellMoves();
    this._emit("$timers", this.timers);
    this._emit("$channels", this.chat.channels);
    for (const line of lines) this._emit("$chat", line);
    this._emit("$joined", { recovered });
  }

  /**
   * Take a message of one of this room's streams; an unknown one is only counted, as `skip` is.
   * @param {any} message
   */
  _hear(message) {
    const { op, stream, n } = message;
    if (n === undefined || n === null) {
      if (op === "event") this.#onEvent(message);
      else if (op === "typing") this._emit("$typing", this.chat._typing(message));
      else if (op === "read") this._emit("$read", this.chat._read(message));
      else if (op === "moves") this.#onMoves(message);
    } else if (!this._deaf && this.#counted(op, stream, n)) {
      if (op === "event") this.#onEvent(message);
      else if (op === "patch") this.#onPatch(message);
      else if (op === "doc") this.#onDoc(message);
      else if (op === "seats") this.#onSeats(message);
      else if (op === "room") this.#onInfo(message);
      else if (op === "timer") this.#onTimer(message);
      else if (op === "chat") for (const line of this.chat._say([message])) this._emit("$chat", line);
      else if (op === "edited") this.#onEdited(message);
      else if (op === "channels") this.#onChannels(message.channels);
    }
  }

  /**
   * Whether this is the stream's next message; if one is missing, asks for all that is missing.
   * @param {string} op
   * @param {string} stream
   * @param {number} n
   */
  #counted(op, stream, n) {
    if (op === "doc") return true; // it sets the counter itself
    const known = this.#counts.get(stream);
    if (known === undefined && (op === "seats" || op === "room")) return true; // sent before the stream's first document
    if (known !== undefined && n <= known) return false;
    if (known === undefined || n !== known + 1) {
      this._client._resume(this);
      return false;
    }
    this.#counts.set(stream, n);
    return true;
  }

  /** @param {any} message */
  #onInfo({ info }) {
    this._takeInfo(info);
    this.#takePublic();
    this._tellInfo();
  }

  /** Note which groups are public. A server of an older release does not say; there they are those named on `room`. */
  #takePublic() {
    const { groups = [] } = this.info;
    if (!groups.length && !this.#isToldPublic) return;
    this.#isToldPublic = true;
    this.#public = new Set(groups);
  }

  /** @param {any} message */
  #onMoves(message) {
    if (this._deaf) return; // those in `joined` will be newer
    this._takeMoves(message);
    this._tellMoves();
  }

  /** @param {any} message */
  #onEvent({ stream, n, type, data }) {
    const event = { type, data, stream, n: n ?? null };
    if (type !== "*" && !type.startsWith("$")) this._emit(type, data, event); // those names are this client's own
    this._emit("*", data, event);
  }

  /** @param {any} message */
  #onPatch({ stream, ops }) {
    const doc = this.#docs.get(stream);
    try {
      for (const op of ops) applyOp(doc, op);
    } catch {
      this._broken = true;
      return this._client._resume(this);
    }
    this._emit("$change", { stream, doc, paths: ops.map((/** @type {any[]} */ [, path]) => path) });
  }

  /** @param {any} message */
  #onDoc({ stream, n, doc, chat, channels }) {
    const change = this.#setDoc(stream, doc);
    if (doc === null) this.#forgetStream(stream);
    else this.#counts.set(stream, n);
    if (doc !== null && channels?.length) this.chat._open(channels);
    const lines = doc === null ? [] : this.chat._say(chat ?? []);
    if (change.paths.length) this._emit("$change", change);
    if (doc === null) {
      this._emit("$seats", [...this.seats.values()]);
      this._emit("$timers", this.timers);
    }
    if (doc === null || channels?.length) this._emit("$channels", this.chat.channels);
    for (const line of lines) this._emit("$chat", line);
  }

  /** @param {any} message */
  #onEdited(message) {
    const line = this.chat._edit(message);
    if (line) this._emit("$edited", line);
  }

  /** @param {ToldChannel[]} channels */
  #onChannels(channels) {
    this.chat._open(channels);
    this._emit("$channels", this.chat.channels);
  }

  /**
   * Take a whole document, or none any more (null); a known one is changed in place.
   * @param {string} stream
   * @param {any} doc
   * @returns {Api.Change}
   */
  #setDoc(stream, doc) {
    const known = this.#docs.get(stream);
    /** @type {Api.Path[]} */
    const paths = [];
    if (known && doc) merge(known, doc, [], paths);
    else if (known || doc) paths.push([]);
    const now = doc && (known ?? doc);
    if (now) this.#docs.set(stream, now);
    else this.#docs.delete(stream);
    const [, kind, name] = /^(group|role):(.*)$/s.exec(stream) ?? [];
    const docs = kind === "group" ? this.groups : kind === "role" ? this.roles : undefined;
    if (docs && now) docs[name] = now;
    else if (docs) delete docs[name];
    return { stream, doc: now, paths: this._broken ? [[]] : paths };
  }

  /**
   * This seat is in a group no longer: forget what is known of it.
   * @param {string} stream
   */
  #forgetStream(stream) {
    this.#counts.delete(stream);
    this.chat._forget(stream);
    for (const [key, timer] of [...this.#timers]) if (timer.stream === stream) this.#timers.delete(key);
    this.#showTimers();
    const name = stream.replace(/^group:/, "");
    if (this.#public.has(name)) return;
    for (const seat of this.seats.values()) seat.groups = seat.groups.filter((group) => group !== name);
  }

  /** @param {{ stream: string, seats: Api.Seat[] }} message */
  #onSeats({ stream, seats }) {
    for (const seat of seats) this.#mergeSeat(stream, seat);
    this._emit("$seats", seats);
  }

  /**
   * Take a seat as one stream has it, with the groups that the stream's audience may know: on `room` the public ones,
   * on `group:NAME` that one too, on `seat` and in `joined` all that this client may know. Its other groups stay.
   * @param {string} stream
   * @param {Api.Seat} told
   */
  #mergeSeat(stream, told) {
    if (told.gone) return void this.seats.delete(told.id);
    const before = this.seats.get(told.id);
    const known = before?.groups ?? [];
    let groups = told.groups;
    if (stream === "room") {
      for (const name of groups) this.#public.add(name);
      groups = [...groups, ...known.filter((name) => this.#isPrivate(name))];
    } else if (stream !== "seat") {
      const name = stream.replace(/^group:/, "");
      groups = [...known.filter((other) => other !== name), ...groups.filter((group) => group === name)];
    }
    this.seats.set(told.id, Object.assign(before ?? {}, told, { account: told.account ?? false, groups: [...new Set(groups)].sort() }));
  }

  /**
   * Whether a group is known only to its members: it was never named on `room`.
   * @param {string} name
   */
  #isPrivate(name) {
    return !this.#public.has(name) && this.me?.groups.includes(name);
  }

  /** @param {ToldTimer} timer */
  #onTimer(timer) {
    this.#setTimer(timer);
    this.#showTimers();
    this._emit("$timers", this.timers);
  }

  /** @param {ToldTimer} timer */
  #setTimer({ stream, name, ends, paused_ms }) {
    const key = `${stream} ${name}`;
    if (ends === null && paused_ms === null) return void this.#timers.delete(key);
    const left = () => paused_ms ?? Math.max(0, /** @type {number} */ (ends) - this.now());
    this.#timers.set(key, { stream, name, ends, paused_ms, left });
  }

  /** Fill `timers`, by name; if two streams have a timer of one name, this seat's own counts. */
  #showTimers() {
    this.timers.clear();
    const own = (/** @type {Api.Timer} */ { stream }) => Number(stream === "seat");
    for (const timer of [...this.#timers.values()].sort((a, b) => own(a) - own(b))) this.timers.set(timer.name, timer);
  }
}
