/** Turns and moves, against the real server. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Server, dialler, until } from "./kit.js";

const bounded = { timeout: 60_000 };
let server;

before(async () => (server = await Server.make()), bounded);
after(() => server?.stop(), bounded);

async function atNim(t, options = {}) {
  const dial = dialler(t, server.url);
  const ann = await (await dial({ name: "Ann", ...options })).create("nim");
  const bob = await (await dial({ name: "Bob" })).join(ann.code);
  await until(() => ann.seats.size === 2);
  return { ann, bob };
}

async function playing(t, options) {
  const { ann, bob } = await atNim(t, options);
  assert.deepEqual([ann.turn, ann.moves, ann.prompt, ann.mayUndo, ann.isActive], [null, [], null, false, false]);
  await ann.start();
  await until(() => ann.moves.length === 3 && bob.turn);
  return { ann, bob };
}

for (const binary of [false, true]) {
  test(`who is on knows the moves, and makes one (${binary ? "binary" : "JSON"})`, bounded, async (t) => {
    const { ann, bob } = await playing(t, { binary });
    assert.equal(ann.turn.number, 1);
    assert.deepEqual(bob.turn.active, [ann.seat.id]);
    assert.deepEqual([ann.isActive, bob.isActive], [true, false]);
    assert.deepEqual(bob.moves, []);
    assert.equal(ann.prompt, "Take some, Ann");
    assert.equal(bob.prompt, "Ann thinks of 1, yes");
    const [take, give, stop] = ann.moves;
    assert.deepEqual(take.choices, { n: { range: [1, 4] } });
    assert.deepEqual(give.choices, { to: { of: [bob.seat.id] }, what: { some: [1, 2], of: ["a", "b"] } });
    assert.equal(ann.label(take), "Take {n}");
    assert.equal(ann.label(give, { to: bob.seat.id, what: ["a", "b"] }), "Give Bob a, b");
    assert.equal(ann.label(give, { to: bob.seat.id, what: [bob.seat.id] }), `Give Bob ${bob.seat.id}`);
    assert.equal(ann.label(stop), "Stop here");

    const german = { "Take some, {who}": "Nimm welche, {who}", "Take {n}": "{n} nehmen", yes: "ja", Ann: "never", a: "A" };
    ann.translate = bob.translate = (text) => german[text] ?? text;
    assert.deepEqual([ann.prompt, ann.label(take, { n: 2 })], ["Nimm welche, Ann", "2 nehmen"], "a name stays one");
    assert.equal(ann.label(give, { to: bob.seat.id, what: ["a", "b"] }), "Give Bob A, b");
    assert.equal(bob.prompt, "Ann thinks of 1, ja");
    ann.translate = bob.translate = (text) => text;

    const heard = [];
    ann.on("$turn", (turn) => heard.push(["$turn", turn?.number]));
    ann.on("$moves", (moves) => heard.push(["$moves", moves.length]));
    assert.equal(await ann.play(give, { to: ann.seats.get(bob.seat.id), what: ["b"] }), null);
    assert.deepEqual(ann.state.given, [[bob.seat.id, "gift", "b"]]);
    assert.equal(await ann.play(take, { n: 2 }), 7);
    await until(() => bob.moves.length === 3 && ann.moves.length === 0);
    assert.deepEqual(heard, [["$turn", 2], ["$moves", 0]]);
    assert.equal(bob.prompt, "Take some, Bob");
  });
}

test("a move is good for the turn in which it was made alone", bounded, async (t) => {
  const { ann, bob } = await playing(t);
  const [take] = ann.moves;
  const first = ann.play(take, { n: 1 });
  const second = ann.play(take, { n: 1 });
  assert.equal(await first, 8);
  await assert.rejects(second, { code: "not_your_turn" });
  await until(() => bob.isActive);
  await assert.rejects(bob.play(take, { n: 5 }), { code: "not_legal" });
  assert.equal(bob.state.heap, 8);
});

test("one who comes back has the moves again", bounded, async (t) => {
  const { ann } = await playing(t);
  const before = structuredClone(ann.moves);
  const joined = new Promise((resolve) => ann.on("$joined", resolve));
  await server.kill();
  await server.start();
  await joined;
  assert.deepEqual(ann.moves, before);
  assert.equal(await ann.play(ann.moves[0], { n: 3 }), 6);
});

test("the host has bots play, and sends them away", bounded, async (t) => {
  const { ann, bob } = await atNim(t);
  const id = await ann.bot({ level: "random", name: "Robo" });
  assert.equal(typeof id, "string");
  await until(() => bob.seats.get(id)?.bot === "random");
  assert.equal(bob.seats.get(id).name, "Robo");
  await assert.rejects(bob.bot({ seat: id }), { code: "forbidden" });
  assert.equal(await ann.bot({ seat: ann.seats.get(id) }), null);
  await until(() => !bob.seats.has(id));
});

test("a player is ready, and not any more", bounded, async (t) => {
  const { ann, bob } = await atNim(t);
  await bob.ready();
  await until(() => ann.seats.get(bob.seat.id).ready === true);
  await bob.ready(false);
  await until(() => ann.seats.get(bob.seat.id).ready === false);
});

test("a move is taken back, and where there is none undo says so", bounded, async (t) => {
  const { ann, bob } = await playing(t);
  await assert.rejects(bob.undo(), { code: "cannot_undo" });
  assert.equal(ann.mayUndo, false);
  assert.equal(await ann.play(ann.moves[0], { n: 2 }), 7);
  await until(() => ann.mayUndo && !ann.isActive);
  await ann.undo();
  await until(() => ann.isActive && !ann.mayUndo && ann.moves.length === 3);
  assert.equal(ann.state.heap, 9);
});
