/**
 * Hearts for boardgame.io 0.50, as its documentation has games: with no clocks, nobody to stand in who is away, and a
 * bot by `ai.enumerate`. It is here to be counted; `boardgame_io_played.mjs` plays it.
 */

import { INVALID_MOVE } from "boardgame.io/core";
import { MCTSBot } from "boardgame.io/ai";

const RANKS = "23456789TJQKA";
const DECK = [..."CDSH"].flatMap((suit) => [...RANKS].map((rank) => suit + rank));
const ALL_POINTS = 26;
const END = 100;

const pointsOf = (card) => (card === "SQ" ? 13 : Number(card[0] === "H"));
const byDeck = (a, b) => DECK.indexOf(a) - DECK.indexOf(b);

function deal(G, random) {
  const deck = random.Shuffle(DECK);
  for (const [id, player] of Object.entries(G.players)) {
    player.hand = deck.slice(13 * id, 13 * id + 13).sort(byDeck);
    player.give = [];
  }
  G.trick = [];
  G.taken = [[], [], [], []];
  G.broken = false;
  G.first = true;
  G.way = [1, 3, 2, 0][G.deal % 4];
}

/** The cards that may be played now. */
function fitting(G, id) {
  const { hand } = G.players[id];
  if (G.first && hand.includes("C2")) return ["C2"];
  const or = (cards) => (cards.length ? cards : hand);
  if (!G.trick.length) return or(hand.filter((card) => G.broken || card[0] !== "H"));
  let fit = hand.filter((card) => card[0] === G.trick[0].card[0]);
  if (!fit.length && hand.length === 13) fit = hand.filter((card) => !pointsOf(card));
  return or(fit);
}

function give({ G, events, playerID }, cards) {
  const player = G.players[playerID];
  const own = Array.isArray(cards) && new Set(cards).size === 3 && cards.every((card) => player.hand.includes(card));
  if (!own || cards.length !== 3 || player.give.length) return INVALID_MOVE;
  player.give = cards;
  player.hand = player.hand.filter((card) => !cards.includes(card));
  if (Object.values(G.players).every((each) => each.give.length)) events.endPhase();
}

function takeBack({ G, playerID }) {
  const player = G.players[playerID];
  if (!player.give.length) return INVALID_MOVE;
  player.hand = [...player.hand, ...player.give].sort(byDeck);
  player.give = [];
}

function play({ G, ctx, events, random, playerID }, card) {
  const player = G.players[playerID];
  if (playerID !== ctx.currentPlayer || !fitting(G, playerID).includes(card)) return INVALID_MOVE;
  player.hand = player.hand.filter((each) => each !== card);
  G.trick.push({ by: playerID, card });
  G.broken ||= card[0] === "H";
  G.first = false;
  if (G.trick.length < 4) {
    events.endTurn();
    return;
  }
  const led = G.trick.filter((each) => each.card[0] === G.trick[0].card[0]);
  const best = led.reduce((a, b) => (RANKS.indexOf(b.card[1]) > RANKS.indexOf(a.card[1]) ? b : a)).by;
  G.taken[best].push(...G.trick.map((each) => each.card));
  G.last = { by: best, cards: G.trick };
  G.trick = [];
  if (player.hand.length) events.endTurn({ next: best });
  else score(G, events, random);
}

function score(G, events, random) {
  let points = G.taken.map((cards) => cards.reduce((sum, card) => sum + pointsOf(card), 0));
  if (points.includes(ALL_POINTS)) points = points.map((n) => ALL_POINTS - n);
  G.scores = G.scores.map((had, id) => had + points[id]);
  G.deal += 1;
  if (Math.max(...G.scores) >= END) {
    const places = [...new Set(G.scores)].sort((a, b) => a - b);
    const ranking = places.map((n) => Object.keys(G.players).filter((id) => G.scores[id] === n));
    events.endGame({ ranking, scores: G.scores });
    return;
  }
  deal(G, random);
  events.setPhase(G.way ? "passing" : "tricks");
}

function swap({ G }) {
  for (const [id, player] of Object.entries(G.players)) {
    const to = G.players[(Number(id) + G.way) % 4];
    to.hand = [...to.hand, ...player.give].sort(byDeck);
  }
}

export const Hearts = {
  name: "hearts",
  minPlayers: 4,
  maxPlayers: 4,
  setup: ({ random }) => {
    const players = Object.fromEntries([0, 1, 2, 3].map((id) => [id, { hand: [], give: [] }]));
    const G = { players, scores: [0, 0, 0, 0], deal: 0, trick: [], last: null };
    deal(G, random);
    return G;
  },
  /** What somebody else holds is taken out of what a client gets. */
  playerView: ({ G, playerID }) => {
    const shown = ([id, player]) => [id, id === playerID ? player : { count: player.hand.length }];
    return { ...G, players: Object.fromEntries(Object.entries(G.players).map(shown)) };
  },
  phases: {
    passing: {
      start: true,
      next: "tricks",
      onEnd: swap,
      turn: {
        activePlayers: { all: "passing" },
        stages: { passing: { moves: { give: { move: give, client: false }, takeBack } } },
      },
    },
    tricks: {
      moves: { play: { move: play, client: false } },
      turn: {
        order: {
          first: ({ G }) => Number(Object.keys(G.players).find((id) => G.players[id].hand.includes("C2"))),
          next: ({ ctx }) => (ctx.playOrderPos + 1) % 4,
        },
      },
    },
  },
  ai: {
    enumerate: (G, ctx, playerID) => {
      if (ctx.phase === "passing") {
        if (G.players[playerID].give.length) return [];
        const worst = [...G.players[playerID].hand].sort((a, b) => RANKS.indexOf(a[1]) - RANKS.indexOf(b[1])).slice(-3);
        return [{ move: "give", args: [worst] }];
      }
      return fitting(G, playerID).map((card) => ({ move: "play", args: [card] }));
    },
  },
};

/** For a local game against bots; online ones are clients, which the server does not start. */
export const bots = { 1: MCTSBot, 2: MCTSBot, 3: MCTSBot };
