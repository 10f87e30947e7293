/** Messages as MessagePack: each is an array of its number and its fields; nil stands for a field that is absent. */

import { HEARD, SAID } from "./arrays.js";
import { COLUMNS, KEY, SET } from "./documents.js";
import { Packer, Unpacker } from "./msgpack.js";

/** @import { MessageArray } from "./arrays.js" */
/** @import { Form } from "./json.js" */

/** @type {Form} */
export const PACKED = {
  subprotocol: "gameserver.v1.msgpack",
  ops: 4, // the last patch op that `reader` knows
  encode({ op, ...fields }) {
    const { number, names } = /** @type {MessageArray} */ (SAID.get(op));
    const array = names.map((name) => fields[name]);
    while (array.length && (array.at(-1) ?? null) === null) array.pop();
    const packer = new Packer();
    packer.head(array.length + 1, 0x90, 16, [null, 0xdc, 0xdd]);
    packer.number(number);
    array.forEach((value, i) => packer.value(value, `$.${names[i]}`));
    return packer.bytes();
  },
  size: (frame) => frame.length,

  /** A reader of one connection's frames; it keeps the keys that patches write as numbers. */
  reader() {
    const keys = new Map();
    return (frame) => {
      const [number, ...fields] = new Unpacker(frame).whole();
      const { op, names } = HEARD.get(number) ?? { op: `number ${number}`, names: [] };
      /** @type {Record<string, any>} */
      const message = { op };
      names.forEach((name, i) => i < fields.length && (message[name] = fields[i]));
      const { room, stream } = message;
      if (op === "joined") {
        for (const known of [...keys.keys()]) if (known.startsWith(`${room} `)) keys.delete(known);
        for (const [name, told] of Object.entries(message.keys ?? {})) keys.set(`${room} ${name}`, told);
      } else if (op === "doc") {
        keys.set(`${room} ${stream}`, message.keys ?? []);
      } else if (op === "patch") {
        if (!keys.has(`${room} ${stream}`)) keys.set(`${room} ${stream}`, []);
        message.ops = expanded(message.ops, keys.get(`${room} ${stream}`));
      }
      return message;
    };
  },
};

/**
 * A patch in the ops that `applyOp` knows: with keys in full, and with one op for each of the sets in an op 4.
 * @param {any[][]} ops
 * @param {string[]} keys those of the stream; a patch may add to them
 * @returns {any[][]}
 */
function expanded(ops, keys) {
  const named = (/** @type {any} */ key) => {
    if (!(key < 0)) return key;
    if (-1 - key >= keys.length) throw new RangeError(`there is no key ${key}`);
    return keys[-1 - key];
  };
  const plain = [];
  for (const [kind, path, ...rest] of ops) {
    if (kind === KEY) keys.push(path);
    else if (kind !== COLUMNS) plain.push([kind, path.map(named), ...rest]);
    else {
      const [fields, scales, rows] = [rest[0].map(named), rest[1], rest[2]];
      const container = path.map(named);
      for (let at = 0; at < rows.length; at += 1 + fields.length) {
        const child = named(rows[at]);
        fields.forEach((/** @type {any} */ field, /** @type {number} */ i) => {
          const scale = scales?.[i] ?? null;
          const value = rows[at + 1 + i];
          plain.push([SET, [...container, child, field], scale === null ? value : value / scale]);
        });
      }
    }
  }
  return plain;
}
