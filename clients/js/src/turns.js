/**
 * What a room knows of turns, and of the moves that its seat has; and what a player does with them. `Room` inherits
 * from this. Turns come with `info`, moves as messages of their own.
 */

import { merge } from "./documents.js";
import { Emitter } from "./emitter.js";

/** @import * as Api from "../gameserver.js" */
/** @import { Client } from "./client.js" */
/** @import { Room } from "./room.js" */

const FIELD = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

export class TurnTaking extends Emitter {
  /** @type {Api.Info} */
  info = /** @type {any} */ ({});
  /** @type {Map<string, Api.Seat>} */
  seats = new Map();
  /** @type {Api.Room["seat"]} */
  seat;
  /** @type {Api.Move[]} */
  moves = [];
  moreMoves = false;
  mayUndo = false;
  /** @type {Api.Room["translate"]} */
  translate = (text) => text;

  _client;
  /** @type {Api.Prompt | null} for this seat alone */
  #whisper = null;
  #shownTurn = "null";

  /**
   * @param {Client} client
   * @param {Api.Room["seat"]} seat
   */
  constructor(client, seat) {
    super();
    this._client = client;
    this.seat = seat;
  }

  get turn() {
    return this.info.turn ?? null;
  }

  get isActive() {
    return Boolean(this.turn?.active.includes(this.seat.id));
  }

  get prompt() {
    const prompt = this.#whisper ?? this.turn?.prompt;
    if (!prompt) return null;
    const text = this.#whisper || this.isActive ? prompt.text : prompt.others;
    const shown = Object.entries(prompt.args).map(([field, value]) => [field, this.name(value)]);
    return text === null ? null : filled(this.translate(text), Object.fromEntries(shown));
  }

  /** @type {Api.Room["label"]} */
  label(move, choices = {}) {
    const { type, label, seats } = move;
    const known = Object.entries({ ...move.data, ...choices });
    // A text that looks like the id of a seat is one only if its field is in `seats`.
    const shown = known.map(([field, value]) => [field, seats.includes(field) ? this.name(value) : plainly(value, this.translate)]);
    if (label !== null) return filled(this.translate(label), Object.fromEntries(shown));
    return [this.translate(titled(type)), ...shown.map(([, text]) => text)].join(" ");
  }

  /** @type {Api.Room["name"]} */
  name(value) {
    if (Array.isArray(value)) return value.map((item) => this.name(item)).join(", ");
    if (typeof value === "string") return this.seats.get(value)?.name ?? this.#groupName(value) ?? (this.#isName(value) ? value : this.translate(value));
    return plainly(value, this.translate);
  }

  /** @type {Api.Room["play"]} */
  play(move, choices = {}) {
    const data = { ...move.data };
    for (const [field, value] of Object.entries(choices)) data[field] = idOf(value);
    const asked = { type: move.type, data, turn: this.turn?.number };
    return this._client._ask("send", this._room, asked);
  }

  /** @type {Api.Room["undo"]} */
  undo() {
    return this._client._ask("undo", this._room);
  }

  /** @type {Api.Room["ready"]} */
  ready(on = true) {
    return this._client._ask("ready", this._room, { on });
  }

  /** @type {Api.Room["bot"]} */
  bot({ level, name, seat } = {}) {
    return this._client._ask("bot", this._room, { level, name, seat: idOf(seat) });
  }

  /** @returns {Room} */
  get _room() {
    return /** @type {any} */ (this);
  }

  /** @param {string} text */
  #isName(text) {
    return [...this.seats.values()].some(({ name }) => name === text);
  }

  /** @param {string} key */
  #groupName(key) {
    const [, name] = /^group:(.*)$/s.exec(key) ?? [];
    if (name === undefined) return null;
    return this.info.teams?.find((team) => team.name === name)?.title ?? name;
  }

  /**
   * Take the newest moves; none, if there is no message of any. `_tellMoves` tells listeners.
   * @param {any} told
   */
  _takeMoves(told) {
    const { moves, more, prompt, undo } = told ?? {};
    this.moves = moves ?? [];
    this.moreMoves = more ?? false;
    this.mayUndo = undo ?? false;
    this.#whisper = prompt ?? null;
  }

  _tellMoves() {
    this._emit("$moves", this.moves);
  }

  /** @param {Api.Info} info */
  _takeInfo(info) {
    this.info = merge(this.info, info);
  }

  /** Tell listeners that `info` may have changed, and, if it has, that the turn has. */
  _tellInfo() {
    this._emit("$info", this.info);
    const shown = JSON.stringify(this.turn);
    if (shown === this.#shownTurn) return;
    this.#shownTurn = shown;
    this._emit("$turn", this.turn);
  }
}

/**
 * A value that is no seat, as a text for people.
 * @param {any} value
 * @param {(text: string) => string} translate
 * @returns {string}
 */
function plainly(value, translate) {
  if (Array.isArray(value)) return value.map((item) => plainly(item, translate)).join(", ");
  if (typeof value === "boolean") return translate(value ? "yes" : "no");
  if (typeof value === "string") return translate(value);
  if (value === null || typeof value !== "object") return String(value);
  return "id" in value && "name" in value ? String(value.name) : JSON.stringify(value);
}

/**
 * @param {string} text
 * @param {Record<string, string>} known
 */
function filled(text, known) {
  return text.replace(FIELD, (place, field) => (Object.hasOwn(known, field) ? known[field] : place));
}

/** @param {any} value */
function idOf(value) {
  return value?.id !== undefined && value.name !== undefined ? value.id : value;
}

/** @param {string} type */
function titled(type) {
  const text = type.replaceAll("_", " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
