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
 * Play a game on this page: `phone` shows it to a player, `tv` to a shared screen and to whoever looks on. Before it there
 * is a lobby, and after it a podium of `scores(room)`, which has a number for each seat's id.
 * @param {{ phone: Shown, tv?: Shown, scores?: (room: any) => Record<string, number>, mount?: HTMLElement } & Record<string, any>} page
 * and whatever enter() takes
 */
export async function play({ phone, tv = phone, scores = (room) => room.info.result?.scores ?? room.state.scores ?? {}, mount = document.querySelector("main"), ...entry }) {
  const { client, room, about } = await enter({ mount, ...entry });
  const shows = room.seat.role === "player" ? phone : tv;
  const place = stage();
  mount.append(place);
  const pick = () => {
    const { status, phase } = room.info;
    if (status === "lobby") return { key: "lobby", build: () => lobby(room, about), whole: false };
    if (status === "over") return { key: "over", build: () => end(room, ranked(entriesOf(scores(room)))), say: () => t("The end.") };
    return { key: `playing ${phase ?? ""}`, build: () => built(shows(room, about)), whole: true };
  };
  const draw = scenes(place, room, settled(pick, () => draw()));
  const stop = render(room, draw);
  const quiet = cues(room);
  room.on("$left", () => {
    stop();
    quiet();
  });
  return { client, room, about };
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

function lobby(room, about) {
  const people = el("div", {});
  const count = el("h2", {});
  const node = el(
    "div",
    { class: "scene lobby-of" },
    el("section", { class: "card", "aria-label": t("How to join") }, shareCard(room)),
    el("section", { class: "stack" }, heading(said(about.title), { class: "giant" }), count, people, startButton(room, { min: about.min_players })),
  );
  return {
    node,
    update: () => {
      count.textContent = t("{n, plural, one {# player} other {# players}}", { n: playersOf(room).length });
      fill(people, roster(room));
    },
  };
}

function end(room, entries) {
  const isScreen = room.seat.role !== "player";
  const node = el(
    "div",
    { class: "scene stack end-of" },
    isScreen && winnersOf(entries).length ? confetti() : null,
    heading(winnerText(room, entries), { class: "giant center" }),
    podium(room, entries),
    el("div", { class: "row center" }, startButton(room)),
    entries.length > 3 ? scoreList(room, entries) : null,
  );
  return { node };
}
