/** The colours of players: what was chosen stays, and whoever chose none has a free one while there are any. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { shared } from "./static.js";

const { chosenColour, colourOf, colourPlayersOf, coloursOf } = await shared("page/colours.js");

/** Players who have come in this order, with the colours that they have chosen, or null. */
const players = (...chosen) => chosen.map((colour, number) => ({ id: `s${number}`, number, profile: colour ? { colour } : {} }));
const colours = (seats) => {
  const found = coloursOf(seats);
  return seats.map(({ id }) => found.get(id));
};

test("who has chosen none has the colour of their number, unless somebody chose it", () => {
  assert.deepEqual(colours(players(null, null, null)), [1, 2, 3]);
  assert.deepEqual(colours(players(2, null, null)), [2, 4, 3], "only who would collide has another one");
  assert.deepEqual(colours(players(null, 3, null, 1)), [2, 3, 4, 1]);
});

test("eight players have eight colours, if those who chose have chosen different ones", () => {
  for (const chosen of [[], [8], [5, 4, 3, 2, 1], [null, null, 1, null, 2, null, 8]]) {
    const seats = players(...chosen, ...Array(8 - chosen.length).fill(null));
    assert.deepEqual(colours(seats).sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
  }
});

test("what was chosen is left alone, also where it is the same, and what is no colour was not chosen", () => {
  assert.deepEqual(colours(players(3, 3, null)), [3, 3, 4]);
  for (const colour of [0, 9, 1.5, "2", null, undefined]) assert.equal(chosenColour({ profile: { colour } }), null);
  assert.equal(chosenColour({}), null);
});

test("more than eight share the colours evenly, with bots and whoever has come later", () => {
  const all = colours(players(...Array(20).fill(null)));
  const counts = [1, 2, 3, 4, 5, 6, 7, 8].map((colour) => all.filter((each) => each === colour).length);
  assert.deepEqual([Math.min(...counts), Math.max(...counts)], [2, 3]);
  assert.deepEqual(colours(players(...Array(8).fill(null), 1, null)).slice(-2), [1, 2]);
});

test("every page comes to the same: the order in which it was told of the seats says nothing", () => {
  const seats = players(null, 1, null, 2, null);
  assert.deepEqual(coloursOf([...seats].reverse()), coloursOf(seats));
  assert.equal(coloursOf([...seats, { id: "tv", number: null, profile: { colour: 5 } }]).has("tv"), false, "who does not play takes none");
});

test("a seat of the page's room has its share, and any other the colour of its number", () => {
  const seats = players(2, null);
  assert.equal(colourOf(seats[1]), 2, "without a room nothing is known of the others");
  colourPlayersOf({ seats: new Map(seats.map((seat) => [seat.id, seat])) });
  assert.deepEqual(seats.map(colourOf), [2, 3]);
  assert.equal(colourOf({ id: "s1", number: 1, profile: {} }), 2, "another room's");
  assert.equal(colourOf({ id: "a", number: null, profile: { colour: 7 } }), 7);
  assert.equal(colourOf({ id: "a" }), 2);
});
