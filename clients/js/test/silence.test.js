/** How long a client waits for nodes that stand still and say nothing, on a clock of the test's own. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../gameserver.js";

const HOME = "ws://games.test/ws";
const LEASE_MS = 6000;
const FOUND_MS = 3000; // by then the proxy sends nobody new to a node that stands still
const STEP_MS = 50;

const { setImmediate: soon } = globalThis;
const settled = () => new Promise((resolve) => soon(resolve));

/** Time passes when a test says so. */
class Time {
  now = 1_000_000;
  #timers = new Set();

  constructor(t) {
    const add = (call, ms = 0, every) => {
      const timer = { call, at: this.now + ms, every };
      this.#timers.add(timer);
      return timer;
    };
    const remove = (timer) => void this.#timers.delete(timer);
    t.mock.method(globalThis, "setTimeout", (call, ms) => add(call, ms));
    t.mock.method(globalThis, "setInterval", (call, ms) => add(call, ms, ms));
    t.mock.method(globalThis, "clearTimeout", remove);
    t.mock.method(globalThis, "clearInterval", remove);
    t.mock.method(performance, "now", () => this.now);
    t.mock.method(Date, "now", () => this.now);
  }

  async pass(ms, step_ms = STEP_MS) {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += step_ms;
      for (const timer of [...this.#timers]) {
        if (timer.at > this.now || !this.#timers.has(timer)) continue;
        if (timer.every) timer.at += timer.every;
        else this.#timers.delete(timer);
        timer.call();
      }
      await settled();
      await settled();
    }
  }

  /** How long it takes until this is so, in ms. */
  async until(condition, most_ms = 120_000) {
    const began = this.now;
    while (!condition()) {
      if (this.now - began > most_ms) throw new Error(`waited in vain: ${condition}`);
      await this.pass(STEP_MS);
    }
    return this.now - began;
  }
}

/** Nodes behind one address, one room, and those nodes that stand still. */
class Site {
  frozen = new Map(); // since when
  down = new Set(); // nodes that nobody reaches
  asked = []; // when somebody came for the room
  owner = "a";
  first = "a"; // to which node the proxy sends whoever has no other wish
  large_ms = 0; // how long a whole room is under way
  late_ms = 0; // how long anything is
  sockets = [];

  constructor(time) {
    this.time = time;
    const site = this;
    this.WebSocket = class {
      readyState = 0;

      constructor(url) {
        this.node = url === HOME ? site.found() : url.at(-4);
        this.free_at = 0; // so long something is under way that is heard only when it is whole
        this.url = url;
        site.sockets.push(this);
        if (site.down.has(this.node)) queueMicrotask(() => this.onclose?.({ code: 1006, reason: "" }));
        else queueMicrotask(() => this.#alive() && this.#open());
      }

      #alive() {
        return this.readyState < 2 && !site.frozen.has(this.node);
      }

      #open() {
        this.readyState = 1;
        this.onopen?.();
      }

      send(frame) {
        const message = JSON.parse(frame);
        queueMicrotask(() => this.#alive() && site.answer(this, message));
      }

      say(op, fields) {
        if (op === "joined") this.free_at = site.time.now + site.large_ms;
        const late_ms = Math.max(this.free_at - site.time.now, site.late_ms);
        const told = () => this.#alive() && this.onmessage?.({ data: JSON.stringify({ op, ...fields }) });
        if (late_ms > 0) setTimeout(told, late_ms);
        else told();
      }

      close() {
        this.readyState = 3;
      }
    };
  }

  /** The node that a new connection comes to. */
  found() {
    const since = this.frozen.get(this.first);
    if (since === undefined || this.time.now - since < FOUND_MS) return this.first;
    return ["a", "b"].find((node) => !this.frozen.has(node));
  }

  freeze(node) {
    this.frozen.set(node, this.time.now);
  }

  answer(socket, { op, id, at, room }) {
    if (op === "ping") socket.say("pong", { at, now: this.time.now });
    else if (op === "hello") {
      const user = { id: "guest:1", name: "Ann", rights: [] };
      socket.say("welcome", { user, token: "T", client: "KEY-KEY-KEY", now: this.time.now, limits: {} });
    } else if (op === "send") socket.say("ok", { id, data: socket.node, room });
    else this.#reach(socket, id, op);
  }

  #reach(socket, id, op) {
    this.asked.push(this.time.now);
    const since = this.frozen.get(this.owner);
    const left_ms = since === undefined ? null : since + LEASE_MS - this.time.now;
    if (left_ms !== null && left_ms <= 0) this.owner = socket.node;
    if (this.owner === socket.node) socket.say("joined", joined(id, op));
    else if (left_ms === null || left_ms > LEASE_MS - 2500) {
      socket.say("redirect", { id, room: "K7QM", url: `ws://games.test/n/${this.owner}/ws` });
    } else socket.say("error", { id, code: "busy", message: "", path: null, room: null, retry_ms: left_ms });
  }
}

function joined(id, op) {
  const docs = op === "resume" ? {} : { room: {}, seat: {} };
  return {
    id, room: "K7QM", game: "parlour", seat: { id: "s1", number: 0, role: "player", resume: "SECRET" },
    recovered: op === "resume" || null, last_id: 0, info: { status: "playing", answered: {} }, docs, seats: [],
    timers: [], chat: [], seen: { epoch: "E", room: 4, seat: 0 },
  };
}

