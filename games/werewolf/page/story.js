/* What a shared screen shows of a phase: the sky over the village, the story in a sentence or two, and a house for each. */

import { announce, avatar, countdown, el, fill, fitList, heading, seatColor } from "../../static/kit/kit.js";
import { plural } from "./village.js";
import { detail, headline, nameOf, ROLES, tale, TEXTS, TIMERS } from "./words.js";

/** Those who live and have done what this phase asks for. */
function done(room) {
  const { ready = [], votes = {} } = room.state;
  return { night: ready, day: Object.keys(votes) }[room.info.phase] ?? null;
}

/** The houses of all, as many as fit. */
export const housesOf = (room) => fitList(room.state.village.map((each) => house(room, each)), { class: ["plain houses", room.state.village.length > 10 && "many"], label: TEXTS.village, least: 4 });

/** Somebody's house: lit once its owner has chosen or voted, and dark for good when nobody lives there any more. */
function house(room, { seat, name, alive, died }) {
  const { votes = {}, roles = {} } = room.state;
  const { phase } = room.info;
  const here = room.seats.get(seat);
  const role = ROLES[roles[seat]];
  const voters = phase === "day" || phase === "evening" ? Object.keys(votes).filter((voter) => votes[voter] === seat) : [];
  const isDone = alive && done(room)?.includes(seat);
  const note = died ? TEXTS.died[died] : here && !here.online ? TEXTS.away : role ? role.name : isDone ? TEXTS.done[phase] : "";
  return el(
    "li",
    { class: ["house", here && seatColor(here), !alive && "dead", isDone && "lit"], "data-seat": seat },
    el("span", { class: "tally-of" }, voters.length ? [el("span", { class: "badge tally" }, plural(voters.length)), el("span", { class: "voters" }, voters.slice(0, 6).map((voter) => el("span", { class: ["seat", seatColor(room.seats.get(voter) ?? { id: voter })] }, avatar(room.seats.get(voter) ?? { name: nameOf(room, voter) }))), el("span", { class: "visually-hidden" }, voters.map((voter) => nameOf(room, voter)).join(", ")))] : null),
    el("span", { class: "roof", "aria-hidden": "true" }),
    el("span", { class: "wall" }, alive ? avatar(here ?? { name }) : el("span", { class: "face", "aria-hidden": "true" }, "✝")),
    el("span", { class: "name", dir: "auto" }, name),
    el("span", { class: "note" }, note || "\u00a0"), // so that all line up
  );
}

/** A scene for each phase, built when the phase begins. */
export function story(room) {
  const { phase } = room.info;
  const title = heading(headline(room));
  const text = el("p", { class: "tale" });
  const below = el("p", { class: "detail" });
  const clock = el("div", { class: "clock" }, TIMERS.map((name) => countdown(room, name)));
  const count = el("p", { class: "count-of lead", role: "status" });
  const houses = el("div", {});
  const sky = el("section", { class: ["sky", `sky-${phase}`] }, el("span", { class: "orb", "aria-hidden": "true" }), el("div", { class: "row spread nowrap" }, title, clock), text, below);
  const node = el("div", { class: "scene telling" }, sky, houses, count);
  let shown = "";
  let told = "";
  const update = () => {
    const said = headline(room);
    if (title.textContent !== said) title.textContent = said;
    const now = tale(room);
    if (text.textContent !== now) text.textContent = now;
    const what = detail(room);
    if (below.textContent !== what) below.textContent = what;
    if (told !== now) announce(`${said}. ${(told = now)}`);
    const { village = [], votes = {}, roles = {} } = room.state;
    const living = village.filter(({ alive }) => alive).length;
    const many = done(room);
    const line = many ? TEXTS.count[phase](many.length, living, Object.values(votes).filter((seat) => seat === null).length) : "";
    if (count.textContent !== line) count.textContent = line;
    count.hidden = !line;
    const drawn = JSON.stringify([village, votes, roles, many, village.map(({ seat }) => room.seats.get(seat)).map((here) => here && [here.online, here.profile, seatColor(here)])]);
    if (drawn === shown) return;
    shown = drawn;
    fill(houses, housesOf(room));
  };
  return { node, update };
}
