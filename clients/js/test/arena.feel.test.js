// Does the arena feel right? Server, network and pages in one thread, on a made-up clock and with made-up chance, so that
// each number is the same each time. Distances are pixels of a field of 1600 by 900; the fastest disc that does not dash
// covers 5.4 of them in a frame, a disc is 52 wide.

import assert from "node:assert/strict";
import { test } from "node:test";

import { play, quantile, smoothness, wanderer, chance } from "./arena.world.js";

const GOOD = { delay_ms: 100, jitter_ms: 10, loss: 0 };
const LOSSY = { ...GOOD, loss: 0.02 };
const SETTLED = 120; // frames; by then everybody has heard of everybody

const own = (page) => page.frames.slice(SETTLED).map((frame) => frame.own);
const other = (page, seat) => page.frames.slice(SETTLED).map((frame) => frame.others[seat]);
const seats = (page) => Object.keys(page.frames.at(-1).others);
const jumps = (places) => places.slice(1).map(([x, y], i) => Math.hypot(x - places[i][0], y - places[i][1]));
const most = (values) => values.reduce((a, b) => Math.max(a, b), 0);

function below(value, bound, what) {
  assert.ok(value <= bound, `${what}: ${value.toFixed(2)}, not at most ${bound}`);
}

test("with 100 ms there and back the own disc moves in the frame of the key, the server's 50 ms later", () => {
  const steer = (now) => (now < 3000 ? [0, 0, false] : [8, 0, false]);
  const { pages: [page], server } = play({ s: 3.045, network: { ...GOOD, jitter_ms: 0 }, steer });
  const before = page.frames.filter(({ at }) => at < 3000).at(-1).own;
  const since = page.frames.filter(({ at }) => at >= 3000);
  assert.ok(since[1].own[0] > before[0] + 0.4, `the frame after the key's is at ${since[1].own[0]}, from ${before[0]}`);
  assert.equal(server.bodies["1"][2], 0);
});

test("where nobody is in the way, the server never corrects, be the network as uneven as it likes", () => {
  for (const [seed, network] of [GOOD, { delay_ms: 100, jitter_ms: 40, loss: 0 }, { delay_ms: 200, jitter_ms: 0, loss: 0 }].entries()) {
    const random = chance(seed);
    const { pages: [page] } = play({ s: 60, seed, network, steer: wanderer(random, 0.2) });
    assert.ok(page.corrections.length > 1100);
    assert.ok(jumps(own(page)).filter((jump) => jump > 1).length > 1000, "it moves");
    assert.equal(most(page.corrections), 0);
  }
});

test("with 100 ms, eight who run into each other are corrected little, and nothing jumps", () => {
  const { pages } = play({ players: 8, s: 25, network: GOOD, seed: 5 });
  const corrections = pages.flatMap((page) => page.corrections.slice(20));
  assert.ok(corrections.filter((each) => each > 0).length > 50, "they do meet");
  below(quantile(corrections, 0.95), 2, "95 of 100 corrections");
  below(quantile(corrections, 0.99), 10, "99 of 100 corrections");
  below(most(corrections), 40, "the greatest correction");
  for (const page of pages) {
    below(smoothness(own(page)).jump, 9, "the own disc in one frame");
    below(smoothness(own(page)).jerk, 8, "the own disc's change of pace");
    for (const seat of seats(page)) {
      below(smoothness(other(page, seat)).jump, 8, "another disc in one frame");
      below(smoothness(other(page, seat)).jerk, 9, "another disc's change of pace");
    }
    below(page.playout.delay_ms, 75, "others are shown so much later than they come");
  }
});

test("with dashes nothing jumps further than 30 pixels in a frame; a dash itself makes 17", () => {
  const { pages } = play({ players: 8, s: 20, network: GOOD, seed: 3, dashes: 0.2 });
  for (const page of pages) {
    below(smoothness(own(page)).jump, 30, "the own disc in one frame");
    for (const seat of seats(page)) below(smoothness(other(page, seat)).jump, 20, "another disc in one frame");
  }
});

test("with 2 of 100 messages lost, others stand still for a moment at most, and do not jump", () => {
  const { pages } = play({ players: 8, s: 30, network: LOSSY, seed: 7 });
  const all = pages.flatMap((page) => seats(page).flatMap((seat) => jumps(other(page, seat))));
  below(quantile(all, 0.999), 10, "of 1000 frames all but one");
  below(most(all), 13, "another disc in one frame");
  for (const page of pages) {
    below(smoothness(own(page)).jump, 12, "the own disc in one frame");
    below(page.playout.delay_ms, 350, "others are shown so much later than they come");
  }
});

test("when all let go, every page shows every disc where the server has it", () => {
  const random = chance(11);
  const walk = wanderer(random, 0.2);
  const steer = (now) => (now < 8000 ? walk(now) : [0, 0, false]);
  const { pages, server } = play({ players: 6, s: 14, network: LOSSY, seed: 11, steer });
  for (const page of pages) {
    const shown = { ...page.frames.at(-1).others, [page.seat]: page.frames.at(-1).own };
    for (const [seat, [x, y]] of Object.entries(server.bodies)) {
      below(Math.hypot(shown[seat][0] - x / 10, shown[seat][1] - y / 10), 0.05, `disc ${seat} on page ${page.seat}`);
    }
  }
});
