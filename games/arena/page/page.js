/*
 * The arena's page. `frame` runs with the screen: it reads the controls, takes as many steps as are due, sends each as a
 * command, and draws the own disc as predicted (prediction.js) and the others as told a moment ago (playout.js). The
 * rest, scores and words, is drawn when it changes.
 */

import { avatar, countdown, cue, cues, el, enter, fill, fitList, query, said, seatColor, shareCard, stage as newStage, startButton, Stick, t } from "../../static/kit/kit.js";
import { Field } from "./draw.js";
import { DASH_REST, PUSH } from "./motion.js";
import { SlowSocket } from "../../static/kit/network.js";
import { Playout } from "../../static/kit/playout.js";
import { networkPanel } from "./panel.js";
import { Prediction, SNAP, STEP_MS } from "./prediction.js";

const ASLEEP_MS = 500; // steps of so long ago are not made up for: the page was hidden
const SAY_MS = 3000; // between two words to a screen reader

const mount = document.querySelector("main");
const heard = document.querySelector("#said");
const { room, about } = await enter({ mount, connection: { binary: true, WebSocket: SlowSocket } });

const isScreen = room.seat.role === "screen";
const playing = room.seat.role === "player";

const canvas = el("canvas", { class: "field", role: "img", "aria-label": t("The field, with discs and coins") });
const title = el("h1", { class: "visually-hidden" }, said(about.title));
const between = el("section", { class: "card stack between", "aria-label": t("Round") });
const scores = el("div", { class: "coins" });
const meter = el("span", {});
const dashButton = el("button", { type: "button", class: "primary big dash" }, t("Dash"), el("span", { class: "meter", "aria-hidden": "true" }, meter));
const pitch = el("div", { class: "pitch" }, el("div", { class: "frame" }, canvas), between, playing ? el("div", { class: "moves" }, dashButton) : null);

const prediction = new Prediction(room.seat.id);
const playout = new Playout({ step_ms: STEP_MS, snap: SNAP });
const stick = playing ? new Stick(pitch) : null;
const field = new Field(canvas);
const measured = () => ({ correction_px: prediction.correction / 10, delay_ms: playout.delay_ms, pending: prediction.pending });

dashButton.addEventListener("pointerdown", () => stick?.press());
dashButton.addEventListener("click", (event) => event.detail === 0 && stick?.press()); // by key
const table = newStage({ grow: false });
table.append(
  el(
    "div",
    { class: "arena" },
    title,
    pitch,
    el(
      "aside",
      { class: "side stack tight", "aria-label": t("Scores") },
      el("div", { class: "hud" }, el("h2", {}, t("Coins")), countdown(room, "finish", { label: t("left"), hurry_s: 10 })),
      scores,
      playing ? el("p", { class: "small muted keys" }, t("Arrows or WASD, and space to dash. Or drag anywhere. Or a gamepad.")) : null,
      query.has("network") ? networkPanel(measured) : null, // to see what prediction is for: rapid.rst
    ),
  ),
);
mount.append(table);

// What the server says

let started = performance.now(); // when the step under way began

/** How much of the step under way has passed. */
function part(now = performance.now()) {
  return Math.min(1, Math.max(0, (now - started) / STEP_MS));
}

function hear() {
  const { tick, bodies } = room.state;
  if (playing) prediction.hear(room.state, part());
  playout.hear(tick, bodies, performance.now());
  drawWords();
}

room.on("$change", ({ stream }) => stream === "room" && hear());
room.on("$info", () => {
  if (playing && room.info.status !== "playing") prediction.end(room.state, part());
  drawWords();
});
room.on("$seats", drawWords);
room.on("hit", (hit) => {
  field.hit(hit, performance.now());
  if (hit.who === room.seat.id) cue("wrong");
  if (hit.who === room.seat.id) say(hit.lost ? t("Hit! You lost {n}.", { n: hit.lost }) : t("Hit!"), true);
});

// Frame by frame

let drawn = performance.now();

