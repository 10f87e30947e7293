/** A client against a server that is a script: jumps, misfits, detours, and what no well-behaved server does. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../gameserver.js";
import { until } from "./kit.js";

const bounded = { timeout: 30_000 };

/** Where the client dials: each socket keeps what was written to it, and has the server's voice. */
class Script {
  sockets = [];
  clients = [];

  constructor(t) {
    const script = this;
    t.after(() => this.clients.forEach((client) => client.close()));
    this.WebSocket = class {
      readyState = 0;
      sent = [];

      constructor(url, protocol) {
        Object.assign(this, { url, protocol });
        script.sockets.push(this);
        queueMicrotask(() => {
          this.readyState = 1;
          this.onopen?.();
        });
      }

      send(frame) {
        const message = JSON.parse(frame);
        if (message.op !== "ping") this.sent.push(message);
        else this.say("pong", { at: message.at, now: Date.now() });
      }

      say(op, fields) {
        queueMicrotask(() => this.onmessage?.({ data: JSON.stringify({ op, ...fields }) }));
      }

      close(code = 1000) {
        this.readyState = 3;
        this.closed ??= code;
      }

      lose(code = 1006) {
        this.readyState = 3;
        this.onclose?.({ code, reason: "" });
      }

      async take() {
        return until(() => this.sent.shift(), "a message of the client");
      }
    };
  }

  async socket(number) {
    return until(() => this.sockets[number], `connection ${number}`);
  }

  async greet(number, fields) {
    const socket = await this.socket(number);
    const hello = await socket.take();
    const user = { id: "guest:1", name: "Ann", rights: [] };
    const limits = { frame_bytes: 65536 };
    socket.say("welcome", { user, token: "T", client: "KEY-KEY-KEY", now: Date.now(), limits, ...fields });
    return [socket, hello];
  }

  async connected() {
    const connecting = connect({ url: "ws://server.test/ws", storage: null, WebSocket: this.WebSocket });
    const [socket] = await this.greet(0);
    const client = await connecting;
    this.clients.push(client);
    return [client, socket];
  }

  async joined(fields) {
    const [client, socket] = await this.connected();
    const joining = client.join("K7QM");
    const { id } = await socket.take();
    socket.say("joined", joined({ id, ...fields }));
    const room = await joining;
    return { client, socket, room };
  }
}

function joined(fields) {
  return {
    room: "K7QM",
    game: "parlour",
    seat: { id: "s1", number: 0, role: "player", resume: "SECRET" },
    recovered: null,
    last_id: 0,
    info: { status: "playing", answered: {} },
    docs: { room: { a: { b: 1 }, list: [1, { x: 1 }, 3], same: { c: [1] } }, seat: {} },
    seats: [seat("s1"), seat("s2")],
    timers: [],
    chat: [],
    seen: { epoch: "E", room: 4, seat: 0 },
    ...fields,
  };
}

function seat(id, fields) {
  return { id, number: 0, name: id, role: "player", online: true, host: false, profile: {}, groups: [], ...fields };
}

const patch = (n, ...ops) => ({ room: "K7QM", stream: "room", n, ops });

test("where nobody says an address: beside the module for pages there or below, else at the page's host", bounded, async (t) => {
  const beside = new URL("../ws", import.meta.url).href;
  const below = new URL("../play/dice/?room=K7QM", import.meta.url).href;
  const pages = [
    [below, beside],
    [new URL("../index.html", import.meta.url).href, beside],
    ["https://games.example/gameserver.js/play/", "wss://games.example/ws"],
    ["http://games.example:8080/play/dice/", "ws://games.example:8080/ws"],
  ];
  t.after(() => delete globalThis.location);
  for (const [href, expected] of pages) {
    const script = new Script(t);
    globalThis.location = { href };
    const connecting = connect({ storage: null, WebSocket: script.WebSocket });
    const [socket] = await script.greet(0);
    script.clients.push(await connecting);
    assert.equal(socket.url, expected);
  }
  globalThis.location = { href: below };
  const script = new Script(t);
  const connecting = connect({ url: "/ws", storage: null, WebSocket: script.WebSocket });
  const [socket] = await script.greet(0);
  script.clients.push(await connecting);
  assert.equal(socket.url, "file:///ws"); // who gives a path means that
});

