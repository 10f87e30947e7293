/** `room.chat` against the real server. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FlakyProxy, Server, dialler, next, until } from "./kit.js";

const bounded = { timeout: 60_000 };
let server;

before(async () => (server = await Server.make()), bounded);
after(() => server?.stop(), bounded);

const texts = ({ lines }) => lines.map(({ text }) => text);

/** Two people in one room. */
async function company(t, url = server.url) {
  const [ann, bob] = await Promise.all(["Ann", "Bob"].map((name) => dialler(t, url)({ name })));
  const annes = await ann.create("lounge");
  const bobs = await bob.join(annes.code);
  await until(() => annes.seats.size === 2);
  return [annes, bobs, bob];
}

test("channels are those that this seat hears, and go with their lines", bounded, async (t) => {
  const [ann, bob] = await company(t);
  assert.deepEqual([...bob.chat.channels.keys()].sort(), ["channel:news", "room", "seat"]);
  const news = bob.chat.channels.get("channel:news");
  assert.deepEqual([news.title, news.readonly, news.closed, news.stream], ["News", true, false, "room"]);

  await ann.send("go", { where: "cellar" });
  await ann.send("go", { where: "attic" });
  await ann.chat.say("below", "group:cellar");
  await ann.chat.say("above", "group:attic");
  await bob.send("go", { where: "cellar" });
  await bob.send("go", { where: "attic" });
  await until(() => bob.chat.channels.get("group:attic")?.lines.length);
  assert.deepEqual(texts(bob.chat.channels.get("group:attic")), ["above"]);
  assert.deepEqual(texts(bob.chat.channels.get("group:cellar")), []);
  assert.equal(bob.chat.channels.get("group:cellar").title, "The cellar");
  await ann.chat.say("both of us", "group:cellar");
  await until(() => bob.chat.channels.get("group:cellar").lines.length);

  const gone = next(bob, "$channels");
  await bob.send("go", { where: "cellar", enter: false });
  await gone;
  assert.equal(bob.chat.channels.has("group:cellar"), false);
  assert.deepEqual(texts(bob.chat), ["above"]);
  await bob.send("shut", { on: true });
  await until(() => ann.chat.channels.get("room").closed);
});

test("what others said is unread until it is read, on all devices of the seat", bounded, async (t) => {
  const [ann, bob, { token }] = await company(t);
  await ann.chat.say("one");
  await ann.chat.say("two");
  await bob.chat.say("mine");
  await ann.send("announce", { text: "extra" });
  await until(() => bob.chat.lines.length === 4);
  const [lobby, news] = ["room", "channel:news"].map((to) => bob.chat.channels.get(to));
  assert.deepEqual([lobby.unread, news.unread], [2, 1]);

  bob.chat.read();
  assert.deepEqual([lobby.unread, news.unread], [0, 1]);
  await bob.chat.say("the server has it"); // said after it
  const held = await (await dialler(t, server.url)({ token })).join(bob.code);
  assert.deepEqual([held.seat.id, held.chat.channels.get("room").unread, held.chat.channels.get("channel:news").unread], [bob.seat.id, 0, 1]);
  const told = next(bob, "$read");
  held.chat.read("channel:news");
  assert.equal((await told)[0].to, "channel:news");
  assert.equal(news.unread, 0);
});

test("private lines stand with the other seat, the game's own with the room's", bounded, async (t) => {
  const [ann, bob] = await company(t);
  await ann.chat.say("psst", `seat:${bob.seat.id}`);
  await bob.chat.say("what?", `seat:${ann.seat.id}`);
  await bob.send("whisper", { text: "only you" });
  await until(() => bob.chat.lines.length === 3 && ann.chat.lines.length === 2);
  assert.deepEqual(texts(ann.chat.channels.get(`seat:${bob.seat.id}`)), ["psst", "what?"]);
  assert.deepEqual(texts(bob.chat.channels.get(`seat:${ann.seat.id}`)), ["psst", "what?"]);
  assert.equal(bob.chat.channels.get(`seat:${ann.seat.id}`).unread, 1);
  assert.deepEqual(texts(bob.chat.channels.get("room")), ["only you"]);
  assert.equal(bob.chat.channels.get("room").unread, 0);
  bob.chat.read();
  assert.equal(bob.chat.channels.get("room").read, 0);
});

test("a line is changed, and taken back, for everybody", bounded, async (t) => {
  const [ann, bob] = await company(t);
  await ann.chat.say("helo @Bob", "room", { mood: 1 });
  await ann.chat.emote("waves");
  await until(() => bob.chat.lines.length === 2);
  const [first, second] = bob.chat.lines;
  assert.deepEqual([first.mentions, first.emote, first.edited], [[bob.seat.id], false, null]);
  assert.deepEqual([second.text, second.emote], ["waves", true]);
  await assert.rejects(bob.chat.edit(first, "mine now"), { code: "forbidden" });

  const changed = next(bob, "$edited");
  await ann.chat.edit(ann.chat.lines[0], "hello");
  assert.equal((await changed)[0], first);
  assert.deepEqual([first.text, first.data, first.mentions, first.edited >= first.at], ["hello", null, [], true]);
  const gone = next(bob, "$edited");
  await ann.chat.unsay(ann.chat.lines[0]);
  assert.equal((await gone)[0].text, null);
  assert.deepEqual(texts(bob.chat), ["waves"]);
  assert.deepEqual(texts(bob.chat.channels.get("room")), ["waves"]);
});

test("others see who is writing until the line comes", bounded, async (t) => {
  const [ann, bob] = await company(t);
  const writing = next(bob, "$typing");
  ann.chat.typing();
  ann.chat.typing(); // with each key; said once
  assert.deepEqual((await writing)[0].typing, [ann.seat.id]);
  await ann.chat.say("there");
  await until(() => bob.chat.lines.length);
  assert.deepEqual(bob.chat.channels.get("room").typing, []);
});

test("nothing is missing and nothing twice after a loss, be it replayed or told anew", bounded, async (t) => {
  const proxy = await FlakyProxy.make(server.port);
  t.after(() => proxy.stop());
  const ann = await (await dialler(t, server.url)({ name: "Ann" })).create("lounge");
  const bob = await (await dialler(t, proxy.url)({ name: "Bob" })).join(ann.code);
  for (const text of ["kept", "changed", "taken back"]) await ann.chat.say(text);
  await until(() => bob.chat.lines.length === 3);
  const [kept] = bob.chat.lines;

  for (const times of [2, 600]) { // 512 messages are replayed, not more
    proxy.shut = true;
    proxy.cut();
    await ann.chat.edit(ann.chat.lines[1], `changed ${times}`);
    if (times === 2) await ann.chat.unsay(ann.chat.lines[2]);
    await ann.send("announce", { text: `news ${times}`, times });
    const last = `news ${times} ${times - 1}`;
    await until(() => texts(ann.chat).at(-1) === last);
    const [[{ recovered }]] = await Promise.all([next(bob, "$joined"), (proxy.shut = false)]);
    await until(() => texts(bob.chat).at(-1) === last);
    assert.equal(recovered, times === 2);
    assert.deepEqual(texts(bob.chat).slice(-20), texts(ann.chat).slice(-20));
    assert.equal(new Set(bob.chat.lines.map(({ n }) => n)).size, bob.chat.lines.length);
    assert.deepEqual(texts(bob.chat.channels.get("room")), ["kept", `changed ${times}`]);
    assert.equal(bob.chat.lines[0], kept);
  }
});
