/* The list of players: who lives, who has voted for whom, and at the end who was what. To choose and to vote, press one. */

import { attempt, el, fill, seatColor, seatList } from "../../static/page.js";

import { isAlive, nameOf, ROLES } from "./words.js";

const MESSAGES = { night: "choose", day: "vote" };
const DIED = { night: "killed by night", vote: "hanged", left: "left the village" };

export function village(room) {
  const list = el("ul", { class: "plain village", "aria-label": "The village" });
  const nobody = el("button", { type: "button", class: "wide nobody", "data-key": "nobody", onclick: () => act(room, null) }, "Nobody");
  const count = el("p", { class: "muted count-of", role: "status" });
  const lobby = seatList(room);
  const node = el("section", { class: "stack tight people" }, lobby, list, nobody, count);

  function draw() {
    const { status, phase } = room.info;
    const began = status !== "lobby";
    lobby.hidden = began;
    list.hidden = !began;
    if (!began) return void (nobody.hidden = count.hidden = true);
    fill(list, room.state.village.map((each) => row(room, each)));
    nobody.hidden = !mayAct(room);
    nobody.setAttribute("aria-pressed", String(!nobody.hidden && isNobody(room)));
    const votes = Object.values(room.state.votes).filter((seat) => seat === null).length;
    nobody.textContent = phase === "day" && votes ? `Nobody: ${plural(votes)}` : "Nobody";
    count.hidden = !(phase in MESSAGES);
    const done = phase === "night" ? room.state.ready : Object.keys(room.state.votes);
    const living = room.state.village.filter(({ alive }) => alive).length;
    const text = `${done.length} of ${living} ${phase === "night" ? "have chosen" : "have voted"}`;
    if (count.textContent !== text) count.textContent = text;
  }

  return { node, draw };
}

function mayAct(room) {
  return room.info.status === "playing" && room.info.phase in MESSAGES && room.seat.role === "player" && isAlive(room);
}

function act(room, whom) {
  const type = MESSAGES[room.info.phase];
  if (type) attempt(room.send(type, { whom }));
}

/** Whom this player has chosen or voted for; undefined before. */
function own(room) {
  if (room.info.phase === "day") return room.state.votes[room.seat.id];
  return room.state.ready.includes(room.seat.id) ? room.mine.choice : undefined;
}

function isNobody(room) {
  return own(room) === null;
}

const plural = (votes) => `${votes} ${votes === 1 ? "vote" : "votes"}`;

function row(room, { seat, name, alive, died }) {
  const { phase } = room.info;
  const here = room.seats.get(seat);
  const role = ROLES[room.state.roles[seat]];
  const voters = phase === "day" || phase === "evening" ? Object.entries(room.state.votes).filter(([, whom]) => whom === seat).map(([voter]) => nameOf(room, voter)) : [];
  const done = phase === "night" && room.state.ready.includes(seat);
  const notes = [seat === room.seat.id && "you", died && DIED[died], alive && here && !here.online && "away", done && "has chosen"].filter(Boolean);
  const children = [
    el("span", { class: "face", "aria-hidden": "true" }, alive ? [...name][0]?.toUpperCase() : "✝"),
    el("span", { class: "who" }, el("span", { class: "name" }, el("bdi", {}, name)), notes.length ? el("span", { class: "note" }, notes.join(", ")) : null),
    role ? el("span", { class: "badge was" }, el("span", { "aria-hidden": "true" }, `${role.mark} `), role.name) : null,
    voters.length ? el("span", { class: "votes" }, el("span", { class: "badge tally" }, plural(voters.length)), el("span", { class: "by" }, voters.join(", "))) : null,
  ];
  const classes = ["villager", here ? seatColor(here) : "", !alive && "dead"];
  if (!alive || !mayAct(room)) return el("li", { class: classes, "data-seat": seat }, children);
  const pressed = String(own(room) === seat);
  return el("li", { class: "choosable" }, el("button", { type: "button", class: classes, "data-seat": seat, "data-key": `seat-${seat}`, "aria-pressed": pressed, onclick: () => act(room, seat) }, children));
}
