/** A form for each message that has no buttons among the moves, so that authors can play before they write any HTML. */

import { labelOf, schemaForm, shortcuts } from "../form.js";
import { live } from "../page/elements.js";
import { el, fill } from "../page.js";
import { textOf } from "./words.js";
import { t } from "../page/language.js";

const maySend = (room, { by }) => by === "any" || by === room.seat.role || (by === "host" && room.mayHost);

const WATCHES = ["screen", "spectator"];

/** The seats that may be chosen, by name: all who take part. */
const seatsOf = (room) => [...room.seats.values()].filter((seat) => !seat.gone && !WATCHES.includes(seat.role));

/**
 * Controls that send a message: a button for each value if there is but one small choice, else a form; and the result.
 * → {node, refresh}; `sent()` is called when the server has taken one.
 * @param {any} room
 * @param {string} name
 * @param {any} message its entry in `about.messages`
 * @param {{ sent?: (data: any) => void, button?: (value: any, text: string, i: number) => HTMLElement }} options
 */
export function sender(room, name, message, { sent, button } = {}) {
  const schema = message.schema ?? {};
  const output = el("output", { class: "muted" });
  const error = el("p", { class: "error", role: "alert" });
  const form = schemaForm(schema, { prefix: `send-${name}`, seats: () => seatsOf(room) });
  const send = async (data) => {
    error.textContent = "";
    output.textContent = "";
    try {
      const reply = await room.send(name, data);
      if (reply !== null && reply !== undefined) output.textContent = `→ ${textOf(room, reply)}`;
      sent?.(data);
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
  const made = button ?? ((_, text) => el("button", { type: "button", dir: "auto", "data-key": `send-${name}-${text}` }, text));
  const controls = el("div", {});
  let shown = "";
  const refresh = () => {
    const quick = shortcuts(schema, seatsOf(room));
    const texts = quick?.values.map((value) => textOf(room, value)) ?? null;
    const now = JSON.stringify(texts);
    if (now === shown) return form.refresh();
    shown = now;
    if (!quick) {
      const text = form.empty ? labelOf(name) : [t("Send"), el("span", { class: "visually-hidden" }, ` ${labelOf(name)}`)];
      return fill(controls, el("form", { class: "stack", onsubmit: submit, novalidate: true }, form.empty ? null : form.element, el("button", { type: "submit", class: form.empty ? "" : "primary" }, text)));
    }
    const buttons = quick.values.map((value, i) => {
      const each = made(value, texts[i], i);
      each.addEventListener("click", () => send({ [quick.key]: value }));
      return each;
    });
    return fill(controls, el("div", { class: button ? "choices" : "row buttons", role: "group", "aria-label": labelOf(quick.key) }, buttons));
  };
  refresh();
  return { node: el("div", { class: "stack tight" }, controls, error, output), refresh };
}

function messageCard(room, name, message) {
  const note = el("span", { class: "badge", hidden: true });
  const { node, refresh: refreshed } = sender(room, name, message);
  const card = el("section", { class: "card flat stack tight message", "aria-label": labelOf(name) }, el("div", { class: "row spread" }, el("h3", {}, labelOf(name)), note), node);
  const refresh = () => {
    card.hidden = !maySend(room, message) || !wanted(room, name, message);
    const wrongPhase = message.phase && message.phase !== room.info.phase;
    note.textContent = wrongPhase ? t("in phase {phase}", { phase: labelOf(message.phase) }) : "";
    note.hidden = !wrongPhase;
    card.classList.toggle("muted", Boolean(wrongPhase));
    refreshed();
  };
  return { card, refresh };
}

/** The section with a form for each message that this seat may send, except answers; hidden if there is none. */
export function messages(room, about) {
  const all = Object.entries(about.messages ?? {});
  const cards = all.filter(([, { question }]) => !question).map(([name, message]) => messageCard(room, name, message));
  const section = el("section", { class: "card stack", "aria-labelledby": "messages-title" }, el("h2", { id: "messages-title" }, t("Messages")), cards.map(({ card }) => card), all.length ? null : el("p", { class: "muted" }, t("This game takes any message: Developer has a form for them.")));
  return live(section, room, () => {
    for (const each of cards) each.refresh();
    section.hidden = all.length > 0 && cards.every(({ card }) => card.hidden);
  }, ["$seats", "$info", "$moves", "$joined"]);
}

/** Whether a message gets a form: not if it has buttons among the moves, unless the list of these is incomplete. */
function wanted(room, name, { turn }) {
  if (!turn) return room.moreMoves || room.moves.every(({ type }) => type !== name);
  return room.moreMoves || (turn === true && room.isActive && !room.moves.length);
}
