/*
 * A player's own card: what only this seat may know, the werewolves' chat too. It lies face down, so that neighbours
 * see the same on every phone.
 */

import { chatBox, el, fill } from "../../static/kit/kit.js";

import { isHere, nameOf, ROLES, TEXTS } from "./words.js";

const OPEN_MS = 15_000; // after so long without a touch it turns face down by itself, for phones that are left on the table

export function roleCard(room) {
  let open = false;
  let turning = null;
  let chat = null;
  const text = el("div", { class: "stack tight" });
  const face = el("div", { class: "face-up", id: "own-card" }, text);
  const button = el("button", { type: "button", class: "wide big", "aria-controls": "own-card" });
  const node = el("section", { class: "card own-card", "aria-label": TEXTS.card.label }, button, face);

  function turn(up) {
    clearTimeout(turning);
    open = up;
    if (up) turning = setTimeout(() => turn(false), OPEN_MS);
    draw();
  }

  function draw() {
    node.hidden = room.info.status !== "playing" || !room.mine?.role || !isHere(room);
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? TEXTS.card.turn : TEXTS.card.look;
    face.hidden = !open || node.hidden;
    fill(text, face.hidden ? null : contents(room));
    const talks = Boolean(room.groups.wolves);
    if (talks && !chat && open) face.append((chat = chatBox(room, { to: "group:wolves", title: TEXTS.card.chat })));
    else if (!talks && chat) chat = void chat.remove();
  }

  button.addEventListener("click", () => turn(!open));
  face.addEventListener("input", () => turn(open));
  node.addEventListener("keydown", (event) => event.key === "Escape" && turn(false));
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && turn(false));
  return { node, draw };
}

function contents(room) {
  const { role, findings } = room.mine;
  const { name, mark, text } = ROLES[role];
  const mates = room.groups.wolves;
  return [
    el("div", { class: "role" }, el("span", { class: "role-mark", "aria-hidden": "true" }, mark), el("strong", { class: "role-name" }, name)),
    el("p", {}, text),
    mates ? pack(room, mates) : null,
    role === "seer" && findings.length ? el("ul", { class: "plain findings", "aria-label": TEXTS.card.seen }, findings.map((each) => el("li", { class: each.wolf ? "bad" : "good" }, TEXTS.card.found(each.night, nameOf(room, each.seat), each.wolf)))) : null,
  ];
}

/** The other werewolves, and whom they have chosen tonight. */
function pack(room, { wolves, choices }) {
  const others = wolves.filter((seat) => seat !== room.seat.id);
  if (!others.length) return el("p", {}, TEXTS.card.alone);
  const said = (seat) => (room.info.phase === "night" && seat in choices ? TEXTS.card.chooses(nameOf(room, seat), nameOf(room, choices[seat])) : nameOf(room, seat));
  return el("ul", { class: "plain pack", "aria-label": TEXTS.card.others }, others.map((seat) => el("li", {}, said(seat))));
}
