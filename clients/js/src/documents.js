/** Documents: JSON trees that are changed in place, by patches, or by merging a whole new document. */

/** @import { Path } from "../gameserver.js" */

export const SET = 0;
const DELETE = 1;
const SPLICE = 2;
export const KEY = 3; // `packed.js` turns these two into the others
export const COLUMNS = 4;

/**
 * Apply one op of a patch in place; throws if the patch was made for another tree.
 * @param {any} doc
 * @param {any[]} op
 */
export function applyOp(doc, [kind, path, ...rest]) {
  if (kind === SPLICE) {
    const [index, count, items] = rest;
    const list = follow(doc, path);
    if (!Array.isArray(list)) throw new RangeError("only a list is spliced");
    const tail = list.splice(index).slice(count);
    for (const item of items) list.push(item);
    for (const item of tail) list.push(item);
    return;
  }
  const parent = follow(doc, path.slice(0, -1));
  const key = path.at(-1);
  if (kind === SET && (!Array.isArray(parent) || Object.hasOwn(parent, key))) put(parent, key, rest[0]);
  else if (kind === DELETE && !Array.isArray(parent) && Object.hasOwn(parent, key)) delete parent[key];
  else throw new RangeError(`no such op, or nothing at ${path}`);
}

/**
 * Own keys only: a player may be called `__proto__`.
 * @param {any} value
 * @param {Path} path
 */
function follow(value, path) {
  for (const key of path) {
    if (!Object.hasOwn(value, key)) throw new RangeError(`there is no ${key}`);
    value = value[key];
  }
  return value;
}

/**
 * @param {any} target
 * @param {string | number} key
 * @param {any} value
 */
export function put(target, key, value) {
  if (key !== "__proto__") target[key] = value;
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * Make `known` equal to `told`, in place where possible; adds to `paths` the places where they differed.
 * @param {any} known
 * @param {any} told
 * @param {Path} path
 * @param {Path[]} paths
 * @returns {any}
 */
export function merge(known, told, path = [], paths = []) {
  if (isDict(known) && isDict(told)) {
    for (const key of Object.keys(known)) {
      if (Object.hasOwn(told, key)) continue;
      delete known[key];
      paths.push([...path, key]);
    }
    for (const [key, value] of Object.entries(told)) {
      if (Object.hasOwn(known, key)) put(known, key, merge(known[key], value, [...path, key], paths));
      else {
        put(known, key, value);
        paths.push([...path, key]);
      }
    }
    return known;
  }
  if (Array.isArray(known) && Array.isArray(told)) {
    if (known.length !== told.length) paths.push(path);
    known.length = Math.min(known.length, told.length);
    told.forEach((value, i) => (known[i] = i < known.length ? merge(known[i], value, [...path, i], paths) : value));
    return known;
  }
  if (Object.is(known, told) || sameBytes(known, told)) return known;
  paths.push(path);
  return told;
}

/** @param {any} value */
function isDict(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/**
 * @param {any} a
 * @param {any} b
 */
function sameBytes(a, b) {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return false;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