test("a seat is an account's where that is said, and a guest's where nothing is", bounded, async (t) => {
  const { socket, room } = await new Script(t).joined({ seats: [seat("s1"), seat("s2", { account: true })] });
  const told = () => [...room.seats.values()].map(({ account }) => account);
  assert.deepEqual(told(), [false, true]);
  socket.say("seats", { room: "K7QM", stream: "room", n: 5, seats: [seat("s1", { account: true }), seat("s2")] });
  await until(() => room.seats.get("s1").account);
  assert.deepEqual(told(), [true, false]);
});

test("the hello, and who it says one is the second time", bounded, async (t) => {
  const script = new Script(t);
  const [client, first] = await script.connected();
  assert.equal(first.url, "ws://server.test/ws");
  assert.equal(first.protocol, "gameserver.v1.json");
  first.lose();
  const [, hello] = await script.greet(1);
  assert.deepEqual(hello, { op: "hello", token: "T", client: "KEY-KEY-KEY" });
  await until(() => client.status === "open");
});

test("a counter that jumps asks for what is missing, and nothing counts until it comes", bounded, async (t) => {
  const { socket, room } = await new Script(t).joined();
  socket.say("patch", patch(5, [0, ["a", "b"], 2]));
  socket.say("patch", patch(7, [0, ["a", "b"], 4]));
  const { id, ...resume } = await socket.take();
  const seen = { epoch: "E", room: 5, seat: 0 };
  assert.deepEqual(resume, { op: "resume", room: "K7QM", resume: "SECRET", seen });
  socket.say("patch", patch(8, [0, ["a", "b"], 5]));
  socket.say("joined", joined({ id, recovered: true, docs: {}, seen }));
  for (const n of [6, 7, 8]) socket.say("patch", patch(n, [0, ["a", "b"], n]));
  await until(() => room.state.a.b === 8);
  assert.equal(socket.sent.length, 0);
});

test("a patch that does not fit asks for whole documents, which change in place", bounded, async (t) => {
  const { socket, room } = await new Script(t).joined();
  const { state } = room;
  const { same, list } = state;
  const second = list[1];
  const changes = [];
  room.on("$change", ({ stream, paths }) => changes.push([stream, paths]));
  socket.say("patch", patch(5, [0, ["nowhere", "b"], 2]));
  const { id, ...resume } = await socket.take();
  assert.deepEqual(resume, { op: "resume", room: "K7QM", resume: "SECRET" });
  const docs = { room: { list: [1, { x: 1 }], same: { c: [1] }, fresh: 1 }, seat: {} };
  socket.say("joined", joined({ id, recovered: false, docs, seats: [seat("s1")] }));
  await until(() => changes.length === 2);
  assert.deepEqual(state, docs.room);
  assert.equal(room.state, state);
  assert.equal(state.same, same);
  assert.equal(state.list[1], second);
  assert.deepEqual([...room.seats.keys()], ["s1"]);
});

test("a fresh copy tells what differs, and nothing where nothing does", bounded, async (t) => {
  const { socket, room } = await new Script(t).joined();
  const changes = [];
  room.on("$change", ({ paths }) => changes.push(paths));
  const { docs } = joined();
  socket.say("doc", { room: "K7QM", stream: "room", n: 9, doc: docs.room, chat: [] });
  socket.say("doc", { room: "K7QM", stream: "room", n: 10, doc: { ...docs.room, a: { b: 2 }, list: [1] }, chat: [] });
  await until(() => changes.length);
  assert.deepEqual(changes, [[["a", "b"], ["list"]]]);
  socket.say("patch", patch(11, [2, ["list"], 0, 1, [7, 8]], [1, ["a"]]));
  await until(() => changes.length === 2);
  assert.deepEqual(room.state.list, [7, 8]);
  assert.equal("a" in room.state, false);
});

