/** The client's part of the conversations in tests/vectors, in JSON and in MessagePack. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { connect } from "../gameserver.js";
import { JSON_FORM } from "../src/json.js";
import { SAID } from "../src/arrays.js";
import { Unpacker } from "../src/msgpack.js";
import { until } from "./kit.js";

const bounded = { timeout: 30_000 };
const FOLDER = new URL("../../../tests/vectors/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

/** A value as the files have it: bytes and keys wrapped. */
const wired = (value) => JSON.parse(JSON_FORM.encode({ value })).value ?? null;
const plain = (value) => JSON_FORM.reader()(JSON.stringify({ value })).value;
const told = (message) => Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null && value !== undefined));
const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
const tick = () => new Promise((resolve) => setTimeout(resolve));

/** A client whose server is a file. */
class Listener {
  sockets = [];
  events = [];
  answers = [];
  room = null;
  client = null;

  constructor(binary) {
    this.binary = binary;
    const listener = this;
    this.WebSocket = class {
      readyState = 0;
      said = [];

      constructor() {
        listener.sockets.push(this);
        queueMicrotask(() => {
          this.readyState = 1;
          this.onopen?.();
        });
      }

      send(frame) {
        const message = listener.read(frame);
        if (message.op !== "ping") this.said.push(message);
      }

      close() {
        this.readyState = 3;
      }
    };
    this.connected = connect({ url: "ws://server.test/ws", storage: null, WebSocket: this.WebSocket, name: "Ann", binary });
    this.connected.then((client) => {
      this.client = client;
      client.on("$error", (error) => this.answers.push({ code: error.code }));
    });
  }

  /** What a client says, as JSON has it. */
  read(frame) {
    if (!this.binary) return JSON.parse(frame);
    const [number, ...fields] = new Unpacker(frame.buffer.slice(frame.byteOffset, frame.byteOffset + frame.length)).whole();
    const { op, names } = [...SAID.values()].find((array) => array.number === number);
    const { ops, ...message } = Object.fromEntries(fields.map((field, i) => [names[i], wired(field)]));
    return { op, ...message };
  }

  async say() {
    const socket = await until(() => this.sockets.at(-1)?.said.length && this.sockets.at(-1), "a message of the client");
    return socket.said.shift();
  }

  async hear({ hears, packed }) {
    const data = this.binary ? Uint8Array.from(Buffer.from(packed, "base64")).buffer : JSON.stringify(hears);
    this.sockets.at(-1).onmessage({ data });
    await tick(); // the client gives whoever waits for a room time to listen to it before it reads on
    await tick();
  }

  async call([name, ...given]) {
    const values = given.map(plain);
    await this.connected;
    if (name === "create" || name === "join") {
      this.client[name](...values).then((room) => this.#joined(room));
      return;
    }
    if (name === "play") values[0] = this.room.moves[values[0]];
    const done = name === "say" ? this.room.chat.say(...values) : this.room[name](...values);
    const left = name === "leave";
    done?.then((answer) => this.answers.push(left ? null : wired(answer ?? null)), ({ code }) => this.answers.push({ code }));
  }

  #joined(room) {
    this.room = room;
    room.on("*", (data, { type, n }) => this.events.push([type, wired(data), n]));
  }

  async lose() {
    const { length } = this.sockets;
    this.sockets.at(-1).onclose({ code: 1006, reason: "" });
    await until(() => this.sockets.length > length, "another connection");
  }

  mirror() {
    const { events, answers, room } = this;
    if (!room) return { events, answers };
    const named = (kind, docs) => Object.entries(docs).map(([name, doc]) => [`${kind}:${name}`, wired(doc)]);
    const docs = Object.fromEntries([...named("group", room.groups), ["room", wired(room.state)], ["seat", wired(room.mine)]]);
    return {
      events,
      answers,
      info: room.info,
      seats: sorted(Object.fromEntries(room.seats)),
      docs,
      timers: [...room.timers.values()].map(({ stream, name, ends, paused_ms }) => [stream, name, ends, paused_ms]).sort(),
      chat: room.chat.lines.map(({ stream, n, from, text, edited }) => [stream, n, from?.name ?? null, text, edited]),
      channels: [...room.chat.channels.values()].filter(({ stream }) => stream).map(({ to }) => to).sort(),
      left: room.left?.reason ?? null,
    };
  }
}

async function converse(t, name, binary) {
  const { steps } = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
  const listener = new Listener(binary);
  t.after(() => listener.client?.close());
  const expected = {};
  for (const [i, step] of steps.entries()) {
    const where = `${name}, step ${i}: ${JSON.stringify(step).slice(0, 300)}`;
    if (step.call) await listener.call(step.call);
    else if (step.lost) await listener.lose();
    if (step.says && !step.other) assert.deepEqual(told(await listener.say()), told(step.says), where);
    else if (step.hears) {
      await listener.hear(step);
      Object.assign(expected, step.mirror);
      const known = () => JSON.parse(JSON.stringify(listener.mirror()));
      for (let tries = 0; tries < 50 && !isDeepStrictEqual(known(), expected); tries++) await tick();
      assert.deepEqual(known(), expected, where);
    }
  }
  assert.deepEqual(listener.sockets.at(-1).said, [], name);
}

for (const name of FILES) {
  test(`${name}, in JSON`, bounded, (t) => converse(t, name, false));
  test(`${name}, in MessagePack`, bounded, (t) => converse(t, name, true));
}
