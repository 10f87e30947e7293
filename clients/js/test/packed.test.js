/** MessagePack against a server that is a script: what is written, and every way in which a patch may be told. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../gameserver.js";
import { until } from "./kit.js";

const bounded = { timeout: 30_000 };

/** What a server writes: numbers below 128 and from -32, 4-byte floats, short texts, lists and objects. */
function pack(value) {
  if (value === null || value === undefined) return [0xc0];
  if (typeof value === "boolean") return [value ? 0xc3 : 0xc2];
  if (value instanceof Float) return [0xca, ...new Uint8Array(new Float32Array([value.number]).buffer).reverse()];
  if (typeof value === "number") return value < 128 ? [value & 0xff] : [0xcd, value >> 8, value & 0xff];
  if (typeof value === "string") return [0xa0 | value.length, ...Array.from(value, (c) => c.charCodeAt(0))];
  if (value instanceof Uint8Array) return [0xc4, value.length, ...value];
  if (Array.isArray(value)) return [0xdc, 0, value.length, ...value.flatMap(pack)];
  const entries = Object.entries(value);
  return [0xde, 0, entries.length, ...entries.flatMap(([key, item]) => [...pack(key), ...pack(item)])];
}

class Float {
  constructor(number) {
    this.number = number;
  }
}

/** A client whose socket is a script; `say` is the server's voice, `sent` what the client wrote. */
function scripted(t) {
  const sent = [];
  const sockets = [];
  class Socket {
    readyState = 1;

    constructor(url, protocol) {
      assert.equal(protocol, "gameserver.v1.msgpack");
      sockets.push(this);
      queueMicrotask(() => this.onopen?.());
    }

    send(frame) {
      sent.push([...frame]);
    }

    close() {}
  }
  const say = (...array) => sockets.at(-1).onmessage?.({ data: new Uint8Array(pack(array)).buffer });
  const connecting = connect({ url: "ws://table/ws", WebSocket: Socket, storage: null, name: "Ann", binary: true });
  connecting.then((client) => t.after(() => client.close()));
  return { sent, say, sockets, connecting };
}

const INFO = { status: "lobby", phase: null, locked: false, paused: false, options: {}, result: null, answered: {} };

function joined(id, docs, keys, recovered = null) {
  const seat = { id: "1", number: 0, role: "player", resume: "secret" };
  const seen = { epoch: "e", room: 1 };
  return [22, id, "K7QM", "game", seat, recovered, 0, INFO, docs, [], [], [], seen, keys];
}

async function inRoom(t, docs, keys) {
  const table = scripted(t);
  await until(() => table.sent.length);
  table.say(21, { id: "u", name: "Ann", rights: [] }, "t", "key", 1, { frame_bytes: 1000 });
  const client = await table.connecting;
  const creating = client.create("game");
  await until(() => table.sent.some(([, op]) => op === 2));
  table.say(...joined(1, docs, keys));
  const room = await creating;
  await new Promise((resolve) => setTimeout(resolve)); // until then what follows `joined` waits for listeners
  return { ...table, client, room };
}

test("hello says what it knows, and requests end with their last field", bounded, async (t) => {
  const { sent, room } = await inRoom(t, { room: {} });
  assert.deepEqual(sent[0].slice(0, 4), [0x96, 1, 0xc0, 0xc0]);
  assert.equal(sent[0].at(-1), 4);
  assert.deepEqual(sent.find(([, op]) => op === 2), [0x97, 2, 1, 0xa4, ...Buffer.from("game"), 0xc0, 0xc0, 0xc0, 0xa3, ...Buffer.from("Ann")]);
  sent.length = 0;
  room.tell("t", { a: [1, -1, 200, 70_000, 2 ** 40, -200, -70_000, -(2 ** 40), 0.5, 0.1, -0, true, null, undefined], b: undefined });
  const floats = [0xca, 0x3f, 0, 0, 0, 0xcb, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a, 0xca, 0x80, 0, 0, 0];
  const ints = [1, 0xff, 0xcc, 200, 0xce, 0, 1, 0x11, 0x70, 0xcf, 0, 0, 1, 0, 0, 0, 0, 0, 0xd1, 0xff, 0x38];
  ints.push(0xd2, 0xff, 0xfe, 0xee, 0x90, 0xd3, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0);
  const data = [0x81, 0xa1, 97, 0x9e, ...ints, ...floats, 0xc3, 0xc0, 0xc0];
  assert.deepEqual(sent[0], [0x95, 5, 0xc0, 0xa1, 116, ...data, 0xa4, ...Buffer.from("K7QM")]);
});

