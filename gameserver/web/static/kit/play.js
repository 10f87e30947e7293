/** A whole page: joining, lobby and end are done here; a game says only what is shown while it is played. */

import { el, fill, render } from "../page/elements.js";
import { enter } from "../page/enter.js";
import { said, t } from "../page/language.js";
import { startButton, teamList } from "../page/seats.js";
import { shareCard } from "../page/share.js";
import { botButtons } from "./bots.js";
import { confetti } from "./confetti.js";
import { cues } from "./cues.js";
import { fullScreenButton } from "./full.js";
import { nameTag, playersOf, roster } from "./people.js";
import { heading, scenes, stage } from "./scenes.js";
import { entriesOf, podium, ranked, resultEntries, resultText, scoreList, winnersOf, winnerText } from "./scores.js";
import { chatButton } from "./talk.js";
import { waitingLine } from "./waiting.js";

const SETTLE_MS = 40; // by then all messages of one step have come, since they are sent together

/**
 * What a game shows while it is played; called for each new scene. → a node, or {node, update}; `update()` is called
 * after each change.
 * @callback Shown
 * @param {any} room
 * @param {any} about
 * @returns {HTMLElement | { node: HTMLElement, update?: () => void }}
 */

/**
 * What the lobby shows besides the people and how to join: a heading and a line below it, which are called after each
 * change, and more, such as buttons.
 * @callback Before
 * @param {any} room
 * @param {any} about
 * @returns {{ title?: () => string, text?: () => string, more?: any }}
 */

/**
 * How the game has ended: entries of ranked() for the podium and the list below it, null if nobody is placed; the
 * heading; and whatever else is to be shown.
 * @typedef {{ entries?: any[] | null, title?: string, more?: any }} Ending
 */

/** The key of the current scene: the room's status, with its phase while it is played. */
const sceneOf = ({ info: { status, phase } }) => (status === "playing" ? `playing ${phase ?? ""}` : status);

/**
 * Play a game on this page: `phone` shows it to a player, `tv` to a shared screen and to spectators. Before it there is
 * a lobby, and after it a podium: of `scores(room)`, a number for each seat's id, or of `ending(room, about)`; by
 * default of what the game gave to over(), else of `state.scores`.
 * @param {{ phone: Shown, tv?: Shown, at?: (room: any) => string, lobby?: Before, scores?: (room: any) => Record<string, number>, ending?: (room: any, about: any) => Ending, whole?: boolean, grow?: boolean, ticks?: string[] | null | ((room: any) => string[] | null), mount?: HTMLElement } & Record<string, any>} page
 * and whatever enter() takes. `at` returns the key of the current scene: "lobby" and "over" are made here, all others
 * by the game; by default it is the room's status, with its phase while it is played. If `whole` is false, a player's
 * scene scrolls. `grow` is as for stage(); `ticks` as for cues(), or a function of the room that returns that.
 */
export async function play({ phone, tv = phone, at = sceneOf, lobby = () => ({}), scores, ending, whole = true, grow = true, ticks, mount = document.querySelector("main"), ...entry }) {
  const { client, room, about } = await enter({ mount, ...entry });
  const isPlayer = room.seat.role === "player";
  const shows = isPlayer ? phone : tv;
  const place = stage({ grow });
  const paused = el("p", { class: "paused-line", role: "status" });
  mount.append(paused, place);
  const pick = () => {
    const key = at(room);
    if (key === "lobby") return { key, build: () => waiting(room, about, lobby(room, about)), whole: false };
    if (key === "over") return { key, build: () => end(room, about, () => ended(room, about, { ending, scores })), say: () => ended(room, about, { ending, scores }).title };
    return { key, build: () => built(shows(room, about)), whole: whole || !isPlayer };
  };
  const draw = scenes(place, room, settled(pick, () => draw()));
  const stop = render(room, () => {
    const text = room.info.paused ? t("Paused") : "";
    if (paused.textContent !== text) paused.textContent = text;
    draw();
  });
  const quiet = cues(room, { ticks: typeof ticks === "function" ? ticks(room) : ticks });
  room.on("$left", () => {
    stop();
    quiet();
  });
  return { client, room, about, draw };
}