test("no name leads to a prototype", bounded, async (t) => {
  const { socket, room } = await new Script(t).joined();
  socket.say("patch", patch(5, [0, ["__proto__"], { x: 1 }], [0, ["__proto__", "y"], 2]));
  await until(() => Object.hasOwn(room.state, "__proto__"));
  assert.equal(room.state.x, undefined);
  socket.say("patch", patch(6, [0, ["a", "__proto__", "polluted"], 1]));
  assert.equal((await socket.take()).op, "resume");
  assert.equal({}.polluted, undefined);
});

test("groups of a seat are told by several streams, each what its audience may know", bounded, async (t) => {
  const { socket, room } = await new Script(t).joined();
  const told = (stream, n, id, groups) => socket.say("seats", { room: "K7QM", stream, n, seats: [seat(id, { groups })] });
  told("seat", 1, "s1", ["red", "spies"]);
  told("room", 5, "s2", ["red"]);
  told("group:spies", 1, "s2", ["spies"]); // before the group's first document
  socket.say("doc", { room: "K7QM", stream: "group:spies", n: 1, doc: { plan: 1 }, chat: [] });
  await until(() => room.groups.spies);
  assert.deepEqual(room.seats.get("s2").groups, ["red", "spies"]);
  told("room", 6, "s2", []);
  await until(() => room.seats.get("s2").groups.length === 1);
  assert.deepEqual(room.seats.get("s2").groups, ["spies"]);
  socket.say("doc", { room: "K7QM", stream: "group:spies", n: 2, doc: null, chat: [] });
  await until(() => !room.groups.spies);
  assert.deepEqual(room.seats.get("s2").groups, []);
  assert.deepEqual(room.me.groups, ["red"]);
});

test("requests go out again by id after resume, and wait for it; create does not", bounded, async (t) => {
  const script = new Script(t);
  const { client, socket, room } = await script.joined();
  const replies = Promise.all([room.send("add", 1), room.send("add", 2)]);
  const lost = assert.rejects(client.create("parlour"), { code: "lost" });
  const ids = [(await socket.take()).id, (await socket.take()).id];
  await socket.take();
  socket.lose();
  await lost;
  const [again] = await script.greet(1);
  const resume = await again.take();
  assert.equal(resume.op, "resume");
  assert.equal(again.sent.length, 0);
  again.say("joined", joined({ id: resume.id, recovered: true, docs: {}, last_id: ids[0] }));
  assert.deepEqual([(await again.take()).id, (await again.take()).id], ids);
  ids.forEach((id) => again.say("ok", { id, data: id }));
  assert.deepEqual(await replies, ids);
});

test("a server that forgot this client is not told anything twice", bounded, async (t) => {
  const script = new Script(t);
  const { socket, room } = await script.joined();
  const lost = assert.rejects(room.send("add", 1), { code: "lost" });
  await socket.take();
  socket.lose();
  await script.greet(1, { client: "ANOTHER-KEY" });
  await lost;
});

test("nor is anything that a room remembers; what does no harm twice is said again", bounded, async (t) => {
  const script = new Script(t);
  const { socket, room } = await script.joined();
  const line = { stream: "room", n: 1 };
  const asked = [room.chat.edit(line, "x"), room.chat.unsay(line), room.chat.report(line), room.chat.block("s2"), room.joinTeam("red")];
  const lost = asked.map((each) => assert.rejects(each, { code: "lost" }));
  const left = room.leave();
  for (let said = 0; said < asked.length + 1; said++) await socket.take(); // each of them, and `left`
  socket.lose();
  const [again] = await script.greet(1, { client: "ANOTHER-KEY" });
  await Promise.all(lost);
  again.say("joined", joined({ id: (await again.take()).id, recovered: true, docs: {} }));
  const { op, id } = await again.take();
  assert.equal(op, "leave");
  again.say("ok", { id, data: null, room: "K7QM" });
  await left;
});

