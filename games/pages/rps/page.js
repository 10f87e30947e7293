/*
 * The page of rock, paper, scissors, for the players of two teams, whoever watches, and a shared screen (?role=screen): the
 * host's button, three seconds in which everybody throws, the reveal, and who wins the match. Two things stand in no
 * document, since nobody else may see them: what this player threw, and what the team plans (the event `planned`).
 */

import { announce, attempt, confetti, cue, el, fill, heading, leftMs, play, podium, ranked, ring, startButton, toast } from "../../static/kit/kit.js";
import { icon } from "./hands.js";
import { COLORS, TEAMS, membersOf, missing, people, side, teamOf, why } from "./teams.js";
import { HAND_NAMES, TEAM_NAMES, TEXT } from "./text.js";

const COUNT_S = 3; // the game's COUNT, for a full ring
const SHOWN_MS = 3500; // the throws that decide a match are seen before who has won it

let mine = null; // my throw of this round
let planned = new Map(); // name → throw, of my team
let counting = false;
let shows = false; // that last reveal
let celebrates = false; // the match was won while this page was looked at

/** Which scene to show. */
function sceneOf(room) {
  const { count, winner } = room.state;
  if (room.info.status === "over" || (winner && !shows)) return "result";
  return !count && missing(room) && !shows ? "lobby" : "arena";
}

/** The same, except that a reveal that ends the match stays for a while. */
function at(room) {
  const { count, winner } = room.state;
  if (counting && !count && winner) {
    shows = celebrates = true;
    setTimeout(() => {
      shows = false;
      page.then(({ draw: again }) => again());
    }, SHOWN_MS);
  }
  counting = Boolean(count);
  return sceneOf(room);
}

/** The headline, and what stands below it. */
function status(room) {
  const { count, last, score } = room.state;
  if (count) return [TEXT.throwNow, room.seat.role !== "player" ? TEXT.which : mine ? TEXT.mine(mine) : TEXT.which];
  if (last) return [last.scored ? TEXT.scores[last.scored] : TEXT.tie, why(last.thrown), TEXT.scoreSaid(score.red, score.blue)];
  return [TEXT.ready, room.mayHost ? TEXT.youSayGo : room.host ? TEXT.saysGo(room.host.name) : TEXT.hostSaysGo];
}

/** The host's button, here or on the TV. */
function goButton(room, press = () => room.send("go")) {
  return el("button", { type: "button", class: "primary big go", onclick: (event) => event.currentTarget.getAttribute("aria-disabled") !== "true" && attempt(press()) });
}

