/** Who plays: seats, teams, bots; and who moves for whom. */

import { attempt, el, fill, render, seatList, teamList } from "../page.js";

export function people(room, about) {
  const ready = (seat) => about.ready && room.info.status !== "playing" && seat.role === "player" && (seat.ready || seat.bot);
  const on = (seat) => room.turn?.active.includes(seat.id);
  const list = seatList(room, { role: null, done: ready, active: on });
  return el("section", { class: "card stack", "aria-label": "Players" }, el("h2", {}, "Players"), teamList(room), list, bots(room, about), standIns(room, about));
}

/** Levels as [name, title], however they are told. */
function levelsOf(about) {
  const told = about.levels ?? [];
  const entries = Array.isArray(told) ? told.map((each) => (typeof each === "string" ? [each, null] : [each.name, each.title])) : Object.entries(told);
  return entries.map(([name, title]) => [name, title ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ")]);
}

/** For the host, before a round: bots come and go. */
export function bots(room, about) {
  const levels = levelsOf(about);
  const box = el("div", { class: "stack tight bots" });
  const level = el("select", { id: "bot-level", "aria-label": "How well the bot plays" }, levels.map(([name, title]) => el("option", { value: name }, title)));
  const add = el("button", { type: "button", "data-key": "add-bot", onclick: () => attempt(room.bot({ level: level.value })) }, "Add a bot");
  render(room, () => {
    const seats = [...room.seats.values()].filter((seat) => !seat.gone && seat.role === "player");
    const there = seats.filter((seat) => seat.bot);
    box.hidden = !levels.length || !room.mayHost || room.info.status === "playing";
    if (box.hidden) return;
    const full = seats.length >= about.max_players || there.length >= (about.max_bots ?? Infinity);
    const remove = (seat) => el("button", { type: "button", class: "quiet", "data-key": `remove-${seat.id}`, onclick: () => attempt(room.bot({ seat: seat.id })) }, "Remove ", el("bdi", {}, seat.name));
    fill(box, full ? null : el("div", { class: "row" }, levels.length > 1 ? el("span", { class: "grow" }, level) : null, add), there.length ? el("div", { class: "row" }, there.map(remove)) : null);
  }, ["$seats", "$info", "$joined"]);
  return box;
}

/** While it is played: a bot moves for me, or, if the host says so, for somebody who is away. */
export function standIns(room, about) {
  const levels = levelsOf(about);
  const level = levels.find(([name]) => name !== "random")?.[0] ?? levels[0]?.[0];
  const box = el("div", { class: "row stand-ins" });
  const button = (seat, text, to, kind) => el("button", { type: "button", class: kind, "data-key": `stand-in-${seat.id}`, onclick: () => attempt(room.bot({ seat: seat.id, level: to })) }, text);
  render(room, () => {
    const seats = [...room.seats.values()].filter((seat) => !seat.gone && seat.role === "player" && !seat.bot);
    const playing = room.info.status === "playing" && levels.length > 0;
    const buttons = seats.flatMap((seat) => {
      if (!playing) return [];
      if (seat.id === room.seat.id) return seat.stand_in ? button(seat, "Play on yourself", null, "primary") : button(seat, "Let a bot play for me", level, "quiet");
      if (!room.mayHost) return [];
      if (seat.stand_in) return button(seat, `No bot for ${seat.name}`, null, "quiet");
      return seat.online ? [] : button(seat, `Let a bot play for ${seat.name}`, level, "quiet");
    });
    box.hidden = !buttons.length;
    fill(box, buttons);
  }, ["$seats", "$info", "$joined"]);
  return box;
}
