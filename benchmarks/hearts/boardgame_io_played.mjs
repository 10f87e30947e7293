/**
 * Plays hearts for boardgame.io to the end, by the moves that its bots would be given, and looks at the points:
 * `npm install --no-save boardgame.io@0.50 && node boardgame_io_played.mjs`, in this folder.
 */

import assert from "node:assert";
import { register } from "node:module";

// The package names folders, as bundlers take them; Node wants the file.
const resolve =
  'export const resolve = (name, at, next) => next(name.replace(/^(boardgame.io)\\/(\\w+)$/, "$1/dist/cjs/$2.js"), at);';
register(`data:text/javascript,${encodeURIComponent(resolve)}`);
const { Client } = await import("boardgame.io/client");
const { Hearts } = await import("./boardgame_io.mjs");

/** By chance, and the same each time. */
function choices(seed) {
  let state = seed;
  return (items) => items[(state = (state * 48271) % 2147483647) % items.length];
}

function play(seed) {
  const choose = choices(seed + 1);
  const client = Client({ game: { ...Hearts, seed: String(seed) }, numPlayers: 4, debug: false });
  client.start();
  for (let moves = 0; moves < 5000; moves += 1) {
    const { G, ctx } = client.store.getState();
    if (ctx.gameover) return [ctx.gameover, moves];
    const active = ctx.activePlayers ? Object.keys(ctx.activePlayers) : [ctx.currentPlayer];
    const able = active.filter((id) => Hearts.ai.enumerate(G, ctx, id).length);
    const id = choose(able);
    const { move, args } = choose(Hearts.ai.enumerate(G, ctx, id));
    client.updatePlayerID(id);
    const seen = client.getState().G.players;
    assert(Object.keys(seen).every((other) => other === id || !seen[other].hand), "others' hands are hidden");
    client.moves[move](...args);
    assert.notDeepEqual(client.store.getState().G, G, `${id} made ${move} ${args}`);
  }
  assert.fail("it never ends");
}

for (let seed = 0; seed < 5; seed += 1) {
  const [{ ranking, scores }, moves] = play(seed);
  const points = scores.reduce((sum, each) => sum + each, 0);
  assert(Math.max(...scores) >= 100 && points % 26 === 0 && ranking.flat().length === 4, `points ${scores}`);
  console.log(`seed ${seed}: ${moves} moves, points ${scores}, places ${JSON.stringify(ranking)}`);
}
