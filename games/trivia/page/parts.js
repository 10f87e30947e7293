/* What the screen and the phones share: pictures, choices, answers in words, and scores as the kit takes them. */

import { el, heading, language, listed, nameTag, playersOf, roster, said, seatColor, t, titled } from "../../static/kit/kit.js";

export const TEAM_COLORS = { red: "color-1", blue: "color-2", green: "color-4", yellow: "color-3" };

const LONG_QUESTION = 70;

const FLAG = /^[\u{1F1E6}-\u{1F1FF}]{2}$/u;
const FLAG_A = 0x1f1e6; // the regional indicator A; two of them are a country's flag

const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 6 });
const years = new Intl.NumberFormat(language, { maximumFractionDigits: 6, useGrouping: false });

/**
 * The picture that is asked about, or null. Flags are drawn from files: without a font for them a browser shows the
 * country's letters, and with them the answer.
 */
function pictureOf(emoji) {
  if (!emoji) return null;
  const label = t("The picture that is asked about");
  if (!FLAG.test(emoji)) return el("div", { class: "picture", role: "img", "aria-label": label }, emoji);
  const code = [...emoji].map((letter) => String.fromCharCode(97 + letter.codePointAt(0) - FLAG_A)).join("");
  return el("div", { class: "picture" }, el("img", { src: `flags/${code}.svg`, alt: label }));
}

/** The question, and its picture. */
export function asking(room) {
  const { text, picture, by } = room.state.question;
  const lang = by === null ? room.info.options.language : undefined; // a host's own question may be in any language
  return el("div", { class: ["asking", picture && "pictured"] }, pictureOf(picture), heading(text, { lang, class: ["question-text", text.length > LONG_QUESTION && "long"] }));
}

/** Phase and documents come one after the other: tells whether both are there. */
export function isWhole({ info: { phase }, state }) {
  if (phase === "question") return Boolean(state.question) && !state.reveal;
  if (phase === "reveal") return Boolean(state.question && state.reveal);
  if (phase === "scores") return Boolean(state.question);
  return phase !== "podium" || Boolean(state.podium);
}

// Words

/** A number as people write it; a year has no comma. */
export const numberText = (value) => (Math.abs(value) >= 10_000 ? numbers : years).format(value);

/** An answer in words. */
export function answerText(question, value) {
  if (value === null || value === undefined) return "";
  if (question.kind === "choice") return question.choices[value] ?? "";
  if (question.kind === "boolean") return value ? t("True") : t("False");
  if (question.kind === "number") return `${numberText(value)} ${said(question.unit)}`.trim();
  return String(value);
}

/** The choices, with the value of each: none for numbers and words. */
export function optionsOf(question) {
  if (question.kind === "choice") return question.choices.map((text, i) => ({ value: i, text, mark: "ABCDEF"[i], shape: "▲◆●■★✚"[i], color: `color-${i + 1}` }));
  if (question.kind !== "boolean") return [];
  return [
    { value: true, text: t("True"), mark: "✓", shape: "", color: "color-4" },
    { value: false, text: t("False"), mark: "✗", shape: "", color: "color-1" },
  ];
}

/** A choice as it stands on the screen and on a button: a letter, a shape and a colour tell it from the others. */
export function optionFace({ mark, shape, text }) {
  return [el("span", { class: "mark", "aria-hidden": "true" }, mark), el("span", { class: "words" }, text), shape ? el("span", { class: "shape", "aria-hidden": "true" }, shape) : null];
}

export function settingsText(room) {
  const { questions, seconds, difficulty, speed, categories } = room.info.options;
  return [
    t("{n, plural, one {# question} other {# questions}}", { n: questions }),
    t("{n} seconds each", { n: seconds }),
    difficulty === "any" ? null : said(difficulty),
    speed ? t("quick answers give more") : null,
    categories?.length > 3 ? t("{n, plural, one {# category} other {# categories}}", { n: categories.length }) : categories?.map(said).join(", "),
  ].filter(Boolean).join(" · ");
}

// People

/** A team's name by itself, and with the word before it. */
export const teamName = (team) => said(titled(team));
export const teamText = (team) => t("Team {team}", { team: teamName(team) });

export const entryOf = (room, id) => room.state.scores.find((entry) => entry.seat === id);
export const nameOf = (room, id) => room.seats.get(id)?.name ?? t("Somebody who left");

/** The colour of a player, or of the team. */
export function colorOf(room, id) {
  const team = entryOf(room, id)?.team;
  if (team) return TEAM_COLORS[team] ?? "color-1";
  const seat = room.seats.get(id);
  return seat ? seatColor(seat) : "";
}

const tag = (room, seat) => nameTag(room, seat, { color: colorOf(room, seat.id), notes: [seat.id === room.seat.id && t("you"), seat.host && t("host")] });

/** The players, by team where there are teams. */
export function people(room) {
  const chips = (seats, label) => roster(room, { seats, label, tag: (seat) => tag(room, seat) });
  const players = playersOf(room);
  if (!room.state.teams.length) return players.length ? chips(players, t("Players")) : el("p", { class: "empty" }, t("Nobody yet. Be the first!"));
  const names = room.state.teams.map(({ team }) => team).sort((a, b) => order(a) - order(b));
  return el("div", { class: "teams" }, names.map((team) => {
    const members = players.filter((seat) => entryOf(room, seat.id)?.team === team);
    return el("section", { class: ["team", TEAM_COLORS[team]], "aria-label": teamText(team) }, el("h2", {}, teamName(team)), members.length ? chips(members, teamName(team)) : el("p", { class: "muted" }, t("Nobody yet")));
  }));
}

const order = (team) => Object.keys(TEAM_COLORS).indexOf(team);

// Scores

/** The game's entries, of players or of teams, as the kit's lists take them. */
export function entriesOf(room, entries) {
  return entries.map(({ rank, score, gained, streak, team, seat, name }) =>
    seat === undefined || seat === null
      ? { rank, score, gained, name: name ?? teamName(team), color: TEAM_COLORS[team] }
      : { rank, score, gained, seat, color: colorOf(room, seat), note: streak >= 2 ? t("{n} in a row", { n: streak }) : undefined, ...(room.seats.has(seat) ? {} : { name: name ?? t("Somebody who left") }) });
}

export const leadingEntries = (room) => entriesOf(room, room.state.teams.length ? room.state.teams : room.state.scores);
export const podiumEntries = (room) => entriesOf(room, room.state.podium ?? []);

/** The names in the first place, in words: for screen readers. */
export function leadersText(room) {
  const best = (room.state.teams.length ? room.state.teams : room.state.scores).filter(({ rank, score }) => rank === 1 && score > 0);
  const names = best.slice(0, 3).map((entry) => (entry.seat === undefined ? teamText(entry.team) : nameOf(room, entry.seat)));
  return names.length ? t("{names} with {points} points", { names: listed(names), points: best[0].score }) : t("nobody");
}
