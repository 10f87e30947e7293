/** Values and moves in words: never JSON, and players always by name. */

import { labelOf } from "../form.js";
import { said, t } from "../page/language.js";

/** @import * as Api from "../../gameserver.js" */

const PLACE = /\{[A-Za-z_][A-Za-z0-9_]*\}/g;

/** Whether a value can be shown in a line of its own. */
export function isPlain(value) {
  return value === null || value === undefined || typeof value !== "object" || value instanceof Uint8Array;
}

/** Whether a key or value is a seat of this room. */
export function isSeat(room, value) {
  return typeof value === "string" && room.seats.has(value);
}

/**
 * One value in words.
 * @param {Api.Room} room
 * @param {any} value
 * @returns {string}
 */
export function textOf(room, value) {
  if (value === null || value === undefined) return "–";
  if (value instanceof Uint8Array) return t("{n} bytes", { n: value.length });
  if (Array.isArray(value)) return textsOf(room, value).join(", ") || "–";
  if (typeof value === "object") return Object.entries(value).map(([key, each]) => `${keyOf(room, key, value)} ${textOf(room, each)}`).join(", ") || "–";
  return room.name(value);
}

/** The items of a list in words. Texts are seats only if all are: ids are short, and cards may be called "7" too. */
export function textsOf(room, items) {
  const texts = items.filter((item) => typeof item === "string");
  const seats = texts.every((item) => isSeat(room, item));
  return items.map((item) => (typeof item === "string" && !seats ? said(item) : textOf(room, item)));
}

/** A key of a dict in words: a seat by its name, if all keys are seats. */
export function keyOf(room, key, dict) {
  if (key.startsWith("group:")) return room.name(key);
  return dict && Object.keys(dict).every((each) => isSeat(room, each)) ? room.name(key) : labelOf(key);
}

/** Whom a key of `order`, `clocks` and the like stands for: "you", or a name. */
export function whoIs(room, key) {
  return key === room.seat.id ? t("you") : room.name(key);
}

/** The text of a button: with an ellipsis for what is left open, or the move's name if little else would be left. */
export function buttonText(room, move) {
  const text = room.label(move);
  if (!move.choices) return text;
  const rest = text.replace(PLACE, "").replace(/[^\p{L}\p{N}]/gu, "");
  const shown = rest.length < 3 ? labelOf(move.type) : text.replace(PLACE, "…");
  return shown.includes("…") ? shown : `${shown}…`;
}
