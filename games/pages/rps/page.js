/*
 * The page of rock, paper, scissors: two sides, the host's button, three seconds in which everybody throws, and the
 * reveal. It is built once, and `draw` brings it up to date from `room.state`. Two things stand in no document, since
 * nobody else may see them: what this player threw, and what the team plans (the event `planned`, told to the team).
 */

import { attempt, el, enter, leftMs, render, shareCard, toast } from "../../static/page.js";
import { cues } from "../../static/kit/cues.js";

const TEAMS = ["red", "blue"];
const HANDS = ["rock", "paper", "scissors"];
const BEATS = { rock: "scissors", paper: "rock", scissors: "paper" };
const VERBS = { rock: "crushes", paper: "wraps", scissors: "cut" };
const COUNT_MS = 3000; // the game's COUNT, for a full ring
const WINS = 3; // the game's: of so many pips is a score
const RING = 2 * Math.PI * 46;

const mount = document.querySelector("main");
const said = document.querySelector("#said");
const { room } = await enter({ mount });

// Parts

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const SHAPES = {
  rock: () => [
    svg("path", { class: "body", d: "M16 62 L24 34 L46 18 L70 24 L86 48 L80 74 L54 84 L28 80 Z" }),
    svg("path", { class: "inner", d: "M24 34 L44 44 L70 24 M44 44 L50 66 L80 74 M50 66 L28 80" }),
  ],
  paper: () => [
    svg("path", { class: "body", d: "M24 12 H62 L78 28 V88 H24 Z" }),
    svg("path", { class: "inner", d: "M62 12 V28 H78 M34 44 H68 M34 57 H68 M34 70 H56" }),
  ],
  scissors: () => [
    svg("path", { class: "blades", d: "M70 12 L36 66 M30 12 L64 66" }),
    svg("circle", { class: "loop", cx: 27, cy: 76, r: 13 }),
    svg("circle", { class: "loop", cx: 73, cy: 76, r: 13 }),
  ],
  none: () => [svg("path", { class: "inner", d: "M32 50 H68" })],
  hidden: () => [svg("path", { class: "inner", d: "M38 38 C38 22 64 22 64 38 C64 50 50 50 50 62" }), svg("circle", { class: "dot", cx: 50, cy: 76, r: 4 })],
};

function icon(name) {
  return svg("svg", { class: `icon ${name}`, viewBox: "0 0 100 100", "aria-hidden": "true", focusable: "false" }, ...SHAPES[name]());
}

function side(team) {
  const pips = el("span", { class: "pips", role: "img" });
  const hand = el("div", { class: "hand" });
  const thrown = el("p", { class: "thrown" });
  const members = el("ul", { class: "members", "aria-label": `Team ${team}` });
  const yours = el("span", { class: "yours" }, " · yours");
  const node = el("section", { class: ["side", team], "aria-label": `Team ${team}` }, el("div", { class: "side-head" }, el("h2", {}, titled(team), yours), pips), hand, thrown, members);
  return { team, node, yours, pips, hand, thrown, members, shown: null };
}

const sides = TEAMS.map(side);
const arc = svg("circle", { class: "arc", cx: 50, cy: 50, r: 46, "stroke-dasharray": RING, transform: "rotate(-90 50 50)" });
const number = el("span", { class: "number" });
const ring = el("div", { class: "ring", "aria-hidden": "true" }, svg("svg", { viewBox: "0 0 100 100" }, svg("circle", { class: "track", cx: 50, cy: 50, r: 46 }), arc), number);
const headline = el("h1", { class: "headline" });
const detail = el("p", { class: "detail muted" });
const throws = HANDS.map((hand) => el("button", { type: "button", class: "throw", "data-hand": hand, onclick: () => play(hand) }, icon(hand), el("span", {}, titled(hand))));
const plans = el("p", { class: "plans muted" });
const controls = el("div", { class: "controls" });
const goButton = el("button", { type: "button", class: "primary big go", onclick: go });
const invite = el("section", { class: "card invite", "aria-label": "Invite friends" }, shareCard(room));

mount.append(
  el(
    "div",
    { class: "arena" },
    el("div", { class: "head" }, headline, detail),
    sides[0].node,
    ring,
    sides[1].node,
    controls,
    invite,
  ),
);

controls.append(el("div", { class: "throws", role: "group", "aria-label": "Your throw" }, throws), plans, goButton);

