/* What the screen and the phones share: scenes, clocks, names, scores, podium. */

import { announce, el, leftMs, seatColor } from "../../static/page.js";

export const TEAM_COLORS = { red: "color-1", blue: "color-2", green: "color-4", yellow: "color-3" };
export const HURRY_S = 5;

const TICK_MS = 100;
const NAMES_ON_A_STEP = 4;
const CONFETTI = 36;
const FEW = 6; // of so few each may be large

const FLAG = /^[\u{1F1E6}-\u{1F1FF}]{2}$/u;
const FLAG_A = 0x1f1e6; // the regional indicator A; two of them are a country's flag

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
const years = new Intl.NumberFormat("en", { maximumFractionDigits: 6, useGrouping: false });

/**
 * The picture that is asked about, or null. Flags are drawn from files: without a font for them a browser shows the
 * country's letters, and with them the answer.
 */
export function pictureOf(emoji) {
  if (!emoji) return null;
  const label = "The picture that is asked about";
  if (!FLAG.test(emoji)) return el("div", { class: "picture", role: "img", "aria-label": label }, emoji);
  const code = [...emoji].map((letter) => String.fromCharCode(97 + letter.codePointAt(0) - FLAG_A)).join("");
  return el("div", { class: "picture" }, el("img", { src: `flags/${code}.svg`, alt: label }));
}

// Scenes

/**
 * One scene at a time. `pick(room)` gives {key, build, say}; `build()` makes {node, update} when the key is another than
 * before, so that nothing that is being typed or moved is made anew, and `update()` is called after each change.
 */
export function scenes(stage, room, pick) {
  let shown = null;
  let update = null;
  return () => {
    if (!isWhole(room)) return;
    const { key, build, say } = pick(room);
    if (key !== shown) {
      const hadFocus = shown !== null && (stage.contains(document.activeElement) || document.activeElement === document.body);
      shown = key;
      const built = build();
      update = built.update;
      stage.replaceChildren(built.node);
      if (hadFocus) stage.querySelector("h1")?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
      if (say) announce(say());
    }
    update?.();
  };
}

/** Phase and documents come one after the other: whether both are there. */
function isWhole({ info: { phase }, state }) {
  if (phase === "question") return Boolean(state.question) && !state.reveal;
  if (phase === "reveal") return Boolean(state.question && state.reveal);
  if (phase === "scores") return Boolean(state.question);
  return phase !== "podium" || Boolean(state.podium);
}

/** The one heading of a scene, where the focus goes when the scene before it is gone. */
export function heading(text, props = {}) {
  return el("h1", { tabindex: "-1", ...props }, text);
}

/** Call `look` now and ten times a second, until the node was shown and is gone. */
export function every(node, look) {
  let shown = false;
  const ticking = setInterval(() => {
    shown ||= node.isConnected;
    if (shown && !node.isConnected) clearInterval(ticking);
    else look();
  }, TICK_MS);
  look();
  return node;
}

/** A ring that runs out with a timer, by the server's clock, and the seconds left in it. */
export function ring(room, name, total_s) {
  const number = el("span", { class: "ring-number" });
  const node = el("div", { class: "ring", role: "timer", "aria-live": "off", "aria-label": "Seconds left" }, number);
  return every(node, () => {
    const ms = leftMs(room, name);
    node.classList.toggle("ended", ms === null);
    number.textContent = ms === null ? "" : String(Math.ceil(ms / 1000));
    node.style.setProperty("--part", String(Math.min(1, (ms ?? 0) / (total_s * 1000))));
    node.classList.toggle("hurry", ms !== null && ms <= HURRY_S * 1000 && !room.state.paused);
  });
}

/** The seconds left, alone and large; each pops up. */
export function bigCount(room, name) {
  const node = el("div", { class: "count", role: "timer", "aria-live": "off", "aria-label": "Seconds left" });
  return every(node, () => {
    const ms = leftMs(room, name);
    const text = ms === null ? "" : String(Math.max(1, Math.ceil(ms / 1000)));
    if (node.textContent !== text) node.replaceChildren(el("span", { class: "pop" }, text));
  });
}

// Words