/** Wait with a new scene until all that belongs to it is there: phase and documents come one after the other. */
function settled(pick, again) {
  let key = null;
  let ready = true;
  return () => {
    const scene = pick();
    if (key !== null && scene.key !== key) {
      ready = false;
      setTimeout(() => {
        ready = true;
        again();
      }, SETTLE_MS);
    }
    ({ key } = scene);
    return ready ? scene : null;
  };
}

function built(made) {
  return made instanceof HTMLElement ? { node: made } : made;
}

/** The first paragraph of what a game says about itself. */
const firstOf = (doc) => (doc ?? "").split(/\n\s*\n/)[0].trim();

function waiting(room, about, { title = () => said(about.title), text = () => said(firstOf(about.doc)), more = null }) {
  const isTv = document.documentElement.classList.contains("tv");
  const name = heading("", { class: "giant" });
  const line = el("p", { class: "lead muted" });
  const people = el("div", {});
  const count = el("h2", {});
  const marks = el("p", { class: "muted" });
  const begin = el("div", { class: "row begin-of" }, startButton(room, { min: about.min_players }), chatButton(room), isTv && room.seat.role === "screen" ? fullScreenButton() : null);
  const node = el(
    "div",
    { class: "scene lobby-of" },
    el("div", { class: "stack tight title-of" }, name, line),
    el("section", { class: "card", "aria-label": t("How to join") }, shareCard(room)),
    el("section", { class: "stack people-of" }, count, people, teamList(room), begin, marks, isTv ? null : botButtons(room, about), more, waitingLine(room, about)),
  );
  const tag = (seat) => nameTag(room, seat, { notes: [seat.id === room.seat.id && t("you"), seat.host && t("host")], done: seat.ready, doneWord: t("is ready") });
  return {
    node,
    update: () => {
      const [head, below] = [title(), text()];
      if (name.textContent !== head) name.textContent = head;
      if (line.textContent !== below) line.textContent = below;
      line.hidden = !below;
      const seats = playersOf(room);
      count.textContent = t("{n, plural, one {# player} other {# players}}", { n: seats.length });
      fill(people, roster(room, { tag }));
      const asked = seats.filter((seat) => !seat.bot);
      marks.hidden = !about.ready;
      marks.textContent = t("{n} of {most} ready", { n: asked.filter((seat) => seat.ready).length, most: asked.length });
    },
  };
}

/** @returns {{ entries: any[], title: string, more?: any }} */
function ended(room, about, { ending, scores }) {
  if (ending) {
    const { entries, title, more } = ending(room, about);
    return { entries: entries ?? [], title: title ?? winnerText(room, entries ?? []), more };
  }
  if (scores) {
    const entries = ranked(entriesOf(scores(room)));
    return { entries, title: winnerText(room, entries) };
  }
  const told = resultEntries(room) ?? (room.state.scores ? ranked(entriesOf(room.state.scores)) : null);
  return { entries: told ?? [], title: resultText(room, told) };
}

/**
 * @param {any} room
 * @param {any} about
 * @param {() => { entries: any[], title: string, more?: any }} look called again after changes: on a slow network the
 * last documents come after the message that the game is over
 */
function end(room, about, look) {
  const isScreen = room.seat.role !== "player";
  const part = () => el("div", { class: "through" });
  const [falling, steps, rest] = [part(), part(), part()];
  const title = heading("", { class: "giant center", dir: "auto" });
  const node = el("div", { class: "scene stack end-of" }, falling, title, steps, el("div", { class: "row center" }, startButton(room), chatButton(room), waitingLine(room, about)), rest);
  let shown = "";
  const update = () => {
    const now = JSON.stringify([room.info.result, room.state, room.mine, [...room.seats.values()].map(({ id, name, profile }) => [id, name, profile])]);
    if (now === shown) return;
    shown = now;
    const { entries, title: text, more } = look();
    const others = entries.filter((entry) => !winnersOf([entry]).length);
    const wins = isScreen && winnersOf(entries).length > 0;
    if (title.textContent !== text) title.textContent = text;
    if (wins !== falling.childElementCount > 0) fill(falling, wins ? confetti() : null);
    fill(steps, podium(room, entries));
    fill(rest, others.length ? scoreList(room, others) : null, more);
  };
  update();
  return { node, update };
}
