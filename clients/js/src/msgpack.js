/**
 * MessagePack: the values of JSON, and bytes.
 *
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */

import { put } from "./documents.js";
import { checkFits } from "./json.js";

export class Packer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  bytes() {
    return this.#bytes.slice(0, this.#at);
  }

  /**
   * Make room for so many more bytes; returns where they begin.
   * @param {number} count
   */
  #take(count) {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#at);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  /** @param {number} byte */
  #byte(byte) {
    this.#bytes[this.#take(1)] = byte;
  }

  /**
   * Write the head of a value that has a length: one byte if that is below `small`, else the first of three that holds
   * it.
   * @param {number} length
   * @param {number} fixed
   * @param {number} small
   * @param {[number | null, number, number]} heads
   */
  head(length, fixed, small, [one, two, four]) {
    if (length < small) this.#byte(fixed | length);
    else if (one !== null && length < 0x100) {
      this.#byte(one);
      this.#byte(length);
    } else if (length < 0x10000) {
      this.#byte(two);
      this.#view.setUint16(this.#take(2), length);
    } else {
      this.#byte(four);
      this.#view.setUint32(this.#take(4), length);
    }
  }

  /** @param {number} value */
  number(value) {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#integer(value);
    else if (Math.fround(value) === value) {
      this.#byte(0xca);
      this.#view.setFloat32(this.#take(4), value);
    } else {
      this.#byte(0xcb);
      this.#view.setFloat64(this.#take(8), value);
    }
  }

  /** @param {number} value */
  #integer(value) {
    if (value >= -32 && value < 128) this.#byte(value & 0xff);
    else if (value >= 2 ** 32) this.#long(0xcf, value);
    else if (value >= 0) this.head(value, 0, 0, [0xcc, 0xcd, 0xce]);
    else if (value >= -0x80) this.#view.setInt16(this.#take(2), 0xd000 | (value & 0xff));
    else if (value >= -0x8000) {
      this.#byte(0xd1);
      this.#view.setInt16(this.#take(2), value);
    } else if (value >= -0x80000000) {
      this.#byte(0xd2);
      this.#view.setInt32(this.#take(4), value);
    } else this.#long(0xd3, value);
  }

  /**
   * @param {number} head
   * @param {number} value
   */
  #long(head, value) {
    this.#byte(head);
    this.#view.setBigInt64(this.#take(8), BigInt(value));
  }

  /**
   * Write a value as JSON would have it, and bytes as they are.
   * @param {any} value
   * @param {string} path where it stands, for the error
   */
  value(value, path) {
    if (typeof value?.toJSON === "function") value = value.toJSON();
    if (value instanceof ArrayBuffer) value = new Uint8Array(value);
    checkFits(value, path);
    if (value === null || value === undefined) this.#byte(0xc0);
    else if (typeof value === "boolean") this.#byte(value ? 0xc3 : 0xc2);
    else if (typeof value === "number") this.number(value);
    else if (typeof value === "string") this.#text(value);
    else if (value instanceof Uint8Array) {
      this.head(value.length, 0, 0, [0xc4, 0xc5, 0xc6]);
      const at = this.#take(value.length);
      this.#bytes.set(value, at);
    } else if (Array.isArray(value)) {
      this.head(value.length, 0x90, 16, [null, 0xdc, 0xdd]);
      for (let i = 0; i < value.length; i++) this.value(value[i], `${path}[${i}]`);
    } else {
      const entries = Object.entries(value).filter(([, item]) => item !== undefined);
      this.head(entries.length, 0x80, 16, [null, 0xde, 0xdf]);
      for (const [key, item] of entries) {
        this.#text(key);
        this.value(item, `${path}.${key}`);
      }
    }
  }

  /** @param {string} text */
  #text(text) {
    const bytes = new TextEncoder().encode(text);
    this.head(bytes.length, 0xa0, 32, [0xd9, 0xda, 0xdb]);
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Unpacker {
  #bytes;
  #view;
  #at = 0;

  /** @param {ArrayBuffer} frame */
  constructor(frame) {
    this.#bytes = new Uint8Array(frame);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
  }

  /**
   * Read a message's array; throws if the frame is none.
   * @returns {any[]}
   */
  whole() {
    const value = this.#value();
    if (this.#at !== this.#bytes.length || !Array.isArray(value)) throw new SyntaxError("a message is one array");
    return value;
  }

  /** @returns {any} */
  #value() {
    const head = this.#view.getUint8(this.#at++);
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 15);
    if (head < 0xa0) return this.#list(head & 15);
    if (head < 0xc0) return this.#text(head & 31);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return this.#take(this.#unsigned(head - 0xc4)).slice();
      case 0xca: return this.#view.getFloat32(this.#skip(4));
      case 0xcb: return this.#view.getFloat64(this.#skip(8));
      case 0xcc: case 0xcd: case 0xce: return this.#unsigned(head - 0xcc);
      case 0xcf: return Number(this.#view.getBigUint64(this.#skip(8)));
      case 0xd0: return this.#view.getInt8(this.#skip(1));
      case 0xd1: return this.#view.getInt16(this.#skip(2));
      case 0xd2: return this.#view.getInt32(this.#skip(4));
      case 0xd3: return Number(this.#view.getBigInt64(this.#skip(8)));
      case 0xd9: case 0xda: case 0xdb: return this.#text(this.#unsigned(head - 0xd9));
      case 0xdc: case 0xdd: return this.#list(this.#unsigned(head - 0xdb));
      case 0xde: case 0xdf: return this.#map(this.#unsigned(head - 0xdd));
      default: throw new SyntaxError(`${head} begins no value`);
    }
  }

  /** @param {number} count */
  #skip(count) {
    this.#at += count;
    return this.#at - count;
  }

  /**
   * A number of 1, 2 or 4 bytes: two to the `power`.
   * @param {number} power
   */
  #unsigned(power) {
    if (power === 0) return this.#view.getUint8(this.#skip(1));
    return power === 1 ? this.#view.getUint16(this.#skip(2)) : this.#view.getUint32(this.#skip(4));
  }

  /** @param {number} count */
  #take(count) {
    if (this.#at + count > this.#bytes.length) throw new SyntaxError("a frame ends too early");
    return this.#bytes.subarray(this.#skip(count), this.#at);
  }

  /** @param {number} count */
  #text(count) {
    return UTF8.decode(this.#take(count));
  }

  /**
   * @param {number} count
   * @returns {any[]}
   */
  #list(count) {
    const list = [];
    for (let i = 0; i < count; i++) list.push(this.#value());
    return list;
  }

  /**
   * @param {number} count
   * @returns {Record<string, any>}
   */
  #map(count) {
    /** @type {Record<string, any>} */
    const map = {};
    for (let i = 0; i < count; i++) {
      const key = this.#value();
      if (typeof key !== "string") throw new SyntaxError("a key is a text");
      put(map, key, this.#value());
    }
    return map;
  }
}
