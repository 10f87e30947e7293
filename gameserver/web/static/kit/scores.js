/** Who leads, and who has won. */

import { el, fill } from "../page/elements.js";
import { t } from "../page/language.js";
import { seatColor } from "../page/seats.js";
import { fitList } from "./fit.js";
import { avatar } from "./people.js";
import { listed, ordinal, points, signed } from "./words.js";

/**
 * @typedef {object} Entry
 * @property {number} [score] none, if a game gives only the places
 * @property {string} [seat] the id of a player's seat; none for a team
 * @property {string} [name] the name, if it is not the seat's
 * @property {string} [color] "color-1" to "color-8"; by default the seat's
 * @property {number} [rank] from 1, shared by equals; ranked() sets it
 * @property {boolean} [placed] it has its place whatever the score: 0 may be the best
 * @property {number} [gained] points of the last round or question
 * @property {string} [note]
 */

/**
 * The entries, the best first, each with its `rank`: equal scores share one; if two are second, nobody is third.
 * @param {any[]} entries
 * @param {{ lowest?: boolean }} options `lowest`: the fewest points are best, and 0 is the fewest
 */
export function ranked(entries, { lowest = false } = {}) {
  const ordered = [...entries].sort((a, b) => (lowest ? a.score - b.score : b.score - a.score));
  return ordered.map((entry) => ({ ...entry, rank: ordered.findIndex(({ score }) => score === entry.score) + 1, ...(lowest && { placed: true }) }));
}

/**
 * How a game has ended, by what it gave to over(): the `ranking`, a list of lists of players, the best first; else
 * `scores` by player; else the one `winner`. → entries with their rank, or null if the game gave none of these
 */
export function resultEntries(room) {
  const { ranking, scores, winner } = room.info.result ?? {};
  const entry = (seat, rank) => ({ seat, rank, placed: true, score: scores?.[seat], ...(room.seats.has(seat) ? {} : { name: room.name(seat) }) });
  if (Array.isArray(ranking) && ranking.every(Array.isArray)) {
    return ranking.flatMap((equal, i) => equal.map((seat) => entry(seat, ranking.slice(0, i).reduce((sum, { length }) => sum + length, 1))));
  }
  if (scores && typeof scores === "object") return ranked(entriesOf(scores));
  return typeof winner === "string" && room.seats.has(winner) ? [entry(winner, 1)] : null;
}

/** The result in words: who wins, that all have won or lost together, or that the game is over. */
export function resultText(room, entries = resultEntries(room)) {
  const { ranking } = room.info.result ?? {};
  if (entries === null) return t("It is over");
  if (Array.isArray(ranking)) {
    if (!entries.length) return t("All lost");
    if (ranking.length === 1 && entries.length > 1) return t("All won");
  }
  return winnerText(room, entries);
}

/** The entries for scores such as `room.state.scores`: {seat's id: number}. → what ranked() takes */
export function entriesOf(scores) {
  return Object.entries(scores ?? {}).map(([seat, score]) => ({ seat, score: Number(score) }));
}

const seatOf = (room, { seat }) => (seat === undefined || seat === null ? null : room.seats.get(seat));
const nameOf = (room, entry) => entry.name ?? seatOf(room, entry)?.name ?? t("Somebody who left");
const faceOf = (room, entry) => avatar(entry.name ? { name: entry.name, profile: seatOf(room, entry)?.profile } : (seatOf(room, entry) ?? { name: "?" }));

function colorOf(room, entry) {
  const seat = seatOf(room, entry);
  return entry.color ?? (seat ? seatColor(seat) : "");
}

/** A line of the list: filled with an entry, and later with others; what has not changed is left alone. */
function line(room) {
  const node = el("li", {});
  let known = "";
  const show = (entry, { best, showGained }) => {
    const { rank, score, gained = 0, note, seat } = entry;
    const own = seat !== undefined && seat === room.seat.id;
    const name = nameOf(room, entry);
    const hasPlace = best > 0 || entry.placed || typeof score !== "number"; // if nobody has a point, nobody is first
    const part = String(best > 0 ? Math.max(0, score ?? 0) / best : 0);
    if (node.style.getPropertyValue("--part") !== part) node.style.setProperty("--part", part);
    const now = JSON.stringify([entry, name, seatOf(room, entry)?.profile, colorOf(room, entry), showGained, hasPlace]);
    if (now === known) return;
    known = now;
    node.className = [colorOf(room, entry), own && "me"].filter(Boolean).join(" ");
    node.toggleAttribute("data-keep", own);
    fill(
      node,
      el("span", { class: "bar-of", "aria-hidden": "true" }),
      el("span", { class: "place" }, el("span", { class: "visually-hidden" }, t("Rank"), " "), hasPlace ? String(rank) : "–"),
      faceOf(room, entry),
      el("span", { class: "name", dir: "auto" }, name),
      note ? el("span", { class: "streak" }, note) : null,
      typeof score === "number" ? el("span", { class: "points" }, points(score), el("span", { class: "visually-hidden" }, " ", t("{n, plural, one {point} other {points}}", { n: score }))) : null,
      showGained ? el("span", { class: ["gain", gained > 0 && "good"] }, gained ? signed(gained) : "") : null,
    );
  };
  return { node, show };
}

