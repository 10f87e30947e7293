/** Messages as JSON. Bytes are `{"$bytes": base64}`; real keys that start with `$` are doubled. */

import { GameError } from "./errors.js";

/**
 * How messages are written.
 * @typedef {object} Form
 * @property {string} subprotocol
 * @property {number | undefined} ops the last patch op that `reader` knows, where the server asks for it
 * @property {(message: { op: string, [field: string]: any }) => any} encode a message as a frame; throws `bad_data`
 * @property {(frame: any) => number} size of a frame in bytes
 * @property {() => (frame: any) => any} reader makes messages of one connection's frames
 */

/** @type {Form} */
export const JSON_FORM = {
  subprotocol: "gameserver.v1.json",
  ops: undefined,
  encode: (message) => JSON.stringify(wrapped(message, "$")),
  size: (frame) => new TextEncoder().encode(frame).length,
  reader: () => decode,
};

/**
 * A value as the wire has it; throws for what JSON cannot hold. JSON.stringify would make null of NaN, and the server
 * could not tell which request holds half a surrogate pair.
 * @param {any} value
 * @param {string} path
 * @returns {any}
 */
function wrapped(value, path) {
  if (typeof value?.toJSON === "function") value = value.toJSON();
  if (value instanceof ArrayBuffer) value = new Uint8Array(value);
  if (value instanceof Uint8Array) return { $bytes: btoa(Array.from(value, (b) => String.fromCharCode(b)).join("")) };
  if (Array.isArray(value)) return value.map((item, i) => wrapped(item, `${path}[${i}]`));
  if (typeof value === "object" && value !== null) {
    const entry = (/** @type {[string, any]} */ [key, item]) => [key.startsWith("$") ? `$${key}` : key, wrapped(item, `${path}.${key}`)];
    return Object.fromEntries(Object.entries(value).map(entry));
  }
  checkFits(value, path);
  return value;
}

/**
 * @param {any} value
 * @param {string} path
 */
export function checkFits(value, path) {
  const unfit =
    (typeof value === "number" && !Number.isFinite(value)) ||
    (typeof value === "string" && value.isWellFormed?.() === false) ||
    ["bigint", "function", "symbol"].includes(typeof value);
  if (unfit) throw new GameError("bad_data", `JSON cannot hold ${String(value)}.`, path);
}

/** @param {string} frame */
function decode(frame) {
  const message = JSON.parse(frame);
  return frame.includes('"$') ? unwrapped(message) : message;
}

/**
 * @param {any} value
 * @returns {any}
 */
function unwrapped(value) {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$bytes === "string") return Uint8Array.from(atob(value.$bytes), (char) => char.charCodeAt(0));
  const entry = (/** @type {[string, any]} */ [key, item]) => [key.startsWith("$$") ? key.slice(1) : key, unwrapped(item)];
  return Object.fromEntries(Object.entries(value).map(entry));
}