function titled(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// What this player does

let mine = null; // my throw of this round
let planned = new Map(); // name → throw, of my team

async function go(event) {
  if (goButton.getAttribute("aria-disabled") === "true") return;
  const byKey = event.detail === 0;
  await attempt(room.send("go"));
  if (byKey) throws[0].focus(); // three seconds are few for whoever has to find the way there
}

async function play(hand) {
  if (!room.state.count) return;
  const before = mine;
  mine = hand;
  draw();
  try {
    await room.send("throw", hand);
  } catch (error) {
    if (mine === hand) mine = before;
    await attempt(Promise.reject(error));
  }
  draw();
}

room.on("planned", ([name, hand]) => {
  planned.set(name, hand);
  draw();
});
room.on("teammate", (name) => name !== room.me?.name && toast(`${name} is on your team.`, { ms: 3000 }));

// Words

function teamOf(seat) {
  return TEAMS.find((team) => room.state.teams[team].includes(seat));
}

function empty() {
  return TEAMS.filter((team) => !room.state.teams[team].some((id) => room.seats.has(id)));
}

function status() {
  const { count, last, winner, score } = room.state;
  const missing = empty();
  if (count) return ["Throw!", mine ? `You throw ${mine}. You may still change it.` : "Rock, paper or scissors?"];
  if (winner) return [`${titled(winner)} wins the match!`, `${score.red} : ${score.blue}`];
  if (missing.length) return [`Team ${missing[0]} needs somebody`, "Let friends scan this, or tell them the code."];
  if (!last) return ["Ready?", room.mayHost ? "You say go." : `${room.host?.name ?? "The host"} says go.`];
  return [last.scored ? `${titled(last.scored)} scores!` : "A tie", why(last.thrown)];
}

/** Why a round ended as it did. */
function why({ red, blue }) {
  if (!red && !blue) return "Nobody threw in time.";
  if (!red || !blue) return `${titled(red ? "blue" : "red")} did not throw in time.`;
  if (red === blue) return `Both threw ${red}.`;
  const [winner, loser] = BEATS[red] === blue ? [red, blue] : [blue, red];
  return `${titled(winner)} ${VERBS[winner]} ${loser}.`;
}

let heard = "";

/** For those who do not see; the count itself would only be in the way of their ears. */
function tell(text) {
  if (text === heard) return;
  heard = text;
  said.textContent = text;
}

// Drawing

let counted = null;

function draw() {
  const { count, last, winner, score } = room.state;
  if (count && !counted) {
    mine = null;
    planned = new Map();
  }
  const fresh = counted && !count; // revealed this very moment: to be played, not only shown
  counted = count;
  const missing = empty().length > 0;
  const [head, below] = status();
  headline.textContent = head;
  detail.textContent = below;
  mount.dataset.stage = count ? "count" : missing ? "missing" : winner ? "won" : last ? "reveal" : "ready";
  mount.dataset.winner = winner ?? last?.scored ?? "";
  for (const each of sides) drawSide(each, fresh);
  drawThrows(count);
  const text = count ? String(count) : winner ? "★" : last ? `${score.red}:${score.blue}` : "vs";
  if (text !== number.textContent) number.replaceChildren(el("span", { class: count ? "tick" : "" }, text));
  goButton.hidden = !room.mayHost;
  goButton.textContent = winner ? "Play again" : last ? "Next round" : "Go!";
  goButton.setAttribute("aria-disabled", String(Boolean(count) || missing));
  controls.hidden = missing && !count;
  invite.hidden = !controls.hidden;
  tell(count ? "Throw now: rock, paper or scissors. Three seconds." : scoreWords(`${head} ${below}`));
}

function scoreWords(text) {
  const { last, winner, score } = room.state;
  return last && !winner ? `${text} Red ${score.red}, blue ${score.blue}.` : text;
}

function drawSide(each, fresh) {
  const { team, node } = each;
  const { count, last, score, thrown, winner, teams } = room.state;
  const own = teamOf(room.seat.id) === team;
  const hand = count ? "hidden" : last ? (last.thrown[team] ?? "none") : "hidden";
  if (hand !== each.shown || fresh) each.hand.replaceChildren(icon(hand));
  each.shown = hand;
  each.thrown.textContent = !count && last ? titled(last.thrown[team] ?? "no throw") : "";
  node.classList.toggle("fresh", Boolean(fresh) || (node.classList.contains("fresh") && !count));
  node.classList.toggle("scored", !count && last?.scored === team);
  node.classList.toggle("beaten", !count && Boolean(last?.scored) && last.scored !== team);
  node.classList.toggle("champion", winner === team);
  each.yours.hidden = !own;
  const points = score[team];
  each.pips.setAttribute("aria-label", `${points} of ${WINS} points`);
  each.pips.replaceChildren(...Array.from({ length: WINS }, (_, i) => el("span", { class: i < points ? "pip won" : "pip" })));
  const seats = teams[team].map((id) => room.seats.get(id)).filter((seat) => seat && !seat.gone);
  each.members.replaceChildren(...seats.map((seat) => member(seat, count && thrown.includes(seat.id))));
  if (!seats.length) each.members.append(el("li", { class: "muted" }, "Nobody yet"));
}

function member(seat, ready) {
  const notes = [seat.id === room.seat.id && "you", !seat.online && "away"].filter(Boolean);
  return el(
    "li",
    { class: ["member", !seat.online && "offline", ready && "ready"] },
    el("span", { class: "name" }, seat.name),
    notes.length ? el("span", { class: "note" }, notes.join(", ")) : null,
    ready ? el("span", { class: "visually-hidden" }, "has thrown") : null,
  );
}

function drawThrows(count) {
  for (const button of throws) {
    button.setAttribute("aria-disabled", String(!count));
    button.setAttribute("aria-pressed", String(Boolean(count) && mine === button.dataset.hand));
  }
  const others = [...planned].filter(([name]) => name !== room.me?.name);
  if (count) plans.textContent = others.map(([name, hand]) => `${name}: ${hand}`).join(", ");
  else plans.textContent = room.state.last && !room.mayHost ? `${room.host?.name ?? "The host"} says go.` : "";
}

/** The whole count as one ring, by the server's clock. */
function drawClock() {
  const { count } = room.state;
  const left_ms = count ? (count - 1) * 1000 + (leftMs(room, "count") ?? 0) : 0;
  arc.setAttribute("stroke-dashoffset", String(RING * (1 - Math.min(1, left_ms / COUNT_MS))));
}

cues(room, { ticks: [] });
render(room, draw);
setInterval(drawClock, 50);
