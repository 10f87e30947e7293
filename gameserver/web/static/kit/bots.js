/** Bots, for games that have them: the host adds them before a round, and they move for players who are away. */

import { el, fill, live } from "../page/elements.js";
import { parts, said, t } from "../page/language.js";
import { attempt } from "../page/notices.js";
import { playersOf } from "./people.js";
import { titled } from "./words.js";

const WATCHED = ["$seats", "$info", "$joined"];

/** Levels as [name, title], in whichever form `about` has them. */
function levelsOf(about) {
  const told = about.levels ?? [];
  const entries = Array.isArray(told) ? told.map((each) => (typeof each === "string" ? [each, null] : [each.name, each.title])) : Object.entries(told);
  return entries.map(([name, title]) => [name, title ?? titled(name).replaceAll("_", " ")]);
}

/** For the host, before a round: buttons to add and remove bots. Nothing, if the game has no bots. */
export function botButtons(room, about) {
  const levels = levelsOf(about);
  const box = el("div", { class: "stack tight bots" });
  const level = el("select", { id: "bot-level", "aria-label": t("How well the bot plays") }, levels.map(([name, title]) => el("option", { value: name }, said(title))));
  const add = el("button", { type: "button", "data-key": "add-bot", onclick: () => attempt(room.bot({ level: level.value })) }, t("Add a bot"));
  return live(box, room, () => {
    const seats = playersOf(room);
    const there = seats.filter((seat) => seat.bot);
    box.hidden = !levels.length || !room.mayHost || room.info.status === "playing";
    if (box.hidden) return;
    const full = seats.length >= about.max_players || there.length >= (about.max_bots ?? Infinity);
    const remove = (seat) => el("button", { type: "button", class: "quiet", "data-key": `remove-${seat.id}`, onclick: () => attempt(room.bot({ seat: seat.id })) }, parts("Remove {name}", { name: el("bdi", {}, seat.name) }));
    fill(box, full ? null : el("div", { class: "row" }, levels.length > 1 ? el("span", { class: "grow" }, level) : null, add), there.length ? el("div", { class: "row" }, there.map(remove)) : null);
  }, WATCHED);
}

/** During a round: buttons to have a bot move for oneself, or, for the host, for somebody who is away. */
export function standInButtons(room, about) {
  const levels = levelsOf(about);
  const level = levels.find(([name]) => name !== "random")?.[0] ?? levels[0]?.[0];
  const box = el("div", { class: "row stand-ins" });
  const button = (seat, text, to, kind) => el("button", { type: "button", class: kind, "data-key": `stand-in-${seat.id}`, onclick: () => attempt(room.bot({ seat: seat.id, level: to })) }, text);
  return live(box, room, () => {
    const seats = playersOf(room).filter((seat) => !seat.bot);
    const playing = room.info.status === "playing" && levels.length > 0;
    const buttons = seats.flatMap((seat) => {
      if (!playing) return [];
      if (seat.id === room.seat.id) return seat.stand_in ? button(seat, t("Play on yourself"), null, "primary") : button(seat, t("Let a bot play for me"), level, "quiet");
      if (!room.mayHost) return [];
      if (seat.stand_in) return button(seat, t("No bot for {name}", { name: seat.name }), null, "quiet");
      return seat.online ? [] : button(seat, t("Let a bot play for {name}", { name: seat.name }), level, "quiet");
    });
    box.hidden = !buttons.length;
    fill(box, buttons);
  }, WATCHED);
}
