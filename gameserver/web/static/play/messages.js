/** A form for each message of the game that is not sent by the buttons of moves, so that an author plays before writing any HTML. */

import { labelOf, schemaForm, shortcuts } from "../form.js";
import { el, render } from "../page.js";
import { textOf } from "./words.js";

const maySend = (room, { by }) => by === "any" || by === room.seat.role || (by === "host" && room.mayHost);

function messageCard(room, name, message) {
  const seats = () => [...room.seats.values()].filter((seat) => !seat.gone);
  const output = el("output", { class: "muted" });
  const error = el("p", { class: "error", role: "alert" });
  const note = el("span", { class: "badge", hidden: true });
  const form = schemaForm(message.schema ?? {}, { prefix: `send-${name}`, seats });
  const send = async (data) => {
    error.textContent = "";
    output.textContent = "";
    try {
      const reply = await room.send(name, data);
      if (reply !== null && reply !== undefined) output.textContent = `→ ${textOf(room, reply)}`;
    } catch (failed) {
      error.textContent = form.explain(failed);
    }
  };
  const submit = (event) => {
    event.preventDefault();
    try {
      send(form.value());
    } catch (failed) {
      error.textContent = form.explain(failed);
    }
  };
  const quick = shortcuts(message.schema ?? {});
  const controls = quick
    ? el("div", { class: "row buttons", role: "group", "aria-label": labelOf(quick.key) }, quick.values.map((value) => el("button", { type: "button", onclick: () => send({ [quick.key]: value }) }, textOf(room, value))))
    : el("form", { class: "stack", onsubmit: submit, novalidate: true }, form.empty ? null : form.element, el("button", { type: "submit", class: form.empty ? "" : "primary" }, form.empty ? labelOf(name) : "Send"));
  const card = el("section", { class: "card flat stack tight message", "aria-label": labelOf(name) }, el("div", { class: "row spread" }, el("h3", {}, labelOf(name)), note), controls, error, output);
  const refresh = () => {
    card.hidden = !maySend(room, message) || !wanted(room, name, message);
    const asked = room.info.asked[name];
    const isAsked = Boolean(asked?.includes(room.seat.id));
    const answered = room.info.answered[name] ?? [];
    const wrongPhase = message.phase && message.phase !== room.info.phase;
    const text = wrongPhase ? `in phase ${message.phase}` : message.question ? (asked ? `${isAsked ? "asked" : "others are asked"}, ${answered.length} answered` : "not asked") : "";
    note.textContent = text;
    note.hidden = !text;
    card.classList.toggle("muted", Boolean(wrongPhase || (message.question && !isAsked)));
    form.refresh();
  };
  return { card, refresh };
}

/** The section with a form for each message that this seat may send; it is hidden where there is none. */
export function messages(room, about) {
  const cards = Object.entries(about.messages ?? {}).map(([name, message]) => messageCard(room, name, message));
  const section = el("section", { class: "card stack", "aria-labelledby": "messages-title" }, el("h2", { id: "messages-title" }, "Messages"), cards.map(({ card }) => card), cards.length ? null : el("p", { class: "muted" }, "This game takes any message: Developer has a form for them."));
  render(room, () => {
    for (const each of cards) each.refresh();
    section.hidden = cards.length > 0 && cards.every(({ card }) => card.hidden);
  }, ["$seats", "$info", "$moves", "$joined"]);
  return section;
}

/** What is sent in turns has its buttons among the moves, unless there are more of those than were told, or none at all. */
function wanted(room, name, { turn }) {
  if (!turn) return room.moreMoves || room.moves.every(({ type }) => type !== name);
  return room.moreMoves || (turn === true && room.isActive && !room.moves.length);
}
