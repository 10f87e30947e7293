/** What the host can change about the room as a whole: its options, and the game with which all go on. */

import { schemaForm } from "../form.js";
import { el, fill } from "./elements.js";
import { api } from "./http.js";
import { attempt, words } from "./notices.js";
import { said, t } from "./language.js";

/** @import * as Api from "../../gameserver.js" */

/**
 * A form of a game's options with these values in it, and a button; an error is shown at its field.
 * @param {any} about
 * @param {Record<string, unknown>} values
 * @param {{ prefix: string, text: string, done: (options: Record<string, unknown>) => Promise<unknown> }} what
 */
function optionsForm(about, values, { prefix, text, done }) {
  const form = about.options ? schemaForm(about.options, { prefix, values }) : null;
  const error = el("p", { class: "error", role: "alert" });
  const button = el("button", { type: "submit", class: "primary" }, text);
  const submit = async (event) => {
    event.preventDefault();
    error.textContent = "";
    button.disabled = true;
    try {
      await done(form?.value() ?? {});
    } catch (failed) {
      error.textContent = form?.explain(failed) ?? words(failed);
    }
    button.disabled = false;
  };
  return el("form", { class: "stack tight", onsubmit: submit }, form?.element ?? null, error, button);
}

/**
 * A form of the room's options, between rounds; null if the game has none.
 * @param {Api.Room} room
 * @param {any} about
 */
export function optionsPart(room, about) {
  if (!about.options || !Object.keys(about.options.properties ?? about.options.$defs ?? {}).length) return null;
  const box = el("details", {});
  const note = el("p", { role: "status", class: "muted" });
  const show = () => {
    const playing = room.info.status === "playing";
    const form = optionsForm(about, room.info.options, {
      prefix: "room-option",
      text: t("Set these options"),
      done: async (options) => {
        await room.setOptions(options);
        note.textContent = t("The next round is played so.");
      },
    });
    fill(box, el("summary", {}, t("Options")), playing ? el("p", { class: "muted" }, t("They can be changed once this round is over.")) : [form, note]);
  };
  box.addEventListener("toggle", () => box.open && show());
  fill(box, el("summary", {}, t("Options")));
  return box;
}

/**
 * A form to go on with the same people: with another game, or the same one in a new room.
 * @param {Api.Room} room
 */
export function nextPart(room) {
  const box = el("details", {});
  const summary = el("summary", {}, t("Another game, with everybody here"));
  const show = async () => {
    const { games } = (await attempt(api("/api/games"))) ?? { games: [] };
    const players = [...room.seats.values()].filter((seat) => !seat.gone && seat.role === "player" && !seat.bot).length;
    const choice = el("select", { id: "next-game", onchange: () => choose() }, games.map((game) => el("option", { value: game.name, selected: game.name !== room.game && undefined }, said(game.title) + fits(game, players))));
    const rest = el("div", {});
    const choose = () => {
      const about = games.find((game) => game.name === choice.value);
      if (!about) return;
      const values = about.name === room.game ? room.info.options : {};
      fill(rest, optionsForm(about, values, { prefix: "next-option", text: t("Go there with everybody"), done: (options) => room.nextGame(about.name, options) }));
    };
    choice.value = games.find((game) => game.name !== room.game && !fits(game, players))?.name ?? games[0]?.name ?? "";
    fill(box, summary, el("div", { class: "stack tight" }, el("label", { htmlFor: "next-game" }, t("Game")), choice, rest));
    choose();
  };
  box.addEventListener("toggle", () => box.open && show());
  fill(box, summary);
  return box;
}

/** A remark on a game that is not made for so many players. */
function fits({ min_players: least, max_players: most }, players) {
  if (players < least) return ` (${t("from {n} players", { n: least })})`;
  return players > most ? ` (${t("{n} play, the others watch", { n: most })})` : "";
}
