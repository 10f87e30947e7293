/* The list of players: who lives, who has voted for whom, and at the end who was what. To choose and to vote, press one. */

import { attempt, avatar, el, fill, seatColor } from "../../static/kit/kit.js";

import { isAlive, nameOf, ROLES, TEXTS } from "./words.js";

const MESSAGES = { night: "choose", day: "vote" };

export const plural = TEXTS.votes;

/** The list with its buttons: {node, draw}. */
export function village(room) {
  const list = el("ul", { class: "plain village", "aria-label": TEXTS.village });
  const nobody = el("button", { type: "button", class: "wide nobody", "data-key": "nobody", onclick: () => act(room, null) }, TEXTS.nobody);
  const count = el("p", { class: "muted count-of", role: "status" });
  const node = el("section", { class: "stack tight people" }, list, nobody, count);

  function draw() {
    const { phase } = room.info;
    const all = room.state.village ?? [];
    fill(list, all.map((each) => villager(room, each)));
    nobody.hidden = !mayAct(room);
    nobody.setAttribute("aria-pressed", String(!nobody.hidden && own(room) === null));
    const votes = Object.values(room.state.votes).filter((seat) => seat === null).length;
    nobody.textContent = phase === "day" && votes ? TEXTS.forNobody(votes) : TEXTS.nobody;
    count.hidden = !(phase in MESSAGES);
    const done = phase === "night" ? room.state.ready : Object.keys(room.state.votes);
    const text = count.hidden ? "" : TEXTS.count[phase](done.length, all.filter(({ alive }) => alive).length, 0);
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

/** Somebody as an item of the list: a button where this player may choose. */
export function villager(room, { seat, name, alive, died }) {
  const { phase } = room.info;
  const here = room.seats.get(seat);
  const role = ROLES[room.state.roles[seat]];
  const voters = phase === "day" || phase === "evening" ? Object.entries(room.state.votes).filter(([, whom]) => whom === seat).map(([voter]) => nameOf(room, voter)) : [];
  const done = phase === "night" && room.state.ready.includes(seat);
  const notes = [seat === room.seat.id && TEXTS.you, died && TEXTS.died[died], alive && here && !here.online && TEXTS.away, done && TEXTS.chosen].filter(Boolean);
  const children = [
    alive ? avatar(here ?? { name }) : el("span", { class: "face", "aria-hidden": "true" }, "✝"),
    el("span", { class: "who" }, el("span", { class: "name", dir: "auto" }, name), notes.length ? el("span", { class: "note" }, notes.join(", ")) : null),
    role ? el("span", { class: "badge was" }, el("span", { "aria-hidden": "true" }, `${role.mark} `), role.name) : null,
    voters.length ? el("span", { class: "votes" }, el("span", { class: "badge tally" }, plural(voters.length)), el("span", { class: "by" }, voters.join(", "))) : null,
  ];
  const classes = ["villager", here ? seatColor(here) : "", !alive && "dead"];
  if (!alive || !mayAct(room)) return el("li", { class: classes, "data-seat": seat, "data-keep": seat === room.seat.id ? "" : null }, children);
  const pressed = String(own(room) === seat);
  return el("li", { class: "choosable" }, el("button", { type: "button", class: classes, "data-seat": seat, "data-key": `seat-${seat}`, "aria-pressed": pressed, onclick: () => act(room, seat) }, children));
}
