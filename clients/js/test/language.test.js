/** What pages say in a language: messages with plurals, values and elements in them, and what there is without a translation. */

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { shared } from "./static.js";

const { wording } = await shared("page/messages.js");
const { parse } = await shared("vendor/messageformat.js");

const PLAYERS = "{n, plural, one {# player} other {# players}}";
const GERMAN = {
  "Your name": "Dein Name",
  "{name} deals": "{name} gibt",
  [PLAYERS]: "{n, plural, =0 {niemand} one {# Spieler} other {# Spieler}}",
  "{n, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}": "{n}.",
  "{who, select, you {You win} other {{name} wins}}": "{who, select, you {Du gewinnst} other {{name} gewinnt}}",
  "At {when, time}": "Um {when, time}",
  "On {when, date}": "Am {when, date}",
  "{n, number} km": "{n, number} km",
  broken: "{n, plural, one {",
};
const german = wording("de", GERMAN);
const english = wording("en");

test("a text is what the catalogue says, with values in it, else what it says itself", () => {
  assert.equal(german.t("Your name"), "Dein Name");
  assert.equal(german.t("{name} deals", { name: "Ann" }), "Ann gibt");
  assert.equal(german.t("Nobody translated {what}", { what: "this" }), "Nobody translated this");
  assert.equal(english.t("{name} deals", { name: "Ann" }), "Ann deals");
  assert.equal(english.t("The room's code", {}), "The room's code", "an apostrophe is one");
  assert.equal(german.t("constructor"), "constructor", "what every object has is in no catalogue");
});

test("a plural is that of the language that the text is in", () => {
  assert.deepEqual([0, 1, 2, 1250].map((n) => german.t(PLAYERS, { n })), ["niemand", "1 Spieler", "2 Spieler", "1.250 Spieler"]);
  assert.deepEqual([0, 1, 1250].map((n) => english.t(PLAYERS, { n })), ["0 players", "1 player", "1,250 players"]);
  const polish = wording("pl", { [PLAYERS]: "{n, plural, one {# gracz} few {# gracze} many {# graczy} other {# gracza}}" });
  assert.deepEqual([1, 2, 5, 22, 1.5].map((n) => polish.t(PLAYERS, { n })), ["1 gracz", "2 gracze", "5 graczy", "22 gracze", "1,5 gracza"]);
  assert.equal(polish.t("{n, plural, one {# card} other {# cards}}", { n: 2 }), "2 cards", "what is not translated keeps its own");
});

test("places, choices and offsets", () => {
  const place = "{n, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}";
  assert.deepEqual([1, 2, 3, 4, 11, 21].map((n) => english.t(place, { n })), ["1st", "2nd", "3rd", "4th", "11th", "21st"]);
  assert.equal(german.t(place, { n: 3 }), "3.");
  const won = "{who, select, you {You win} other {{name} wins}}";
  assert.deepEqual([german.t(won, { who: "you", name: "" }), german.t(won, { who: "2", name: "Bo" })], ["Du gewinnst", "Bo gewinnt"]);
  const others = "{n, plural, offset:1 =0 {Nobody} =1 {{name}} one {{name} and # other} other {{name} and # others}}";
  assert.deepEqual([0, 1, 2, 3].map((n) => english.t(others, { n, name: "Ann" })), ["Nobody", "Ann", "Ann and 1 other", "Ann and 2 others"]);
});

test("elements stand in a text as they are", () => {
  const node = { a: "node" };
  assert.deepEqual(german.parts("{name} deals", { name: node }), [node, " gibt"]);
});

test("what a game says is looked up, and is no message", () => {
  assert.equal(german.said("{name} deals"), "{name} gibt");
  assert.equal(german.said("It's {over"), "It's {over");
});

test("from right to left, texts that are filled in turn nothing around them", () => {
  const hebrew = wording("he", {}, { isolate: true });
  assert.equal(hebrew.t("{name} has {n}", { name: "Ann", n: 3 }), "\u2068Ann\u2069 has 3");
});

test("a mistake is seen, and breaks nothing", (told) => {
  const complaints = told.mock.method(console, "error", () => {});
  assert.equal(german.t("broken", { n: 1 }), "broken");
  assert.equal(complaints.mock.callCount(), 1);
  assert.equal(german.t("{name} deals"), "{name} gibt");
  assert.equal(wording("no such language", {}).t(PLAYERS, { n: 1 }), "1 player");
});

test("dates, times and numbers are written as the language does", () => {
  const when = new Date(2026, 10, 29, 17, 5);
  assert.equal(german.t("At {when, time}", { when }), "Um 17:05");
  assert.match(german.t("On {when, date}", { when }), /^Am 29\.11\.2026$/);
  assert.equal(german.t("{n, number} km", { n: 1250.5 }), "1.250,5 km")
  assert.equal(german.t("{n, number} miles", { n: 1250.5 }), "1,250.5 miles", "in an English sentence as in English");
});

test("each message of each catalogue can be read", async () => {
  const root = new URL("../../../", import.meta.url);
  const folders = ["gameserver/web/static/words/"];
  for (const name of await readdir(new URL("games", root))) folders.push(`games/${name}/page/words/`);
  for (const name of await readdir(new URL("games/pages", root))) folders.push(`games/pages/${name}/words/`);
  let read = 0;
  for (const folder of folders) {
    for (const file of await readdir(new URL(folder, root)).catch(() => [])) {
      const catalogue = JSON.parse(await readFile(new URL(folder + file, root), "utf-8"));
      for (const [text, message] of Object.entries(catalogue)) {
        for (const each of [text, message]) assert.doesNotThrow(() => parse(each), `${folder}${file}: ${each}`);
        read += 1;
      }
    }
  }
  assert.ok(read > 600);
});