function arena(room) {
  const plays = room.seat.role === "player";
  const headline = heading("", { class: "headline" });
  const detail = el("p", { class: "detail muted" });
  const sides = TEAMS.map((team) => side(room, team));
  const left = () => (room.state.count ? (room.state.count - 1) * 1000 + (leftMs(room, "count") ?? 0) : null);
  const score = el("span", { class: "score-of" });
  const middle = el("div", { class: "middle-of" }, ring(room, "count", COUNT_S, { left }), score);
  const throws = Object.keys(HAND_NAMES).map((hand) => el("button", { type: "button", class: "throw", "data-hand": hand, onclick: () => throwIt(hand) }, icon(hand), el("span", {}, HAND_NAMES[hand])));
  const plans = el("p", { class: "plans muted" });
  const go = goButton(room);
  go.addEventListener("click", (event) => event.detail === 0 && plays && throws[0].focus()); // pressed by key: three seconds are short for whoever must first move the focus there
  const controls = el("div", { class: "controls" }, plays ? el("div", { class: "throws", role: "group", "aria-label": TEXT.choices }, throws) : null, plays ? plans : null, go);
  const node = el("div", { class: "scene arena" }, el("div", { class: "head" }, headline, detail), sides[0].node, middle, sides[1].node, controls);
  let counted = null;
  let said = "";

  const throwIt = async (hand) => {
    if (!room.state.count) return;
    const before = mine;
    mine = hand;
    update();
    const done = await attempt(room.send("throw", hand).then(() => true));
    if (!done && mine === hand) mine = before;
    update();
  };

  /** Announcements for screen readers; without the count itself, which would drown the rest. */
  const tell = (text) => {
    if (text !== said) announce(text);
    said = text;
  };

  const sound = (count, isNew) => {
    const own = teamOf(room, room.seat.id);
    const { scored } = room.state.last ?? {};
    if (count && count !== counted) cue(plays && count === COUNT_S ? "turn" : plays ? "ready" : "tick");
    if (isNew && !plays) cue("reveal");
    else if (isNew && scored) cue(scored === own ? "right" : "wrong");
  };

  const update = () => {
    const { count, last, score: points } = room.state;
    if (count && !counted) {
      mine = null;
      planned = new Map();
    }
    const isNew = Boolean(counted) && !count; // revealed just now: shown with its movement and sound
    sound(count, isNew);
    counted = count;
    const [head, below, more] = status(room);
    if (headline.textContent !== head) headline.textContent = head;
    if (detail.textContent !== below) detail.textContent = below;
    node.dataset.stage = count ? "count" : last ? "reveal" : "ready";
    for (const each of sides) each.update(isNew);
    const text = count ? "" : last ? TEXT.score(points.red, points.blue) : TEXT.versus;
    if (score.textContent !== text) score.textContent = text;
    for (const button of throws) {
      button.setAttribute("aria-disabled", String(!count));
      button.setAttribute("aria-pressed", String(Boolean(count) && mine === button.dataset.hand));
    }
    const others = [...planned].filter(([name]) => name !== room.me?.name);
    plans.textContent = others.map(([name, hand]) => TEXT.plan(name, hand)).join(", ");
    go.hidden = !room.mayHost || Boolean(count) || shows;
    go.textContent = last ? TEXT.next : TEXT.go;
    go.setAttribute("aria-disabled", String(Boolean(missing(room))));
    tell(count ? TEXT.count : [head, below, more].filter(Boolean).join(" "));
  };
  return { node, update };
}

/** Who has won the match, and with whom. */
function result(room) {
  const isScreen = room.seat.role !== "player";
  const title = heading("", { class: "giant center" });
  const steps = el("div", { class: "result" });
  const teams = el("div", { class: "both-teams" });
  const again = goButton(room);
  const foot = el("div", { class: "row center" }, again, startButton(room, { min: 2 }));
  const node = el("div", { class: "scene stack match" }, title, steps, foot, teams);
  if (celebrates) cue("fanfare");
  celebrates = false;
  let known = "";
  const update = () => {
    const { score, winner } = room.state;
    const entries = ranked(TEAMS.map((team) => ({ name: TEAM_NAMES[team], color: COLORS[team], score: score[team] })));
    title.textContent = winner ? TEXT.wins[winner] : TEXT.over;
    again.hidden = !room.mayHost || room.info.status === "over";
    again.textContent = TEXT.again;
    again.setAttribute("aria-disabled", String(Boolean(missing(room))));
    const now = JSON.stringify([entries, TEAMS.map((team) => membersOf(room, team))]);
    if (now === known) return;
    known = now;
    fill(steps, isScreen && winner ? confetti() : null, podium(room, entries));
    fill(teams, TEAMS.map((team) => el("section", { class: ["card", "stack", "tight", COLORS[team]], "aria-label": TEXT.team[team] }, el("h2", {}, TEAM_NAMES[team]), people(room, team))));
    announce(`${title.textContent} ${TEXT.scoreSaid(score.red, score.blue)}`);
  };
  return { node, update };
}

const page = play({
  phone: (room) => (sceneOf(room) === "result" ? result(room) : arena(room)),
  at,
  lobby: (room) => ({ title: () => TEXT.needs[missing(room) ?? "blue"], text: () => TEXT.scan }),
  ticks: [],
});
const { room, draw } = await page;
room.on("planned", ([name, hand]) => {
  planned.set(name, hand);
  draw();
});
room.on("teammate", (name) => name !== room.me?.name && toast(TEXT.onYourTeam(name), { ms: 3000 }));
