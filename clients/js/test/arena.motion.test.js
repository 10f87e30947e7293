// The arena's page computes where discs go as the server does: both are held to one file (tests/games/arena_vectors.py).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { arena } from "./arena.js";

const motion = await arena("motion.js");
const { constants, paths, pairs } = JSON.parse(readFileSync(new URL("../../../tests/games/arena_motion.json", import.meta.url)));

test("the field is the server's", () => {
  assert.deepEqual(Object.fromEntries(Object.keys(constants).map((name) => [name, motion[name]])), constants);
});

test("a disc that follows commands goes where the server's goes, to the last tenth of a pixel", () => {
  assert.ok(paths.length >= 40);
  for (const { start, commands, bodies } of paths) {
    let body = start;
    const went = commands.map(([n, x, y, dash]) => (body = motion.step(body, n, x, y, dash)));
    assert.deepEqual(went, bodies);
  }
});

test("discs that meet part as the server's do", () => {
  let met = 0;
  for (const [a, b, after, speed] of pairs) {
    const [newA, newB, fast] = motion.bump(a, b);
    assert.deepEqual([newA, newB], after);
    assert.equal(fast, speed);
    met += fast > 0;
  }
  assert.ok(met > 100, `${met} pairs met`);
});