async function sitting(t, { first, owner }) {
  const time = new Time(t);
  const site = new Site(time);
  Object.assign(site, { first, owner });
  let client;
  connect({ url: HOME, storage: null, WebSocket: site.WebSocket }).then((made) => (client = made));
  await time.until(() => client);
  t.after(() => client.close());
  let room;
  client.join("K7QM").then((made) => (room = made));
  await time.until(() => room);
  await time.pass(5000);
  return { time, site, client, room };
}

/** How long somebody waits who says something so long after the node froze. */
async function waits({ time, site, room }, after_ms = 0) {
  site.freeze(site.owner);
  await time.pass(after_ms);
  let by;
  room.send("add").then((node) => (by = node));
  await time.until(() => by);
  assert.ok(!site.frozen.has(by));
  return time.now - site.frozen.values().next().value;
}

for (const first of ["a", "b"]) {
  for (const after_ms of [0, 250]) {
    test(`a node that stands still is left for another that has its room by then: home at ${first}, ${after_ms} ms`, async (t) => {
      t.mock.method(Math, "random", () => 1);
      const at = await sitting(t, { first, owner: "a" });
      const took_ms = await waits(at, after_ms);
      assert.ok(took_ms <= LEASE_MS + 2000, `${took_ms} ms`);
    });
  }
}

test("home is at the same node by another connection: both are left at the same time", async (t) => {
  t.mock.method(Math, "random", () => 1);
  const at = await sitting(t, { first: "b", owner: "a" });
  at.site.first = "a";
  at.site.sockets[0].onclose({ code: 1006, reason: "" });
  await at.time.pass(5000);
  assert.deepEqual(at.site.sockets.slice(1).map(({ url, node }) => [url, node]), [["ws://games.test/n/a/ws", "a"], [HOME, "a"]]);
  const took_ms = await waits(at);
  assert.ok(took_ms <= LEASE_MS + 2000, `${took_ms} ms`);
});

test("a node that stands still is not dialled again: the first address knows who has its rooms", async (t) => {
  t.mock.method(Math, "random", () => 1);
  const at = await sitting(t, { first: "b", owner: "a" });
  const before = at.site.sockets.length;
  await waits(at);
  assert.equal(at.site.sockets.length, before);
});

test("whoever is sent to a node that has just stopped answering asks the first address again", async (t) => {
  t.mock.method(Math, "random", () => 1);
  const time = new Time(t);
  const site = new Site(time);
  Object.assign(site, { first: "b", owner: "a" });
  site.freeze("a");
  let client, room;
  connect({ url: HOME, storage: null, WebSocket: site.WebSocket }).then((made) => (client = made));
  await time.until(() => client);
  t.after(() => client.close());
  client.join("K7QM").then((made) => (room = made));
  const took_ms = await time.until(() => room);
  assert.ok(took_ms <= LEASE_MS + 2000, `${took_ms} ms`);
});

test("a node that has the room, and is not reached, is asked for every two seconds at the longest", async (t) => {
  t.mock.method(Math, "random", () => 1);
  const { time, site, client, room } = await sitting(t, { first: "b", owner: "a" });
  site.down.add("a");
  site.sockets[1].onclose({ code: 1006, reason: "" });
  site.asked.length = 0;
  await time.until(() => site.asked.length > 12);
  const gaps = site.asked.slice(1).map((at, index) => at - site.asked[index]);
  assert.ok(Math.max(...gaps) <= 2000 + 2 * STEP_MS, gaps.join());
  site.down.clear();
  await time.until(() => client.status === "open" && room._attached, 2100);
});

test("a page that was busy reads what came meanwhile before it gives anybody up", async (t) => {
  const { time, site, room } = await sitting(t, { first: "a", owner: "a" });
  site.late_ms = 4500;
  room.send("add");
  await time.pass(3000);
  site.late_ms = 0;
  await time.pass(4600, 4600);
  await time.pass(1000);
  assert.equal(site.sockets.length, 1);
});

test("on a slow line a room arrives that takes longer than anybody is waited for at first", async (t) => {
  t.mock.method(Math, "random", () => 1);
  const { time, site, client } = await sitting(t, { first: "a", owner: "a" });
  site.large_ms = 13_000;
  site.sockets[0].onclose({ code: 1006, reason: "" });
  await time.until(() => client.status === "connecting");
  await time.until(() => client.status === "open" && client.rooms.get("K7QM")._attached);
  assert.equal(site.sockets.length, 3, "it was given up once");
});

test("whoever met nodes that stand still leaves the next one as soon", async (t) => {
  t.mock.method(Math, "random", () => 1);
  const at = await sitting(t, { first: "a", owner: "a" });
  const { site, time } = at;
  for (let tries = 0; tries < 3; tries += 1) {
    const took_ms = await waits(at);
    assert.ok(took_ms <= LEASE_MS + 2000, `${took_ms} ms`);
    site.frozen.clear();
    await time.pass(1000);
    site.first = site.owner;
  }
});