export const titled = (text) => text.charAt(0).toUpperCase() + text.slice(1);
export const plural = (n, word, words = `${word}s`) => `${numbers.format(n)} ${n === 1 ? word : words}`;
export const points = (n) => numbers.format(n);
export const signed = (n) => (n > 0 ? `+${numbers.format(n)}` : n < 0 ? `−${numbers.format(-n)}` : "0");

export function ordinal(n) {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${teen ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[n % 10] ?? "th")}`;
}

/** A number as people write it; a year has no comma. */
export const numberText = (value) => (Math.abs(value) >= 10_000 ? numbers : years).format(value);

/** An answer in words. */
export function answerText(question, value) {
  if (value === null || value === undefined) return "";
  if (question.kind === "choice") return question.choices[value] ?? "";
  if (question.kind === "boolean") return value ? "True" : "False";
  if (question.kind === "number") return `${numberText(value)} ${question.unit}`.trim();
  return String(value);
}

/** What there is to choose of, with the value that stands for each: none for numbers and words. */
export function optionsOf(question) {
  if (question.kind === "choice") return question.choices.map((text, i) => ({ value: i, text, mark: "ABCDEF"[i], color: `color-${i + 1}` }));
  if (question.kind !== "boolean") return [];
  return [
    { value: true, text: "True", mark: "✓", color: "color-4" },
    { value: false, text: "False", mark: "✗", color: "color-1" },
  ];
}

/** A choice as it stands on the screen and on a button. */
export function optionFace({ mark, text }) {
  return [el("span", { class: "mark", "aria-hidden": "true" }, mark), el("span", { class: "words" }, text)];
}

export function settingsText(room) {
  const { questions, seconds, difficulty, speed, categories } = room.info.options;
  return [
    plural(questions, "question"),
    `${seconds} seconds each`,
    difficulty === "any" ? null : difficulty,
    speed ? "quick answers give more" : null,
    categories?.length > 3 ? plural(categories.length, "category", "categories") : categories?.join(", "),
  ].filter(Boolean).join(" · ");
}

// People

export function playersOf(room) {
  const seats = [...room.seats.values()].filter((seat) => seat.role === "player" && !seat.gone);
  return seats.sort((a, b) => (a.number ?? 1e9) - (b.number ?? 1e9));
}

export const entryOf = (room, id) => room.state.scores.find((entry) => entry.seat === id);
export const nameOf = (room, id) => room.seats.get(id)?.name ?? "Somebody who left";

/** The colour of a player, or of the team. */
export function colorOf(room, id) {
  const team = entryOf(room, id)?.team;
  if (team) return TEAM_COLORS[team] ?? "color-1";
  const seat = room.seats.get(id);
  return seat ? seatColor(seat) : "";
}

export function face(name) {
  return el("span", { class: "face", "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? "?");
}

/** A player's chip; `done` adds a tick. */
export function chip(room, seat, { done = false, notes = [] } = {}) {
  const said = [...notes, !seat.online && "away"].filter(Boolean);
  return el(
    "li",
    { class: ["seat", colorOf(room, seat.id), seat.id === room.seat.id && "me", !seat.online && "offline", done && "done"] },
    face(seat.name),
    el("span", { class: "name" }, seat.name),
    said.length ? el("span", { class: "note" }, said.join(", ")) : null,
    done ? el("span", { class: "visually-hidden" }, "has answered") : null,
  );
}

/** Chips of the players, by team where there are teams. */
export function roster(room) {
  const chips = (seats) => el("ul", { class: "seats" }, seats.map((seat) => chip(room, seat, { notes: [seat.id === room.seat.id && "you", seat.host && "host"] })));
  const players = playersOf(room);
  if (!room.state.teams.length) {
    return players.length ? chips(players) : el("p", { class: "empty" }, "Nobody yet. Be the first!");
  }
  const names = room.state.teams.map(({ team }) => team).sort((a, b) => order(a) - order(b));
  return el("div", { class: "teams" }, names.map((team) => {
    const members = players.filter((seat) => entryOf(room, seat.id)?.team === team);
    return el("section", { class: ["team", TEAM_COLORS[team]], "aria-label": `Team ${team}` }, el("h2", {}, titled(team)), members.length ? chips(members) : el("p", { class: "muted" }, "Nobody yet"));
  }));
}

const order = (team) => Object.keys(TEAM_COLORS).indexOf(team);

// Scores

function row(room, { rank, score, gained, streak, team, seat }, most, showGained) {
  const name = seat === undefined ? titled(team) : nameOf(room, seat);
  const color = seat === undefined ? TEAM_COLORS[team] : colorOf(room, seat);
  const item = el(
    "li",
    { class: [color, seat !== undefined && seat === room.seat.id && "me"] },
    el("span", { class: "bar-of", "aria-hidden": "true" }),
    el("span", { class: "place" }, el("span", { class: "visually-hidden" }, "Rank "), String(rank)),
    face(name),
    el("span", { class: "name" }, name),
    streak >= 2 ? el("span", { class: "streak" }, `${streak} in a row`) : null,
    el("span", { class: "points" }, points(score), el("span", { class: "visually-hidden" }, " points")),
    showGained ? el("span", { class: ["gain", gained > 0 && "good"] }, gained ? signed(gained) : "") : null,
  );
  item.style.setProperty("--part", String(most > 0 ? Math.max(0, score) / most : 0));
  return item;
}

/** Scores, the best first: as many as there is room for, and one's own in any case. */
export function scoreList(room, entries, { most = 8, gained = true, label = "Scores" } = {}) {
  const best = Math.max(0, ...entries.map(({ score }) => score));
  const showGained = gained && entries.some((entry) => entry.gained);
  const top = entries.slice(0, most);
  const own = entries.slice(most).find(({ seat }) => seat !== undefined && seat === room.seat.id);
  const hidden = entries.length - top.length - (own ? 1 : 0);
  return el(
    "div",
    { class: ["board", top.length <= FEW && "few"] },
    el("ol", { class: "scores", "aria-label": label }, [...top, own].filter(Boolean).map((entry) => row(room, entry, best, showGained))),
    hidden > 0 ? el("p", { class: "muted center" }, `and ${hidden} more`) : null,
  );
}

/** The three steps; equals stand on one. */
export function podium(room) {
  const steps = new Map();
  for (const entry of room.state.podium ?? []) steps.set(entry.rank, [...(steps.get(entry.rank) ?? []), entry]);
  const name = (entry) => entry.name ?? (entry.team ? titled(entry.team) : "Somebody");
  return el("ol", { class: "podium", "aria-label": "Podium" }, [...steps].map(([rank, entries]) => {
    const shown = entries.slice(0, NAMES_ON_A_STEP).map((entry) => {
      const team = entry.team && TEAM_COLORS[entry.team];
      return el("div", { class: ["winner", team ?? (entry.seat ? colorOf(room, entry.seat) : "")] }, face(name(entry)), el("span", { class: "name" }, name(entry)));
    });
    const more = entries.length - shown.length;
    return el(
      "li",
      { class: `step step-${rank}` },
      el("div", { class: "winners" }, shown, more > 0 ? el("span", { class: "muted" }, `and ${more} more`) : null),
      el("div", { class: "block" }, el("span", { class: "visually-hidden" }, "Rank "), el("span", { class: "place" }, String(rank)), el("span", { class: "points" }, points(entries[0].score), el("span", { class: "visually-hidden" }, " points"))),
    );
  }));
}

export function confetti() {
  const random = (most) => Math.random() * most;
  return el("div", { class: "confetti", "aria-hidden": "true" }, Array.from({ length: CONFETTI }, (_, i) => el("i", {
    class: `color-${(i % 8) + 1}`,
    style: { "--x": `${random(100)}vw`, "--wait": `${random(4)}s`, "--fall": `${3 + random(3)}s`, "--turn": `${random(2) - 1}turn` },
  })));
}

/** Whose names stand first, in words: for those who hear the page. */
export function leadersText(room) {
  const best = (room.state.teams.length ? room.state.teams : room.state.scores).filter(({ rank }) => rank === 1);
  const names = best.slice(0, 3).map((entry) => (entry.seat === undefined ? `Team ${entry.team}` : nameOf(room, entry.seat)));
  return names.length ? `${names.join(" and ")} with ${points(best[0].score)} points` : "nobody";
}
