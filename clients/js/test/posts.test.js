/** What is said outside rooms, and teams, against the real server. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FlakyProxy, Server, Storage, dialler, next, until } from "./kit.js";

const bounded = { timeout: 60_000 };
let server;
let operator;

before(async () => {
  server = await Server.make();
  operator = await server.operator();
}, bounded);
after(() => server?.stop(), bounded);

const texts = ({ lines }) => lines.map(({ text }) => text);
const announce = (text) => server.post("/api/moderation/announcements", { text }, operator);

test("who hears a lobby hears each line once, and what was said before", bounded, async (t) => {
  const [ann, bob] = await Promise.all(["Ann", "Bob"].map((name) => dialler(t, server.url)({ name })));
  const annes = await ann.lobby("lounge");
  assert.deepEqual([annes.to, annes.stream, annes.readonly, texts(annes)], ["lobby:lounge", "lobby:lounge", false, []]);
  const heard = next(ann, "$chat");
  await bob.chat.say("anybody?", "lobby:lounge", { blob: new Uint8Array([0, 255]), $n: 1 });
  const [[line]] = [await heard];
  assert.deepEqual(line.from, { user: bob.user.id, name: "Bob", account: false });
  assert.deepEqual([line.to, line.data], ["lobby:lounge", { blob: new Uint8Array([0, 255]), $n: 1 }]);
  assert.ok(Number.isSafeInteger(line.n) && line.n > 0, "the number of a line outside rooms goes by the time");

  const bobs = await bob.lobby("lounge");
  assert.equal(await bob.lobby("lounge"), bobs);
  assert.deepEqual(bobs.lines, annes.lines);
  assert.deepEqual([annes.unread, bobs.unread], [1, 0]);
  await annes.say("me");
  await until(() => bobs.lines.length === 2);
  assert.deepEqual([annes.unread, bobs.unread], [1, 1]);
  const read = next(ann, "$read");
  ann.chat.read("lobby:lounge");
  assert.equal((await read)[0], annes);
  assert.equal(annes.unread, 0);

  ann.chat.cease("lobby:lounge");
  assert.equal(ann.chat.channels.has("lobby:lounge"), false);
  await bobs.say("gone?");
  assert.deepEqual(texts(await ann.lobby("lounge")), ["anybody?", "me", "gone?"]);
  await assert.rejects(ann.lobby("nowhere"), { code: "bad_data" });
  await assert.rejects(ann.chat.say("x", "lobby:nowhere"), { code: "bad_data" });
  assert.deepEqual([...ann.chat.channels.keys()], ["lobby:lounge"]);
});

test("a direct message stands with the other user, for both", bounded, async (t) => {
  const [ann, bob, cid] = await Promise.all(["Ann", "Bob", "Cid"].map((name) => dialler(t, server.url)({ name })));
  assert.equal(await bob.direct(), null);
  const annes = await ann.direct(bob.user.id);
  await assert.rejects(annes.say("hi"), { code: "forbidden" });
  const room = await ann.create("lounge");
  await Promise.all([bob.join(room.code), cid.join(room.code)]);
  await annes.say("psst");
  const bobs = await until(() => bob.chat.channels.get(`user:${ann.user.id}`));
  assert.deepEqual([texts(bobs), bobs.unread, annes.unread], [["psst"], 1, 0]);
  await bobs.say("what?");
  await (await cid.direct(ann.user.id)).say("and me");
  await until(() => ann.chat.channels.get(`user:${cid.user.id}`)?.lines.length && annes.lines.length === 2);
  assert.deepEqual(texts(annes), ["psst", "what?"]);
  assert.deepEqual(texts(bobs), ["psst", "what?"]);
  assert.equal((await bob.direct(ann.user.id)), bobs);
  assert.equal(bob.chat.of(bobs.lines[1]), bobs.to);
});

test("announcements are the operator's, and a reload knows what was read", bounded, async (t) => {
  const storage = new Storage();
  const ann = await dialler(t, server.url)({ name: "Ann", storage });
  const channel = await ann.announcements();
  const told = next(ann, "$chat");
  await announce("Maintenance at noon");
  assert.equal((await told)[0].from, null);
  assert.deepEqual([channel.readonly, texts(channel), channel.unread], [true, ["Maintenance at noon"], 1]);
  await assert.rejects(channel.say("me too"));
  ann.chat.read("server");
  ann.close();
  await announce("It is over");

  const again = await dialler(t, server.url)({ storage });
  assert.equal(again.user.id, ann.user.id);
  const held = await again.announcements();
  assert.deepEqual([texts(held), held.unread], [["Maintenance at noon", "It is over"], 1]);
  const other = await dialler(t, server.url)({ name: "Bob", storage: new Storage() });
  assert.equal((await other.announcements()).unread, 2);
});

test("nothing is missing and nothing twice after a loss, and after the server's death", bounded, async (t) => {
  const proxy = await FlakyProxy.make(server.port);
  t.after(() => proxy.stop());
  const bob = await dialler(t, proxy.url)({ name: "Bob" });
  const ann = await dialler(t, server.url)({ name: "Ann" });
  const bobs = await bob.lobby("sides");
  const heard = [];
  bob.on("$chat", ({ text }) => heard.push(text));
  const said = ["one", "two"];
  for (const text of said) await ann.chat.say(text, "lobby:sides");
  await until(() => bobs.lines.length === 2);

  for (const text of ["while away", "and again"]) {
    proxy.shut = true;
    proxy.cut();
    await until(() => bob.status === "connecting");
    await ann.chat.say(text, "lobby:sides");
    const asked = text === "while away" ? bob.announcements() : null; // asked for without a connection
    proxy.shut = false;
    await until(() => texts(bobs).at(-1) === text);
    said.push(text);
    await asked;
  }
  await server.kill();
  await server.start();
  await until(() => ann.status === "open" && bob.status === "open");
  await ann.chat.say("risen", "lobby:sides");
  said.push("risen");
  await until(() => texts(bobs).at(-1) === "risen");
  assert.deepEqual(texts(bobs), said);
  assert.deepEqual(heard.filter((text) => said.includes(text)), said);
});

test("a line whose answer is lost is not said twice", bounded, async (t) => {
  const proxy = await FlakyProxy.make(server.port);
  t.after(() => proxy.stop());
  const bob = await dialler(t, proxy.url)({ name: "Bob" });
  const ann = await dialler(t, server.url)({ name: "Ann" });
  const [bobs, annes] = [await bob.lobby("parlour"), await ann.lobby("parlour")];
  proxy.deafTo = "server";
  const lost = bobs.say("once");
  await until(() => annes.lines.length);
  proxy.deafTo = null;
  proxy.cut();
  await assert.rejects(lost, { code: "lost" });
  await until(() => bobs.lines.length);
  await annes.say("after");
  await until(() => bobs.lines.length === 2);
  assert.deepEqual(texts(bobs), ["once", "after"]);
});

test("a client that is closed hears nothing more", bounded, async (t) => {
  const proxy = await FlakyProxy.make(server.port);
  t.after(() => proxy.stop());
  const ann = await dialler(t, proxy.url)({ name: "Ann" });
  proxy.shut = true;
  proxy.cut();
  await until(() => ann.status === "connecting");
  const asked = ann.lobby("lounge");
  ann.close();
  await assert.rejects(asked, { code: "closed" });
  await assert.rejects(ann.announcements(), { code: "closed" });
});

test("teams have their seats, and players choose", bounded, async (t) => {
  const [ann, bob] = await Promise.all(["Ann", "Bob"].map((name) => dialler(t, server.url)({ name })));
  const annes = await ann.create("sides");
  const bobs = await bob.join(annes.code);
  const shape = ({ teams }) => teams.map(({ name, seats }) => [name, seats.map((seat) => seat.name)]);
  assert.deepEqual(annes.teams, [
    { name: "red", title: "Reds", colour: "#aa0000", score: 0, open: true, seats: [] },
    { name: "blue", title: "Blue", colour: annes.teams[1].colour, score: 0, open: true, seats: [] },
  ]);
  await annes.joinTeam("red");
  await bobs.joinTeam("red");
  await until(() => bobs.teams[0].seats.length === 2 && annes.teams[0].seats.length === 2);
  await bobs.joinTeam("blue");
  await until(() => annes.teams[1].seats.length === 1);
  assert.deepEqual(shape(annes), [["red", ["Ann"]], ["blue", ["Bob"]]]);
  await assert.rejects(bobs.joinTeam("red", annes.seat.id), { code: "forbidden" });
  await annes.joinTeam("red", bobs.seat.id);
  await until(() => bobs.teams[0].seats.length === 2);
  await assert.rejects(bobs.joinTeam("pink"), { code: "bad_data" });
  await annes.start();
  await annes.send("point");
  await until(() => bobs.teams[0].score === 1);
  assert.deepEqual((await ann.create("lounge")).teams, []);
});
