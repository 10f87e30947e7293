/** A client at two real servers that share a Redis: it follows its rooms, and its page notices nothing. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Redis, Server, dialler, until } from "./kit.js";

const bounded = { timeout: 120_000 };
const PAUSE_MS = 60; // between two messages of one player: the game takes 20 a second

test("a room is found at the other node, is played there, and goes on here when that one stops", bounded, async (t) => {
  const redis = await Redis.make();
  if (!redis) {
    assert.notEqual(process.env.CI, "true", "there is no redis-server");
    return t.skip("there is no redis-server");
  }
  t.after(() => redis.stop());
  const secret = join(redis.folder, "secret");
  await writeFile(secret, randomBytes(32), { mode: 0o600 });
  const shared = { GAMESERVER_STORE: redis.url, GAMESERVER_SECRET: secret, GAMESERVER_STOP_DELAY_S: "0" };
  const nodes = await Promise.all(["a", "b"].map((name) => Server.make({ ...shared, GAMESERVER_NODE_NAME: name })));
  for (const node of nodes) t.after(() => node.stop());
  const [a, b] = nodes;
  const errors = [];
  const at = async (node, name) => {
    const client = await dialler(t, node.url)({ name });
    client.on("$error", ({ code }) => errors.push(code));
    return client;
  };
  const [ann, bob] = [await at(a, "Ann"), await at(b, "Bob")];

  // By its code, although Bob knows no other address than that of b.
  const annes = await ann.create("parlour");
  const bobs = await bob.join(annes.code);
  const own = await bob.create("parlour");
  await until(() => annes.seats.size === 2);
  assert.equal(await annes.send("add", { by: 2 }), 2);
  assert.equal(await bobs.send("add", { by: 3 }), 5);
  assert.equal(await own.send("add", { by: 1 }), 1);
  await until(() => annes.state.count === 5);

  // All go on in another room: it is where the first was, everybody follows, and the old code leads there from any node.
  const evening = await ann.create("parlour");
  const bobsEvening = await bob.join(evening.code);
  const follows = new Promise((resolve) => bobsEvening.on("$next", resolve));
  const later = await evening.nextGame("parlour");
  const bobsLater = await follows;
  assert.equal(bobsLater.code, later.code);
  await until(() => later.seats.size === 2);
  const status = async (node, code) => (await fetch(`http://127.0.0.1:${node.port}/api/rooms/${code}`, { redirect: "manual" })).status;
  assert.deepEqual(await Promise.all(nodes.map((node) => status(node, later.code))), [200, 307]);
  const cleo = await at(b, "Cleo");
  const cleosLater = await cleo.join(evening.code);
  assert.equal(cleosLater.code, later.code);
  assert.equal(await cleosLater.send("add", { by: 4 }), 4);

  // Everybody plays while the node of the room stops; Ann's own address is gone then.
  const { state } = annes;
  const seats = [annes, bobs].map((room) => room.seat.id);
  const said = [];
  let draining = true;
  const play = async (room) => {
    while (draining) {
      said.push(await room.send("add", { by: 1 }));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const playing = [annes, bobs, own].map(play);
  await a.kill("SIGTERM");
  const before = said.length;
  await until(() => said.length > before + 20, "all play on");
  draining = false;
  await Promise.all(playing);
  assert.equal(annes.state, state, "it is the same document, changed in place");
  await until(() => annes.state.count === bobs.state.count);
  assert.equal(said.length, annes.state.count - 5 + own.state.count - 1, "each was counted once");
  assert.deepEqual(annes.state.log.slice(2), Array(annes.state.count - 5).fill(1));
  assert.deepEqual([annes, bobs].map((room) => room.seat.id), seats);
  assert.deepEqual([...ann.rooms.values(), ...bob.rooms.values()], [annes, later, bobs, own, bobsLater]);

  // The old code leads to where the next room is by now.
  const daves = await (await at(b, "Dave")).join(evening.code);
  assert.deepEqual([daves.code, await daves.send("add", { by: 1 })], [later.code, 5]);
  await until(() => later.state.count === 5 && later.seats.size === 4);
  assert.deepEqual(errors.filter((code) => !["busy", "draining"].includes(code)), []);
});
