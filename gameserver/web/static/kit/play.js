/** A whole page: it comes in, waits, plays and ends by itself; a game says only what is seen while it is played. */

import { el, fill, render } from "../page/elements.js";
import { enter } from "../page/enter.js";
import { said, t } from "../page/language.js";
import { startButton } from "../page/seats.js";
import { shareCard } from "../page/share.js";
import { confetti } from "./confetti.js";
import { cues } from "./cues.js";
import { playersOf, roster } from "./people.js";
import { heading, scenes, stage } from "./scenes.js";
import { entriesOf, podium, ranked, scoreList, winnersOf, winnerText } from "./scores.js";
import { waitingLine } from "./waiting.js";

const SETTLE_MS = 40; // frames of one step come in one write

/**
 * What a game shows while it is played: called anew for each phase. → a node, or {node, update}; `update()` is called
 * after each change.
 * @callback Shown
 * @param {any} room
 * @param {any} about
 * @returns {HTMLElement | { node: HTMLElement, update?: () => void }}
 */

/**
 * What stands in the lobby besides people and the way in: a heading and a line below it, asked for after each change, and
 * more, such as buttons.
 * @callback Before
 * @param {any} room
 * @param {any} about
 * @returns {{ title?: () => string, text?: () => string, more?: any }}
 */

/** Which scene is on: the lobby, the end, or one that the game shows, by its phase. */
const sceneOf = ({ info: { status, phase } }) => (status === "playing" ? `playing ${phase ?? ""}` : status);

/**
 * Play a game on this page: `phone` shows it to a player, `tv` to a shared screen and to whoever looks on. Before it there
 * is a lobby, and after it a podium of `scores(room)`, which has a number for each seat's id.
 * @param {{ phone: Shown, tv?: Shown, at?: (room: any) => string, lobby?: Before, scores?: (room: any) => Record<string, number>, ticks?: string[] | null, mount?: HTMLElement } & Record<string, any>} page
 * and whatever enter() takes. `at` names the scene that is on: "lobby" and "over" are the two that are here, all others are
 * what the game shows; by default the room's status, and its phase while it is played. `ticks` as for cues().
 */
export async function play({ phone, tv = phone, at = sceneOf, lobby = () => ({}), scores = (room) => room.info.result?.scores ?? room.state.scores ?? {}, ticks, mount = document.querySelector("main"), ...entry }) {
  const { client, room, about } = await enter({ mount, ...entry });
  const shows = room.seat.role === "player" ? phone : tv;
  const place = stage();
  const paused = el("p", { class: "paused-line", role: "status" });
  mount.append(paused, place);
  const pick = () => {
    const key = at(room);
    if (key === "lobby") return { key, build: () => waiting(room, about, lobby(room, about)), whole: false };
    if (key === "over") return { key, build: () => end(room, about, ranked(entriesOf(scores(room)))), say: () => t("The end.") };
    return { key, build: () => built(shows(room, about)), whole: true };
  };
  const draw = scenes(place, room, settled(pick, () => draw()));
  const stop = render(room, () => {
    const text = room.info.paused ? t("Paused") : "";
    if (paused.textContent !== text) paused.textContent = text;
    draw();
  });
  const quiet = cues(room, { ticks });
  room.on("$left", () => {
    stop();
    quiet();
  });
  return { client, room, about, draw };
}

/** The scene once what belongs to it is there: phase and documents of a step come one right after the other. */
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

function waiting(room, about, { title = () => said(about.title), text = () => "", more = null }) {
  const name = heading("", { class: "giant" });
  const line = el("p", { class: "lead muted" });
  const people = el("div", {});
  const count = el("h2", {});
  const node = el(
    "div",
    { class: "scene lobby-of" },
    el("div", { class: "stack tight title-of" }, name, line),
    el("section", { class: "card", "aria-label": t("How to join") }, shareCard(room)),
    el("section", { class: "stack people-of" }, count, people, startButton(room, { min: about.min_players }), more, waitingLine(room, about)),
  );
  return {
    node,
    update: () => {
      if (name.textContent !== title()) name.textContent = title();
      line.textContent = text();
      line.hidden = !line.textContent;
      count.textContent = t("{n, plural, one {# player} other {# players}}", { n: playersOf(room).length });
      fill(people, roster(room));
    },
  };
}

function end(room, about, entries) {
  const isScreen = room.seat.role !== "player";
  const node = el(
    "div",
    { class: "scene stack end-of" },
    isScreen && winnersOf(entries).length ? confetti() : null,
    heading(winnerText(room, entries), { class: "giant center" }),
    podium(room, entries),
    el("div", { class: "row center" }, startButton(room), waitingLine(room, about)),
    entries.length > 3 ? scoreList(room, entries) : null,
  );
  return { node };
}