/**
 * Scores, the best first: as many as there is room for, one's own always, and the rest in words. A list that is shown
 * for longer takes new scores by its `update(entries)`, which changes only what is different. It returns false if there
 * are more or fewer entries than before: then a new list is needed.
 * @param {any} room
 * @param {Entry[]} entries of ranked()
 * @param {{ most?: number, least?: number, gained?: boolean, label?: string }} options
 */
export function scoreList(room, entries, { most = 60, least = 3, gained = true, label = t("Scores") } = {}) {
  let shown = entries;
  const lines = entries.map(() => line(room));
  const draw = () => {
    const best = Math.max(0, ...shown.map(({ score }) => score ?? 0));
    const showGained = gained && shown.some((entry) => entry.gained);
    lines.forEach((each, i) => each.show(shown[i], { best, showGained }));
  };
  const more = (n) => {
    const scores = shown.slice(-n).map(({ score }) => score ?? 0);
    const [low, high] = [Math.min(...scores), Math.max(...scores)];
    return low === high
      ? t("{points, plural, one {and {n} more with # point} other {and {n} more with # points}}", { n, points: low })
      : t("and {n} more with {low} to {high} points", { n, low, high });
  };
  draw();
  const list = /** @type {any} */ (fitList(lines.map(({ node }) => node), { tag: "ol", class: "scores", label, more, most, least }));
  list.classList.add("board");
  list.classList.toggle("few", entries.length <= 6);
  list.dataset.steady = "";
  const update = (now) => {
    if (now.length !== lines.length) return false;
    shown = now;
    draw();
    list.showItems(); // one's own line may have moved, and the rest have other points
    return true;
  };
  return Object.assign(list, { update });
}

/** The entries for the podium: ranks 1 to 3 with points, or without if the game has placed them. */
export function winnersOf(entries) {
  return entries.filter(({ rank, score, placed }) => rank <= 3 && (placed || score > 0));
}

/** Who has won, in words: "Ann wins", "Ann and Bob win", "You win together with Ann", or that nobody has a point. */
export function winnerText(room, entries) {
  const first = winnersOf(entries).filter(({ rank }) => rank === 1);
  const isOwn = (entry) => entry.seat !== undefined && entry.seat === room.seat.id;
  if (!first.length) return t("Nobody has a point");
  const others = first.filter((entry) => !isOwn(entry));
  const names = listed(others.map((entry) => nameOf(room, entry)));
  if (others.length < first.length) return others.length ? t("You win together with {names}", { names }) : t("You win");
  return t("{n, plural, one {{names} wins} other {{names} win}}", { n: others.length, names });
}

/** The three steps of a podium; equals stand on one, as many as fit. Null if nobody has a point. */
export function podium(room, entries) {
  const steps = new Map();
  for (const entry of winnersOf(entries)) steps.set(entry.rank, [...(steps.get(entry.rank) ?? []), entry]);
  if (!steps.size) return null;
  const isAll = steps.size === 1 && [...steps.values()][0].length > 3; // so many who have won together need no steps
  return el("ol", { class: ["podium", `steps-${steps.size}`], "aria-label": t("Podium") }, [...steps].map(([rank, equal]) => {
    const winners = equal.map((entry) => el("li", { class: ["winner", colorOf(room, entry)] }, faceOf(room, entry), el("span", { class: "name", dir: "auto" }, nameOf(room, entry))));
    const list = fitList(winners, { class: ["winners", equal.length > (steps.size > 1 ? 1 : 3) && "many"], most: 12, more: (n) => t("and {n} more", { n }) });
    return el(
      "li",
      { class: `step step-${rank}` },
      list,
      isAll && !pointsOf(equal) ? null : el("div", { class: "block" }, el("span", { class: "place" }, ordinal(rank)), pointsOf(equal)),
    );
  }));
}

/** The points of all on a step; null if there are none, or those who share a place do not have the same. */
function pointsOf([{ score }, ...others]) {
  if (typeof score !== "number" || others.some((each) => each.score !== score)) return null;
  return el("span", { class: "points" }, points(score), el("span", { class: "visually-hidden" }, " ", t("{n, plural, one {point} other {points}}", { n: score })));
}