test("a leave that finds no seat is done, any other refusal of it is one", bounded, async (t) => {
  const { socket, room } = await new Script(t).joined();
  const refused = assert.rejects(room.leave(), { code: "busy", room: "K7QM" });
  const error = { message: "", path: null };
  socket.say("error", { id: (await socket.take()).id, code: "busy", room: "K7QM", ...error });
  await refused;
  assert.equal(room.left, null);
  const twice = [room.leave(), room.leave()];
  const ids = [(await socket.take()).id, (await socket.take()).id];
  for (const id of ids) socket.say("error", { id, code: "not_found", room: null, ...error });
  assert.deepEqual(await Promise.all(twice), [undefined, undefined]);
  assert.equal(room.left.reason, "left");
  assert.equal(await room.leave(), undefined);
});

test("a resume that is refused for now is tried again, one refused for good ends the seat", bounded, async (t) => {
  const script = new Script(t);
  const { socket, room } = await script.joined();
  socket.lose();
  const [again] = await script.greet(1);
  const error = { message: "", path: null };
  again.say("error", { id: (await again.take()).id, code: "draining", ...error });
  const second = await again.take();
  assert.equal(second.op, "resume");
  again.say("error", { id: second.id, code: "not_found", ...error });
  await until(() => room.left);
  assert.equal(room.left.reason, "not_found");
});

test("a seat in a room that is being mended is kept, told of once, and had back", bounded, async (t) => {
  const script = new Script(t);
  const { client, socket, room } = await script.joined();
  const told = [];
  client.on("$error", ({ code, room: where }) => told.push([code, where]));
  socket.lose();
  const [again] = await script.greet(1);
  const error = { code: "quarantined", message: "", path: null, room: null, retry_ms: 1 };
  for (let tries = 0; tries < 2; tries += 1) again.say("error", { id: (await again.take()).id, ...error });
  assert.equal((await again.take()).op, "resume");
  assert.equal(room.left, null);
  assert.equal(client.rooms.get(room.code), room);
  assert.deepEqual(told, [["quarantined", room.code]]);
});

test("moved: the room is resumed, and the redirect followed", bounded, async (t) => {
  const script = new Script(t);
  const { client, socket, room } = await script.joined();
  socket.say("left", { room: "K7QM", reason: "moved", message: null });
  const { id, op } = await socket.take();
  assert.equal(op, "resume");
  const reply = room.send("add", 1);
  socket.say("redirect", { id, room: "K7QM", url: "ws://other.test/ws" });
  const [other] = await script.greet(1);
  assert.equal(other.url, "ws://other.test/ws");
  const resume = await other.take();
  other.say("joined", joined({ id: resume.id, recovered: true, docs: {} }));
  other.say("ok", { id: (await other.take()).id, data: "here" });
  assert.equal(await reply, "here");
  assert.equal(client.rooms.get("K7QM"), room);
});

test("next: this client goes on with all others, as who it was; its pages hear of it", bounded, async (t) => {
  const script = new Script(t);
  const { client, socket, room } = await script.joined();
  const heard = [];
  room.on("$left", ({ reason, next }) => heard.push([reason, next]));
  room.on("$next", (next, error) => heard.push([next?.code, error]));
  const asked = room.nextGame("duel", { size: 4 });
  const { id, ...said } = await socket.take();
  assert.deepEqual(said, { op: "next", room: "K7QM", game: "duel", options: { size: 4 } });
  socket.say("left", { room: "K7QM", reason: "next", message: null, next: "XYZW", url: null });
  const join = await socket.take();
  assert.deepEqual({ ...join, id: 0 }, { op: "join", id: 0, room: "XYZW", role: "player" });
  socket.say("ok", { id, data: { room: "XYZW" }, room: "K7QM" });
  socket.say("joined", joined({ room: "XYZW", id: join.id }));
  const next = await asked;
  assert.deepEqual(heard, [["next", "XYZW"], ["XYZW", null]]);
  assert.equal(room.next, next);
  assert.deepEqual([...client.rooms.keys()], ["XYZW"]);
});

test("next while this client was away: the old code leads there, and the request for it is done", bounded, async (t) => {
  const script = new Script(t);
  const { socket, room } = await script.joined();
  const asked = room.nextGame("duel");
  await socket.take();
  socket.lose();
  const [again] = await script.greet(1);
  const resume = await again.take();
  assert.equal(resume.op, "resume");
  again.say("redirect", { id: resume.id, room: "XYZW", url: null });
  const join = await again.take();
  assert.deepEqual([join.op, join.room, join.role], ["join", "XYZW", "player"]);
  again.say("joined", joined({ room: "XYZW", id: join.id }));
  assert.equal((await asked).code, "XYZW");
  assert.equal(room.left.next, "XYZW");
});

