/** Clients against the real server. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FlakyProxy, Server, Storage, dialler, next, until } from "./kit.js";

const bounded = { timeout: 60_000 };
let server;

before(async () => (server = await Server.make()), bounded);
after(() => server?.stop(), bounded);

async function proxy(t) {
  const made = await FlakyProxy.make(server.port);
  t.after(() => made.stop());
  return made;
}

test("two people see the same room, and each its own part", bounded, async (t) => {
  const dial = dialler(t, server.url);
  const [ann, bob] = [await dial({ name: "Ann" }), await dial({ name: "Bob" })];
  const annes = await ann.create("parlour", { options: { topic: "cats" }, profile: { colour: "red" } });
  const bobs = await bob.join(annes.code.toLowerCase());
  await until(() => annes.seats.size === 2);

  assert.equal(ann.user.name, "Ann");
  assert.equal(ann.status, "open");
  assert.equal(ann.limits.frame_bytes, 65536);
  assert.equal(ann.rooms.get(annes.code), annes);
  assert.equal(bobs.game, "parlour");
  assert.deepEqual({ ...bobs.seat }, { id: bobs.seat.id, number: 1, role: "player" });
  assert.equal(bobs.info.options.topic, "cats");
  assert.equal(bobs.host.name, "Ann");
  assert.equal(bobs.me.name, "Bob");
  assert.deepEqual(bobs.host.profile, { colour: "red" });
  assert.deepEqual(bobs.mine, { card: "card of Bob" });
  assert.deepEqual(bobs.state, annes.state);
  assert.deepEqual(bobs.state.blob, new Uint8Array([0, 255]));
});

test("a change is made in place, its event and its reply come after it", bounded, async (t) => {
  const client = await dialler(t, server.url)();
  const room = await client.create("parlour");
  const { state } = room;
  const { corner } = state;
  const heard = [];
  room.on("$change", ({ stream, doc, paths }) => heard.push([stream, doc.count, ...paths.map(String)]));
  room.on("added", (data, event) => heard.push([event.type, data.by, room.state.count]));
  room.on("*", (data, event) => heard.push(["*", event.type, event.stream]));

  assert.equal(await room.send("add", { by: 3 }), 3);
  assert.equal(room.state, state);
  assert.equal(room.state.corner, corner);
  assert.deepEqual(state.log, [3]);
  assert.deepEqual(heard, [["room", 3, "count", "log"], ["added", 3, 3], ["*", "added", "room"]]);
});

test("splices, deletions and keys that look like a prototype's", bounded, async (t) => {
  const dial = dialler(t, server.url);
  const room = await (await dial()).create("parlour");
  for (const by of [1, 2, 3, 4]) await room.send("add", { by });
  await room.send("shuffle");
  assert.deepEqual(room.state.log, [2, 3, "new"]);
  assert.deepEqual(Object.keys(room.state.names), ["__proto__"]);
  assert.equal({}.x, undefined);
  const late = await (await dial()).join(room.code);
  await until(() => room.seats.size === 2);
  assert.equal(JSON.stringify(late.state), JSON.stringify(room.state));
});

test("bytes and keys with a dollar go there and back", bounded, async (t) => {
  const client = await dialler(t, server.url)();
  const room = await client.create("parlour");
  const value = { $bytes: "no", $: [new Uint8Array([1, 2, 250])], $$x: { "": null }, x: "$bytes" };
  assert.deepEqual(await room.send("echo", { value }), value);
  assert.deepEqual(room.mine.echo, value);
});

test("refusals are errors with a code, a text and a path", bounded, async (t) => {
  const client = await dialler(t, server.url)();
  const room = await client.create("parlour");
  const refused = (code) => (error) => error.name === "GameError" && error.code === code;
  await assert.rejects(room.send("refuse"), { name: "GameError", code: "not_now", message: "not now", path: null });
  await assert.rejects(room.send("add", { by: "x" }), (error) => refused("bad_data")(error) && error.path.includes("by"));
  await assert.rejects(room.send("nothing"), refused("unknown_type"));
  await assert.rejects(room.send("echo", { value: NaN }), { code: "bad_data", path: "$.data.value" });
  await assert.rejects(room.send("echo", { value: "\ud800" }), refused("bad_data"));
  await assert.rejects(room.send("echo", { value: "x".repeat(70_000) }), refused("too_large"));
  let deep = [];
  for (let i = 0; i < 40; i++) deep = [deep];
  await assert.rejects(room.send("echo", { value: deep }), unreadable);
  await assert.rejects(client.join("BBBB"), refused("not_found"));
  await assert.rejects(client.create("no_such_game"), refused("not_found"));
  assert.equal(await room.send("add"), 1);

  const told = next(client, "$error");
  room.tell("refuse");
  assert.equal((await told)[0].code, "not_now");
});

function unreadable(error) {
  return error.name === "GameError" && ["bad_data", "bad_message"].includes(error.code);
}

test("passwords, private rooms and matching", bounded, async (t) => {
  const dial = dialler(t, server.url);
  const [ann, bob] = [await dial({ name: "Ann" }), await dial({ name: "Bob" })];
  const secret = await ann.create("parlour", { private: true, password: "tea" });
  assert.equal(secret.code.length, 8);
  await assert.rejects(bob.join(secret.code, { password: "milk" }), { code: "wrong_password" });
  const joined = await bob.join(secret.code, { password: "tea", name: "Robert" });
  assert.equal(joined.me.name, "Robert");

  const options = { match: { topic: "matched" } };
  const first = await ann.match("parlour", options);
  const second = await bob.match("parlour", options);
  assert.equal(first.code, second.code);
  assert.deepEqual([...ann.rooms.keys()].sort(), [secret.code, first.code].sort());
});

test("groups and roles have documents of their own", bounded, async (t) => {
  const dial = dialler(t, server.url);
  const [ann, bob] = [await dial({ name: "Ann" }), await dial({ name: "Bob" })];
  const room = await ann.create("parlour");
  const tv = await bob.join(room.code, { role: "screen" });
  await room.send("add", { by: 5 });
  await until(() => tv.roles.screen.shown === 5);
  assert.equal(room.roles.screen, undefined);
  assert.equal(tv.seat.number, null);

  const entered = next(room, "entered");
  await room.send("team", { name: "red" });
  assert.equal((await entered)[0], "Ann");
  assert.deepEqual({ ...room.groups.red }, { members: 1 });
  assert.deepEqual(room.me.groups, ["red"]);
  assert.deepEqual({ ...tv.groups }, {});
  const changes = [];
  room.on("$change", (change) => changes.push(change));
  await room.send("team", { name: "red", enter: false });
  assert.deepEqual({ ...room.groups }, {});
  assert.deepEqual(room.me.groups, []);
  assert.deepEqual(changes, [{ stream: "group:red", doc: null, paths: [[]] }]);
});

test("timers count down by the server's clock, and stand while the room is paused", bounded, async (t) => {
  const client = await dialler(t, server.url)();
  const room = await client.create("parlour");
  const apart = Math.abs(room.now() - Date.now()); // both clocks are this machine's
  assert.ok(apart < 100, `${apart} ms`);
  await room.send("clock", { seconds: 600 });
  const left = room.timers.get("rang").left();
  assert.ok(left > 590_000 && left <= 600_100, `${left}`);
  assert.equal(room.timers.get("rang").ends - Math.round(left) - Math.round(room.now()) < 20, true);
  await room.send("freeze", { frozen: true });
  assert.equal(room.info.paused, true);
  const { ends, paused_ms } = room.timers.get("rang");
  assert.equal(ends, null);
  assert.equal(room.timers.get("rang").left(), paused_ms);
  await room.send("freeze", { frozen: false });
  const rang = next(room, "rang");
  await room.send("clock", { seconds: 0.2 });
  await rang;
  await until(() => room.timers.size === 0);
});

test("chat reaches the room, and newcomers read what was said", bounded, async (t) => {
  const dial = dialler(t, server.url);
  const [ann, bob] = [await dial({ name: "Ann" }), await dial({ name: "Bob" })];
  const room = await ann.create("parlour");
  const heard = next(room, "$chat");
  assert.equal(await room.chat.say("hello", "room", { mood: "good" }), null);
  const [line] = await heard;
  assert.equal(line.text, "hello");
  assert.equal(line.from.name, "Ann");
  assert.deepEqual(line.data, { mood: "good" });
  const bobs = await bob.join(room.code);
  assert.deepEqual(bobs.chat.lines.map(({ text }) => text), ["hello"]);
  await assert.rejects(bobs.chat.say(""), { code: "bad_data" });
});

test("what was missed in a drop follows, in order, and listeners stay", bounded, async (t) => {
  const way = await proxy(t);
  const ann = await dialler(t, way.url)({ name: "Ann" });
  const bob = await dialler(t, server.url)({ name: "Bob" });
  const room = await ann.create("parlour");
  const bobs = await bob.join(room.code);
  const statuses = [];
  ann.on("$status", (status) => statuses.push(status));
  const added = [];
  room.on("added", ({ by }) => added.push(by));
  const joined = next(room, "$joined");
  way.shut = true;
  way.cut();
  await until(() => ann.status === "connecting");
  for (const by of [1, 2, 3]) await bobs.send("add", { by });
  await bobs.send("say", { text: "psst" });
  const { state } = room;
  way.shut = false;
  assert.deepEqual(await joined, [{ recovered: true }]);
  await until(() => added.length === 3);
  assert.deepEqual(added, [1, 2, 3]);
  assert.equal(room.state, state);
  assert.deepEqual(state.log, [1, 2, 3]);
  assert.deepEqual(statuses, ["connecting", "open"]);
});

for (const [lost, deafTo] of [["the request", "client"], ["its answer", "server"]]) {
  test(`a message is applied once when ${lost} is lost`, bounded, async (t) => {
    const way = await proxy(t);
    const client = await dialler(t, way.url)();
    const room = await client.create("parlour");
    await room.send("add", { by: 1 });
    const watcher = await (await dialler(t, server.url)()).join(room.code);
    way.deafTo = deafTo;
    const replies = Promise.all([room.send("add", { by: 10 }), room.send("add", { by: 100 }), room.chat.say("once")]);
    if (deafTo === "server") await until(() => watcher.state.count === 111 && watcher.chat.lines.length === 1);
    way.deafTo = null;
    way.cut();
    assert.deepEqual(await replies, [11, 111, null]);
    const complete = ({ state, chat }) => state.count === 111 && chat.lines.length > 0;
    await until(() => complete(room) && complete(watcher));
    assert.deepEqual(watcher.chat.lines.map(({ text }) => text), ["once"]);
    assert.deepEqual(room.chat.lines.map(({ text }) => text), ["once"]);
  });
}

test("messages sent while there is no connection go out with the next", bounded, async (t) => {
  const way = await proxy(t);
  const client = await dialler(t, way.url)();
  const room = await client.create("parlour");
  way.shut = true;
  way.cut();
  await until(() => client.status === "connecting");
  const replies = [1, 2, 3].map((by) => room.send("add", { by }));
  room.tell("add", { by: 1000 });
  way.shut = false;
  assert.deepEqual(await Promise.all(replies), [1, 3, 6]);
});

test("a create whose answer is lost is not asked for again", bounded, async (t) => {
  const way = await proxy(t);
  const client = await dialler(t, way.url)();
  way.deafTo = "server";
  const created = client.create("parlour");
  const rejected = assert.rejects(created, { name: "GameError", code: "lost" });
  way.deafTo = null;
  way.cut();
  await rejected;
  await until(() => client.status === "open");
  const room = await client.create("parlour");
  assert.equal(await room.send("add"), 1);
});

test("a zombie socket is found, first by a request without an answer", bounded, async (t) => {
  const way = await proxy(t);
  const client = await dialler(t, way.url)();
  const room = await client.create("parlour");
  way.deafTo = "both";
  const reply = room.send("add", { by: 7 });
  await until(() => way.dials === 2);
  way.deafTo = null;
  way.cut();
  assert.equal(await reply, 7);
});

test("a page that wakes finds a zombie sooner, and does not wait to dial", bounded, async (t) => {
  globalThis.document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  t.after(() => delete globalThis.document);
  const way = await proxy(t);
  const client = await dialler(t, way.url)();
  const room = await client.create("parlour");
  way.deafTo = "both";
  const asleep = performance.now();
  document.dispatchEvent(new Event("visibilitychange"));
  await until(() => way.dials > 1);
  assert.ok(performance.now() - asleep < 6000);
  way.deafTo = null;
  way.cut();
  await until(() => client.status === "open");
  assert.equal(await room.send("add"), 1);

  way.shut = true;
  way.cut();
  await until(() => client.status === "connecting");
  const dials = way.dials;
  document.dispatchEvent(new Event("visibilitychange"));
  await until(() => way.dials > dials);
  way.shut = false;
  assert.equal(await room.send("add"), 2);
});

test("the server is killed and started again: the room goes on", bounded, async (t) => {
  const own = await Server.make();
  t.after(() => own.stop());
  const dial = dialler(t, own.url);
  const [ann, bob] = [await dial({ name: "Ann" }), await dial({ name: "Bob" })];
  const annes = await ann.create("parlour");
  const bobs = await bob.join(annes.code);
  await annes.send("add", { by: 5 });
  const { state } = bobs;
  const { corner } = state;
  await own.kill("SIGKILL");
  await until(() => ann.status === "connecting" && bob.status === "connecting");
  const reply = bobs.send("add", { by: 2 });
  await own.start();
  assert.equal(await reply, 7);
  await until(() => annes.state.count === 7 && annes.me.online);
  assert.equal(bobs.state, state);
  assert.equal(bobs.state.corner, corner);
  assert.deepEqual(bobs.state, annes.state);
});

test("a reload is the same guest in the same seat", bounded, async (t) => {
  const storage = new Storage();
  const dial = dialler(t, server.url);
  const before = await dial({ name: "Ann", storage });
  const room = await before.create("parlour");
  const { code } = room;
  await room.send("add", { by: 2 });
  before.close();
  assert.equal(before.status, "closed");
  await assert.rejects(room.send("add"), { code: "closed" });

  const reloaded = await dial({ storage });
  assert.equal(reloaded.user.id, before.user.id);
  assert.deepEqual(reloaded.remembered(), [{ code, game: "parlour", role: "player" }]);
  const again = await reloaded.resume(` ${code.toLowerCase()}`);
  assert.equal(again.seat.id, room.seat.id);
  assert.deepEqual(again.mine, { card: "card of Ann" });
  assert.equal(await again.send("add", { by: 1 }), 3);
  assert.equal(await reloaded.resume(code), again);
  await assert.rejects(reloaded.resume("BBBB"), { code: "not_found" });

  const stranger = await dial({ name: "Eve" });
  assert.deepEqual(stranger.remembered(), []);
  await again.leave();
  assert.deepEqual(again.left, { reason: "left", message: null });
  assert.deepEqual(reloaded.remembered(), []);
  assert.equal(reloaded.rooms.size, 0);
});

test("a screen and a player of one account are two seats", bounded, async (t) => {
  const storage = new Storage();
  const dial = dialler(t, server.url);
  const phone = await dial({ name: "Ann", storage });
  const tv = await dial({ storage });
  const { code } = await phone.create("parlour");
  await tv.join(code, { role: "screen" });
  assert.deepEqual(tv.remembered().map(({ role }) => role), ["screen", "player"]);
  const reloaded = await dial({ storage });
  assert.equal((await reloaded.resume(code, { role: "player" })).seat.role, "player");
  const other = await dial({ storage });
  assert.equal((await other.resume(code)).seat.role, "player"); // the latest in use
});

test("two tabs share a seat, and a third does not push them out", bounded, async (t) => {
  const storage = new Storage();
  const dial = dialler(t, server.url);
  const tabs = [await dial({ name: "Ann", storage }), await dial({ storage }), await dial({ storage })];
  const rooms = [await tabs[0].create("parlour")];
  for (const tab of tabs.slice(1)) rooms.push(await tab.join(rooms[0].code));
  assert.equal(new Set(rooms.map(({ seat }) => seat.id)).size, 1);
  await rooms[0].send("add", { by: 1 });
  await rooms[1].send("add", { by: 1 });
  await until(() => rooms.every(({ state }) => state.count === 2));
});

test("a stored token that the server does not know makes a new guest; a given one rejects", bounded, async (t) => {
  const storage = new Storage();
  const dial = dialler(t, server.url);
  storage.setItem(`gameserver ${server.url}`, JSON.stringify({ token: "stale.token", seats: [] }));
  const client = await dial({ name: "Ann", storage });
  assert.equal(client.user.name, "Ann");
  await assert.rejects(dial({ token: "wrong.token" }), { code: "unauthenticated" });
  const given = await dial({ token: client.token });
  assert.equal(given.user.id, client.user.id);
});

test("kicked, and the room closed", bounded, async (t) => {
  const dial = dialler(t, server.url);
  const [ann, bob] = [await dial({ name: "Ann" }), await dial({ name: "Bob" })];
  const room = await ann.create("parlour");
  const bobs = await bob.join(room.code);
  const kicked = next(bobs, "$left");
  bobs.send("kick_me").catch(() => {});
  assert.match((await kicked)[0].reason, /kicked|banned/);
  assert.equal(bob.rooms.size, 0);
  await assert.rejects(bobs.send("add"), { code: "not_found" });
  const closed = next(room, "$left");
  room.send("end").catch(() => {});
  assert.equal((await closed)[0].reason, "closed");
  assert.deepEqual(ann.remembered(), []);
});

test("a seat that ended while this client was away is told as left", bounded, async (t) => {
  const way = await proxy(t);
  const storage = new Storage();
  const ann = await dialler(t, way.url)({ name: "Ann", storage });
  const room = await ann.create("parlour");
  const other = await dialler(t, server.url)({ token: ann.token });
  const same = await other.join(room.code);
  way.shut = true;
  way.cut();
  await until(() => ann.status === "connecting");
  const pending = room.send("add");
  const rejected = assert.rejects(pending, { code: "not_found" });
  await same.leave();
  const left = next(room, "$left");
  way.shut = false;
  assert.equal((await left)[0].reason, "not_found");
  await rejected;
  assert.deepEqual(ann.remembered(), []);
});

test("whoever leaves twice at once has left, both times", bounded, async (t) => {
  const dial = dialler(t, server.url);
  for (const binary of [false, true]) {
    const [ann, bob] = [await dial({ name: "Ann", binary }), await dial({ name: "Bob", binary })];
    const room = await ann.create("parlour");
    const bobs = await bob.join(room.code);
    assert.deepEqual(await Promise.all([room.leave(), room.leave()]), [undefined, undefined]);
    assert.deepEqual(await Promise.all([bobs.leave(), bobs.leave(), bobs.leave()]), [undefined, undefined, undefined]);
    assert.equal(await room.leave(), undefined);
    assert.equal(room.left.reason, "left");
  }
});

test("a number above 2^53 is a number, in either form, and no integer", bounded, async (t) => {
  const dial = dialler(t, server.url);
  for (const binary of [false, true]) {
    const room = await (await dial({ binary })).create("parlour");
    const value = [2 ** 60, -(2 ** 53) - 2, 1e18, { far: Number.MAX_VALUE }, 2 ** 53];
    assert.deepEqual(await room.send("echo", { value }), value);
    assert.deepEqual(room.mine.echo, value);
    await assert.rejects(room.send("add", { by: 2 ** 60 }), { code: "bad_data", path: "$.by" });
  }
});