function steer(now) {
  if (now - started > ASLEEP_MS) started = now;
  const over = room.info.status !== "playing" || room.info.paused || !prediction.there;
  while (now - started >= STEP_MS) {
    started += STEP_MS;
    if (!over) room.tell("steer", prediction.step(stick.takePress()));
  }
  prediction.aim(...(over ? [0, 0] : stick.read().map((each) => Math.round(each * PUSH) + 0)), part(now));
}

function frame(now) {
  requestAnimationFrame(frame);
  if (playing && prediction.there) {
    prediction.fade(now - drawn);
    steer(now);
    meter.parentElement.style.setProperty("--part", String(1 - prediction.rest / DASH_REST));
  }
  drawn = now;
  field.draw({ discs: discs(now), coins: Object.values(room.state.coins ?? {}), now });
}

/** Where each disc is shown: {seat, x, y, ...}. */
function discs(now) {
  const places = playout.at(now);
  if (playing && prediction.there) places[room.seat.id] = prediction.shown(part(now));
  return Object.entries(places).flatMap(([seat, [x, y]]) => {
    const known = room.seats.get(seat);
    return known ? [{ seat, x, y, ...look(known) }] : [];
  });
}

function look(seat) {
  const color = colors.get(seatColor(seat));
  return { name: seat.name, color, second: seat.number >= 8, me: seat.id === room.seat.id, away: !seat.online };
}

const colors = new Map(Array.from({ length: 8 }, (_, i) => [`color-${i + 1}`, getComputedStyle(document.documentElement).getPropertyValue(`--color-${i + 1}`)]));

// Words

let shown = "";

function drawWords() {
  const { status, result } = room.info;
  const seats = [...room.seats.values()].filter((seat) => seat.role === "player" && !seat.gone);
  const entries = seats.map((seat) => ({ seat, score: room.state.scores?.[seat.id] ?? 0 })).sort((a, b) => b.score - a.score);
  const now = JSON.stringify([status, result, entries.map(({ seat, score }) => [seat.id, seat.name, seat.online, score])]);
  if (now === shown) return;
  shown = now;
  fill(scores, fitList(entries.map(entry), { tag: "ol", class: "scores", label: t("Scores") }));
  between.hidden = status === "playing";
  title.hidden = !between.hidden;
  document.documentElement.classList.toggle("whole", isScreen || status === "playing");
  if (!between.hidden) drawBetween(status, result);
  tell(status, entries);
}

function entry({ seat, score }) {
  const mark = avatar(seat);
  mark.classList.toggle("second", seat.number >= 8);
  return el("li", { class: [seatColor(seat), seat.id === room.seat.id && "me"], "data-keep": seat.id === room.seat.id ? "" : null }, mark, el("span", { class: "name" }, seat.name), el("span", { class: "points" }, String(score)));
}

function drawBetween(status, result) {
  const winner = room.seats.get(result?.winner);
  const title = status === "lobby" ? t("Push, dash, and take the coins") : winner ? (winner.id === room.seat.id ? t("You win!") : t("{name} wins!", { name: winner.name })) : t("A draw");
  fill(between, el("h1", {}, title), startButton(room), status === "lobby" ? shareCard(room) : null);
}

// For those who do not see

let stage = "";
let toldAt = 0;
let toldScore = 0;

function say(text, now = false) {
  if (!now && performance.now() - toldAt < SAY_MS) return false;
  toldAt = performance.now();
  heard.textContent = text;
  return true;
}

function tell(status, entries) {
  if (status !== stage) {
    stage = status;
    toldScore = 0;
    say({ lobby: t("Waiting for the start."), playing: t("The round begins."), over: between.querySelector("h1")?.textContent ?? t("It is over.") }[status], true);
    return;
  }
  const place = entries.findIndex(({ seat }) => seat.id === room.seat.id);
  if (place < 0 || status !== "playing" || entries[place].score === toldScore) return;
  const { score } = entries[place];
  if (say(t("{n, plural, one {# coin} other {# coins}}, place {place} of {most}.", { n: score, place: place + 1, most: entries.length }))) toldScore = score;
}

hear();
cues(room, { ticks: isScreen ? ["finish"] : [] });
requestAnimationFrame(frame);

/** For the console, and for tests: what is shown now, and what the server has said. */
globalThis.arena = { room, prediction, playout, discs: () => discs(performance.now()) };