test("seats at two nodes in one client: each room is asked where it is, and what is not needed is left", bounded, async (t) => {
  const script = new Script(t);
  const { client, socket, room } = await script.joined();
  const joining = client.join("XYZW");
  socket.say("redirect", { id: (await socket.take()).id, room: "XYZW", url: "https://other.test/n/b" });
  const [other, hello] = await script.greet(1);
  assert.equal(other.url, "wss://other.test/n/b/ws");
  assert.deepEqual([hello.token, hello.client], ["T", "KEY-KEY-KEY"]);
  other.say("joined", joined({ room: "XYZW", id: (await other.take()).id }));
  const away = await joining;
  room.send("here").catch(() => {});
  const reply = away.send("there");
  assert.equal((await socket.take()).type, "here");
  const { id, type } = await other.take();
  assert.equal(type, "there");
  socket.say("left", { room: "XYZW", reason: "closed", message: null }); // of a server that had it once
  other.say("ok", { id, data: 1 });
  assert.equal(await reply, 1);
  assert.equal(away.left, null);
  assert.equal(client.status, "open");
  const leaving = away.leave();
  other.say("ok", { id: (await other.take()).id, data: null });
  await leaving;
  await until(() => other.closed);
  assert.deepEqual([other.closed, socket.closed, client.rooms.size], [1000, undefined, 1]);
});

test("a room that was handed over is resumed at the address that is told", bounded, async (t) => {
  const script = new Script(t);
  const { socket, room } = await script.joined();
  const reply = room.send("add", 1);
  const { id } = await socket.take();
  socket.say("left", { room: "K7QM", reason: "moved", message: null, url: "/n/b/ws" });
  const [other] = await script.greet(1);
  assert.equal(other.url, "ws://server.test/n/b/ws");
  const resume = await other.take();
  assert.equal(resume.op, "resume");
  other.say("joined", joined({ id: resume.id, recovered: true, docs: {} }));
  assert.equal((await other.take()).id, id);
  other.say("ok", { id, data: 2 });
  assert.equal(await reply, 2);
  assert.equal(socket.sent.length, 0);
});

test("a node that died: its rooms wait at the first address, and no seat is lost", bounded, async (t) => {
  const script = new Script(t);
  const { client, socket, room } = await script.joined();
  const told = [];
  client.on("$error", ({ code, room: where }) => told.push([code, where]));
  socket.say("left", { room: "K7QM", reason: "moved", message: null, url: "ws://b.test/ws" });
  const [other] = await script.greet(1);
  other.say("joined", joined({ id: (await other.take()).id, recovered: true, docs: {} }));
  await until(() => client.status === "open");
  other.lose();
  (await script.socket(2)).lose();
  for (let tries = 0; tries < 2; tries += 1) {
    const { id, op } = await socket.take();
    assert.equal(op, "resume");
    socket.say("error", { id, code: "busy", message: "", path: null, room: null, retry_ms: 1 });
  }
  socket.say("joined", joined({ id: (await socket.take()).id, recovered: true, docs: {} }));
  await until(() => client.status === "open");
  assert.deepEqual([room.left, told], [null, [["busy", "K7QM"]]]);
});

test("a join waits where the room is busy, is told of once, and keeps its id", bounded, async (t) => {
  const script = new Script(t);
  const [client, socket] = await script.connected();
  const told = [];
  client.on("$error", ({ code, room, retry_ms }) => told.push([code, room, retry_ms]));
  const joining = client.join("k7qm");
  const ids = new Set();
  for (let tries = 0; tries < 3; tries += 1) {
    const { id } = await socket.take();
    ids.add(id);
    socket.say("error", { id, code: "busy", message: "", path: null, room: null, retry_ms: 2 });
  }
  const { id } = await socket.take();
  socket.say("joined", joined({ id }));
  assert.equal((await joining).code, "K7QM");
  assert.deepEqual([[...ids], told], [[id], [["busy", "k7qm", 2]]]);
});

