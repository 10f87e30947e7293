/*
 * Hearts: on a phone the trick, and one's own hand in reach of a thumb; on a shared screen, and for whoever looks on, the
 * table with all four around it. What the documents hold is told in hearts.py.
 */

import { announce, attempt, avatar, chatButton, cue, el, fill, handOf, play, playersOf, playingCard, ranked, scoreList, seatColor, standInButtons, suitCard, turnHead } from "../../static/kit/kit.js";
import { TEXTS } from "./words.js";

const SIDES = ["bottom", "left", "top", "right"]; // of the table, in the order of play
const PASSED = 3;

const cardOf = (code) => suitCard(code[0], code[1]);
const worth = (cards = []) => cards.reduce((sum, card) => sum + (card === "SQ" ? 13 : Number(card[0] === "H")), 0);

/** What lies on the table: the trick, or the last one until the next begins. */
function lying(room) {
  const { trick = [], last } = room.state;
  return { cards: trick.length ? trick : (last?.cards ?? []), by: trick.length ? null : last?.by };
}

/** One of the four: who, with how many points, and which card lies before them. */
function seatAt(room, seat, side) {
  const { cards, by } = lying(room);
  const { scores = {}, taken = {} } = room.state;
  const card = cards.find(([id]) => id === seat.id)?.[1];
  const now = worth(taken[seat.id]);
  const active = room.turn?.active.includes(seat.id);
  return el(
    "li",
    { class: ["place", `at-${side}`, seatColor(seat), active && "active"] },
    playingCard(card ? cardOf(card) : null, { class: by && (by === seat.id ? "won" : "old") }),
    el(
      "div",
      { class: "whose" },
      avatar(seat),
      el("span", { class: "name", dir: "auto" }, seat.name),
      el("span", { class: "points", "aria-hidden": "true" }, String(scores[seat.id] ?? 0), now ? el("span", { class: "now" }, `+${now}`) : null),
      el("span", { class: "visually-hidden" }, TEXTS.points(scores[seat.id] ?? 0, now)),
    ),
  );
}

/** The four around the table: a player's own place at the bottom. */
function tableOf(room) {
  const list = el("ul", { class: "places plain", "aria-label": TEXTS.table });
  return {
    list,
    draw: () => {
      const seats = playersOf(room);
      const own = Math.max(0, seats.findIndex(({ id }) => id === room.seat.id));
      fill(list, seats.map((_, i) => (own + i) % seats.length).map((at, i) => seatAt(room, seats[at], SIDES[i])));
    },
  };
}

/** A player's phone. */
function phone(room, about) {
  const { list, draw } = tableOf(room);
  const hand = el("div", { class: "hand" });
  const pass = el("button", { type: "button", class: "primary", onclick: give });
  const undo = el("button", { type: "button", onclick: () => attempt(room.undo()) }, TEXTS.takeBack);
  const foot = el("div", { class: "row center foot" }, pass, undo, standInButtons(room, about), chatButton(room));
  const node = el("div", { class: "scene halves hearts" }, el("div", { class: "stack tight" }, turnHead(room), list), el("div", { class: "stack tight" }, hand, foot));
  let chosen = new Set(); // of the cards to pass
  let pending = false;
  let shown = "";

  const passing = () => room.moves.find((move) => move.type === "give");
  const playOf = (card) => room.moves.find((move) => move.type === "play" && move.data.card === card);

  /** Which cards may be played matters only in one's own turn. */
  function inHand(code, more) {
    const card = cardOf(code);
    return { ...card, ...more, class: [card.class, !room.isActive && "waits"].flat() };
  }

  async function act(asked) {
    pending = true;
    update();
    await attempt(asked);
    pending = false;
    update();
  }

  function give() {
    if (!pending && chosen.size === PASSED && passing()) act(room.play(passing(), { cards: [...chosen] }));
  }

  function press(card) {
    if (pending) return;
    if (passing()) {
      if (!chosen.delete(card) && chosen.size < PASSED) chosen.add(card);
      update();
    } else if (playOf(card)) act(room.play(playOf(card)));
  }

  function update() {
    draw();
    const cards = room.mine?.hand ?? [];
    const move = passing();
    chosen = new Set(move ? cards.filter((card) => chosen.has(card)) : []);
    const may = (card) => !pending && Boolean(move || playOf(card));
    const now = JSON.stringify([cards, cards.map(may), move ? [...chosen] : null, room.isActive]);
    if (now !== shown) fill(hand, handOf({ label: TEXTS.hand, cards: cards.map((code) => inHand(code, { may: may(code), chosen: move ? chosen.has(code) : undefined })), press }));
    shown = now;
    pass.hidden = !move;
    pass.disabled = chosen.size !== PASSED;
    pass.textContent = TEXTS.pass(chosen.size);
    undo.hidden = !room.mayUndo;
  }

  return { node, update };
}

/** What all see together. */
function tv(room) {
  const { list, draw } = tableOf(room);
  const deal = el("p", { class: "lead" });
  const scores = el("div", {});
  let lines = null;
  const side = el("aside", { class: "side stack" }, turnHead(room), deal, scores, el("p", { class: "muted" }, TEXTS.rule(room.info.options.points ?? 100)));
  const node = el("div", { class: "scene hearts-tv" }, list, side);
  const update = () => {
    draw();
    const { state } = room;
    const isPassing = room.turn?.stage === "passing";
    deal.textContent = `${TEXTS.deal(state.deal ?? 0)} · ${isPassing ? TEXTS.passing : state.broken ? TEXTS.broken : TEXTS.unbroken}`;
    const entries = playersOf(room).map(({ id }) => ({ seat: id, score: state.scores?.[id] ?? 0, gained: worth(state.taken?.[id]) }));
    const best = ranked(entries, { lowest: true });
    if (!lines?.update(best)) fill(scores, (lines = scoreList(room, best, { label: TEXTS.scores })));
  };
  return { node, update };
}

const { room } = await play({ phone, tv });

// Screen readers are told of each card; everybody hears a sound when a trick is taken.

let heard = "";
let taken = room.state.last?.by ?? null;

room.on("$change", () => {
  const [id, card] = (room.state.trick ?? []).at(-1) ?? [];
  const text = card ? TEXTS.played(room.name(id), cardOf(card).name) : "";
  if (text && text !== heard) announce(text);
  heard = text;
  const by = room.state.trick?.length ? null : (room.state.last?.by ?? null);
  if (by && by !== taken) cue("reveal");
  taken = by;
});