test("what MessagePack could hold and JSON not is refused as in JSON", bounded, async (t) => {
  const { room } = await inRoom(t, { room: {} });
  for (const unfit of [NaN, Infinity, 1n, () => {}, Symbol("s")]) {
    await assert.rejects(room.send("t", { a: [0, unfit] }), { code: "bad_data", path: "$.data.a[1]" });
  }
  await assert.rejects(room.send("t", "x".repeat(2000)), { code: "too_large" });
});

test("keys travel as numbers once they are known, and many sets as one", bounded, async (t) => {
  const { room, say } = await inRoom(t, { room: { bodies: { a: { x: 1, y: 1 }, b: { x: 1, y: 1 } }, log: [] } }, { room: ["bodies"] });
  const changes = [];
  room.on("$change", ({ paths }) => changes.push(...paths));
  say(26, "K7QM", "room", 2, [[3, "a"], [3, "x"], [0, [-1, -2, -3], 5], [0, ["log"], [1, 2, 3]]]);
  assert.equal(room.state.bodies.a.x, 5);
  say(26, "K7QM", "room", 3, [[2, ["log"], 1, 1, []], [1, [-1, -2, "y"]]]);
  assert.deepEqual(room.state, { bodies: { a: { x: 5 }, b: { x: 1, y: 1 } }, log: [1, 3] });
  say(26, "K7QM", "room", 4, [[4, [-1], [-3, "y"], [100, null], [-2, 250, 7, "b", 125, new Float(0.5)]]]);
  assert.deepEqual(room.state.bodies, { a: { x: 2.5, y: 7 }, b: { x: 1.25, y: 0.5 } });
  say(26, "K7QM", "room", 5, [[4, [], [0, 1], null, ["log", 8, 9]]]);
  assert.deepEqual(room.state.log, [8, 9]);
  assert.deepEqual(changes.at(-1), ["log", 1]);
});

test("a fresh copy brings its keys; a number that stands for none is a broken connection", bounded, async (t) => {
  const { room, say, sockets } = await inRoom(t, { room: { n: 1 } });
  say(27, "K7QM", "room", 4, { m: 1 }, [], ["k", "m"]);
  say(26, "K7QM", "room", 5, [[0, [-2], 2]]);
  assert.deepEqual(room.state, { m: 2 });
  const silence = t.mock.method(console, "error", () => {});
  say(26, "K7QM", "room", 6, [[0, [-3], 2]]);
  assert.equal(silence.mock.callCount(), 1);
  await until(() => sockets.length === 2);
});

test("volatile events have no number, bytes are bytes, and no key leads to a prototype", bounded, async (t) => {
  const { room, say } = await inRoom(t, { room: {} });
  const heard = [];
  room.on("*", (data, event) => heard.push([data, event.n]));
  say(25, "K7QM", "room", null, "spark", new Uint8Array([0, 255]));
  say(25, "K7QM", "room", 2, "spark", { ["__proto__"]: { polluted: 1 }, $bytes: 1, $$a: 2 });
  assert.deepEqual(heard[0], [new Uint8Array([0, 255]), null]);
  assert.deepEqual(Object.keys(heard[1][0]), ["__proto__", "$bytes", "$$a"]);
  assert.equal({}.polluted, undefined);
});