test("an address that leads nowhere is said in words: a join rejects with it, a seat is kept", bounded, async (t) => {
  t.mock.method(Math, "random", () => 0);
  const script = new Script(t);
  const { client, socket, room } = await script.joined();
  const told = [];
  client.on("$error", ({ code, room: where }) => told.push([code, where]));
  const asked = assert.rejects(client.join("XYZW"), { code: "unreachable", message: /ws:\/\/b\.test\/ws cannot be reached/, room: "XYZW" });
  socket.say("left", { room: "K7QM", reason: "moved", message: null, url: "ws://b.test/ws" });
  let isOver = false;
  asked.then(() => (isOver = true));
  await until(() => {
    for (const each of script.sockets.slice(1)) if (each.onclose) each.lose();
    for (const { id, room: where } of socket.sent.splice(0)) socket.say("redirect", { id, room: where ?? "K7QM", url: "ws://b.test/ws" });
    return isOver && told.length;
  });
  await asked;
  assert.deepEqual([told, room.left], [[["unreachable", "K7QM"]], null]);
});

test("a match that leads elsewhere joins there, and looks again where that room is full by then", bounded, async (t) => {
  const script = new Script(t);
  const [client, socket] = await script.connected();
  const matching = client.match("parlour", { match: { pace: "fast" }, name: "Ann" });
  const first = await socket.take();
  socket.say("redirect", { id: first.id, room: "XYZW", url: "ws://b.test/ws" });
  const [other] = await script.greet(1);
  const join = await other.take();
  assert.deepEqual([join.op, join.room, join.name, join.match, join.game], ["join", "XYZW", "Ann", undefined, undefined]);
  other.say("error", { id: join.id, code: "room_full", message: "", path: null, room: null });
  const again = await socket.take();
  assert.deepEqual([again.game, again.match], ["parlour", { pace: "fast" }]);
  assert.ok(again.id > join.id);
  socket.say("joined", joined({ id: again.id }));
  assert.equal((await matching).code, "K7QM");
  await until(() => other.closed);
});

for (const [code, name] of [[4001, "unauthenticated"], [4003, "forbidden"]]) {
  test(`close code ${code} is final`, bounded, async (t) => {
    const script = new Script(t);
    const { client, socket, room } = await script.joined();
    const rejected = assert.rejects(room.send("add"), { code: name });
    const statuses = [];
    client.on("$status", (status, error) => statuses.push(status, error.code));
    socket.lose(code);
    await rejected;
    assert.deepEqual(statuses, ["closed", name]);
    assert.equal(room.left, null);
  });
}

test("a listener that throws costs nobody else anything", bounded, async (t) => {
  const { socket, room } = await new Script(t).joined();
  const errors = t.mock.method(console, "error", () => {});
  const heard = [];
  room.on("tick", () => {
    throw new Error("mine");
  });
  const stop = room.on("tick", (data) => heard.push(data));
  socket.say("event", { room: "K7QM", stream: "room", n: 5, type: "tick", data: 1 });
  socket.say("event", { room: "K7QM", stream: "room", type: "tick", data: 2 }); // volatile
  await until(() => heard.length === 2);
  assert.equal(errors.mock.callCount(), 2);
  stop();
  socket.say("event", { room: "K7QM", stream: "room", n: 6, type: "tick", data: 3 });
  socket.say("chat", { room: "K7QM", stream: "room", n: 7, from: null, to: "room", text: "hi", data: null, at: 1 });
  await until(() => room.chat.lines.length);
  assert.deepEqual(heard, [1, 2]);
});

test("what comes with `joined` is heard by whoever awaits the room", bounded, async (t) => {
  const script = new Script(t);
  const [client, socket] = await script.connected();
  const joining = client.join("K7QM");
  const { id } = await socket.take();
  const frames = [
    { op: "joined", ...joined({ id }) },
    { op: "event", room: "K7QM", stream: "room", n: 5, type: "first", data: 1 },
  ];
  for (const frame of frames) socket.onmessage({ data: JSON.stringify(frame) });
  const room = await joining;
  const heard = [];
  room.on("first", (data) => heard.push(data));
  await until(() => heard.length);
});

