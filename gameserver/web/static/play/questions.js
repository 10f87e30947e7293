/** The game's questions: a card for each, with the answers to choose from, who has answered, and the time left. */

import { labelOf } from "../form.js";
import { live } from "../page/elements.js";
import { countdown, el, fill, seatColor } from "../page.js";
import { nameTag, roster } from "../kit/people.js";
import { sender } from "./messages.js";
import { t } from "../page/language.js";

const COLOURS = 8;

/**
 * The cards of all questions that are open; hidden if there are none.
 * @param {any} room
 * @param {any} about
 */
export function questions(room, about) {
  const cards = Object.entries(about.messages ?? {}).filter(([, { question }]) => question).map(([name, message]) => questionOf(room, name, message));
  const node = el("div", { class: "stack questions" }, cards.map(({ card }) => card));
  return live(node, room, () => {
    for (const each of cards) each.draw();
    node.hidden = cards.every(({ card }) => card.hidden);
  }, ["$seats", "$info", "$timers", "$joined"]);
}

function questionOf(room, name, message) {
  const card = el("section", { class: "card stack asked", "aria-label": labelOf(name) });
  const count = el("p", { class: "answered", role: "status" });
  const people = el("div", {});
  const head = () => el("div", { class: "row spread nowrap" }, el("h2", {}, labelOf(name)), countdown(room, name));
  let open = "";
  let chosen = null;
  let form = null;
  let seen = "";

  const choice = (value, text, i) => el("button", { type: "button", class: ["choice", `color-${(i % COLOURS) + 1}`], dir: "auto", "data-key": `${name} ${text}`, "data-value": JSON.stringify(value), "aria-pressed": "false" }, text);
  const mark = () => {
    for (const button of /** @type {any} */ (card.querySelectorAll("button.choice"))) button.setAttribute("aria-pressed", String(chosen !== null && button.dataset.value === JSON.stringify(chosen)));
  };

  /** Begin anew, without the earlier answer, when a question is asked again. */
  const begin = (mine) => {
    chosen = null;
    form = mine ? sender(room, name, message, { sent: (data) => ((chosen = Object.values(data)[0] ?? null), mark()), button: choice }) : null;
    fill(card, head(), form?.node, el("div", { class: "stack tight" }, count, people));
  };

  const draw = () => {
    const asked = room.info.asked[name];
    card.hidden = !asked;
    if (!asked) return void (open = "");
    const mine = asked.includes(room.seat.id);
    const answered = room.info.answered[name] ?? [];
    const now = JSON.stringify([mine, room.timers.get(name)?.ends ?? null]);
    if (open === "" || (now !== open && !answered.length)) begin(mine);
    open = now;
    form?.refresh();
    mark();
    const text = answered.includes(room.seat.id) ? t("{n} of {most} have answered, you too", { n: answered.length, most: asked.length }) : t("{n} of {most} have answered", { n: answered.length, most: asked.length });
    if (count.textContent !== text) count.textContent = text;
    const seats = asked.map((id) => room.seats.get(id)).filter(Boolean);
    const drawn = JSON.stringify(seats.map((seat) => [seat.id, seat.name, seat.online, seatColor(seat), answered.includes(seat.id)]));
    if (drawn === seen && people.childElementCount) return undefined;
    seen = drawn;
    return fill(people, roster(room, { seats, label: t("Who is asked"), tag: (seat) => nameTag(room, seat, { notes: [seat.id === room.seat.id && t("you")], done: answered.includes(seat.id), doneWord: t("has answered") }) }));
  };

  return { card, draw };
}