test("a function sells a ticket for each connection", bounded, async (t) => {
  const script = new Script(t);
  let sold = 0;
  const connecting = connect({ url: "ws://server.test/ws", storage: null, WebSocket: script.WebSocket, ticket: async () => `ticket ${(sold += 1)}` });
  const [socket, hello] = await script.greet(0);
  script.clients.push(await connecting);
  assert.equal(hello.ticket, "ticket 1");
  assert.equal("token" in hello, false);
  socket.lose();
  const [, again] = await script.greet(1);
  assert.equal(again.ticket, "ticket 2");
  assert.equal(again.client, "KEY-KEY-KEY");
});

test("who can buy no ticket is told so", bounded, async (t) => {
  const script = new Script(t);
  const refusal = Object.assign(new Error("Log in again."), { code: "unauthenticated" });
  const connecting = connect({ url: "ws://server.test/ws", storage: null, WebSocket: script.WebSocket, ticket: () => Promise.reject(refusal) });
  await assert.rejects(connecting, { code: "unauthenticated", message: "Log in again." });
  assert.equal(script.sockets.length, 1);
});

test("a ticket that cannot be bought now is bought later", bounded, async (t) => {
  const script = new Script(t);
  let tries = 0;
  const ticket = () => ((tries += 1) === 1 ? Promise.reject(new Error("The server cannot be reached.")) : "late");
  const connecting = connect({ url: "ws://server.test/ws", storage: null, WebSocket: script.WebSocket, ticket });
  const [, hello] = await script.greet(1);
  script.clients.push(await connecting);
  assert.equal(hello.ticket, "late");
});

test("a line that comes before the answer to `listen` neither hides earlier ones nor comes twice", bounded, async (t) => {
  const [client, socket] = await new Script(t).connected();
  const line = (n) => ({ to: "lobby:dice", line: n, from: null, text: `line ${n}`, data: null, at: n });
  const asked = client.lobby("dice");
  const { id, op, to, seen } = await socket.take();
  assert.deepEqual([op, to, seen], ["listen", "lobby:dice", null]);
  socket.say("post", line(3));
  socket.say("ok", { id, data: { line: 3, lines: [line(1), line(3)] } });
  socket.say("post", line(4));
  const channel = await asked;
  await until(() => channel.lines.length === 3);
  assert.deepEqual(channel.lines.map(({ n }) => n), [1, 3, 4]);
});

test("a place that cannot be heard now is asked for again, with what was heard last, and anew where lines count anew", bounded, async (t) => {
  const script = new Script(t);
  const [client, socket] = await script.connected();
  const line = (n, text) => ({ to: "lobby:dice", line: n, from: null, text, data: null, at: n });
  const asked = client.lobby("dice");
  socket.say("error", { id: (await socket.take()).id, code: "busy", message: "", path: null });
  socket.say("ok", { id: (await socket.take()).id, data: { line: 7, lines: [line(7, "old")] } });
  const channel = await asked;

  socket.lose();
  const [second] = await script.greet(1);
  const again = await second.take();
  assert.deepEqual([again.op, again.seen], ["listen", 7]);
  second.lose(); // before its answer
  const [third] = await script.greet(2);
  const { id, seen } = await third.take();
  assert.equal(seen, 7);
  third.say("ok", { id, data: { line: 2, lines: [line(1, "new"), line(2, "newer")] } });
  await until(() => channel.lines.at(-1)?.text === "newer");
  assert.deepEqual(channel.lines.map(({ text }) => text), ["new", "newer"]);
  assert.equal(third.sent.length, 0);
});

/** A WebSocket that never gets an answer, as behind a proxy that swallows it. */
class Swallowed {
  readyState = 0;
  static closed = 0;

  send() {}

  close() {
    Swallowed.closed += 1;
  }
}

test("connect gives up in time, or when it is told to, and leaves nothing behind", bounded, async () => {
  const where = { url: "ws://server.test/ws", storage: null, WebSocket: Swallowed };
  await assert.rejects(connect({ ...where, timeout_ms: 20 }), { name: "GameError", code: "unreachable" });
  assert.equal(Swallowed.closed, 1);
  const ending = new AbortController();
  const connecting = connect({ ...where, timeout_ms: Infinity, signal: ending.signal });
  ending.abort(new Error("somebody else was faster"));
  await assert.rejects(connecting, { message: "somebody else was faster" });
  assert.equal(Swallowed.closed, 2);
  await assert.rejects(connect({ ...where, signal: AbortSignal.abort(new Error("before")) }), { message: "before" });
});

test("a browser that says that it is offline is believed at once, and that it is online, too", bounded, async (t) => {
  const script = new Script(t);
  const page = new EventTarget();
  for (const name of ["addEventListener", "removeEventListener"]) {
    const before = globalThis[name];
    globalThis[name] = page[name].bind(page);
    t.after(() => (globalThis[name] = before));
  }
  t.mock.method(Math, "random", () => 1); // the longest waits
  const [client] = await script.connected();
  const told = [];
  client.on("$status", (status) => told.push(status));
  page.dispatchEvent(new Event("offline"));
  assert.deepEqual(told, ["connecting"]);
  assert.equal(script.sockets.length, 1);
  page.dispatchEvent(new Event("online"));
  assert.equal(script.sockets.length, 2);
  await script.greet(1);
  await until(() => told.at(-1) === "open", "the next connection");
});

test("whoever does not want to wait dials at once", bounded, async (t) => {
  t.mock.method(Math, "random", () => 1);
  const script = new Script(t);
  const [client, socket] = await script.connected();
  socket.lose();
  assert.equal(client.status, "connecting");
  client.reconnect();
  assert.equal(script.sockets.length, 2);
  await script.greet(1);
  await until(() => client.status === "open", "the next connection");
});

test("other rights are known at once", bounded, async (t) => {
  const [client, socket] = await new Script(t).connected();
  const told = new Promise((resolve) => client.on("$user", resolve));
  const user = { id: "guest:1", name: "Ann", rights: ["moderator"] };
  socket.say("user", { user });
  assert.deepEqual(await told, user);
  assert.deepEqual(client.user, user);
});

/** Waits of more than nothing, which end when a test says so; what takes no time happens as ever. */
function heldTimers(t) {
  const waiting = [];
  const { setTimeout: later, clearTimeout: forget } = globalThis;
  t.mock.method(globalThis, "setTimeout", (call, ms = 0) => {
    if (!ms) return later(call, 0);
    const timer = { call, ms };
    waiting.push(timer);
    return timer;
  });
  t.mock.method(globalThis, "clearTimeout", (timer) => {
    if (waiting.includes(timer)) waiting.splice(waiting.indexOf(timer), 1);
    else forget(timer);
  });
  return waiting;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("whoever is cut off, or told to wait, comes back at a moment of chance", bounded, async (t) => {
  const script = new Script(t);
  const { client, socket, room } = await script.joined();
  const waiting = heldTimers(t);
  const chance = t.mock.method(Math, "random", () => 0.3);
  const wait = () => {
    assert.equal(waiting.length, 1);
    return waiting.pop();
  };

  socket.lose();
  assert.equal(script.sockets.length, 1, "not at once");
  let { call, ms } = wait();
  assert.equal(ms, 75);
  call();
  await settled();
  const again = script.sockets[1];
  assert.equal(again.sent.shift().op, "hello");
  again.say("welcome", { user: client.user, token: "T", client: "KEY-KEY-KEY", now: Date.now(), limits: {} });
  await settled();
  const resume = again.sent.shift();
  assert.equal(resume.op, "resume");

  // All who were at a node that is gone are told the same.
  chance.mock.mockImplementation(() => 0.8);
  again.say("error", { id: resume.id, code: "busy", message: "", path: null, retry_ms: 3000 });
  await settled();
  ({ call, ms } = wait());
  assert.equal(ms, 3200);
  call();
  assert.equal(again.sent.shift().op, "resume");
  assert.equal(room.left, null);
});
