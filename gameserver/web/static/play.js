/*
 * The page of a game that brings none: all that the framework knows of a room, and a form for each message, so that an
 * author plays before writing any HTML.
 */

import { announce, attempt, chatBox, countdown, el, enter, fill, render, seatList, shareCard, startButton, teamList, toast } from "./page.js";
import { labelOf, schemaForm, shortcuts } from "./form.js";

const REDRAW_MS = 100; // of the tree, for games that change many times a second
const SHOWN_ITEMS = 100; // of one list or dict
const SHOWN_EVENTS = 100;
const DATA_CHARS = 2000;

const mount = document.querySelector("main");
const { room, about } = await enter({ mount });

// What is going on

const STATUS = { lobby: "Waiting to start", playing: "Playing", over: "Over" };

function head() {
  const line = el("p", { class: "state-line" });
  const result = el("p", {});
  const timers = el("div", { class: "timers" });
  const start = startButton(room, { min: about.min_players });
  let said = "";
  let shown = "";
  render(room, () => {
    const { status, phase, paused, result: outcome } = room.info;
    const text = [STATUS[status] ?? status, phase && `phase ${phase}`, paused && "paused"].filter(Boolean).join(" · ");
    if (text !== said) announce((said = text));
    line.textContent = text;
    result.hidden = status !== "over" || !outcome;
    result.textContent = outcome ? Object.entries(outcome).map(([key, value]) => `${labelOf(key)}: ${JSON.stringify(value)}`).join(" · ") : "";
    const names = [...room.timers.keys()];
    if (names.join() === shown) return;
    shown = names.join();
    fill(timers, names.map((name) => el("span", { class: "chip" }, `${labelOf(name)} `, countdown(room, name))));
  });
  return el("section", { class: "card stack", "aria-label": "What is going on" }, line, result, timers, start);
}

// Documents

const open = new Map();
let before = new Map();
let now = new Map();

function leafText(value) {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return JSON.stringify(value);
}

function branch(key, value, path, depth) {
  const name = el("span", { class: "key" }, String(key));
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) {
    const text = leafText(value);
    now.set(path, text);
    const changed = before.size > 0 && before.get(path) !== text;
    return el("div", { class: ["leaf", changed && "changed"] }, name, el("span", { class: typeof value === "string" ? "string" : "other" }, text));
  }
  const entries = Array.isArray(value) ? value.map((item, i) => [i, item]) : Object.entries(value);
  const count = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  if (!entries.length) return el("div", { class: "leaf" }, name, el("span", { class: "muted" }, Array.isArray(value) ? "[]" : "{}"));
  const isOpen = open.get(path) ?? depth < 3;
  const node = el("details", { open: isOpen, ontoggle: () => open.set(path, node.open) }, el("summary", { "data-key": path }, name, el("span", { class: "muted" }, count)));
  for (const [each, item] of entries.slice(0, SHOWN_ITEMS)) node.append(branch(each, item, `${path}/${each}`, depth + 1));
  if (entries.length > SHOWN_ITEMS) node.append(el("div", { class: "leaf muted" }, `and ${entries.length - SHOWN_ITEMS} more`));
  return node;
}

function documents() {
  const tree = el("div", { class: "tree" });
  let due = null;
  const draw = () => {
    due = null;
    now = new Map();
    const docs = [["room", room.state], ["mine", room.mine]];
    for (const [name, doc] of Object.entries(room.groups)) docs.push([`group ${name}`, doc]);
    for (const [name, doc] of Object.entries(room.roles)) docs.push([`role ${name}`, doc]);
    fill(tree, docs.filter(([, doc]) => doc !== undefined && doc !== null).map(([name, doc]) => branch(name, doc, name, 0)));
    before = now;
  };
  draw();
  render(room, () => (due ??= setTimeout(draw, REDRAW_MS)), ["$change", "$joined"]);
  return el("section", { class: "card stack" }, el("h2", {}, "State"), tree);
}

// Messages

const maySend = ({ by }) => by === "any" || by === room.seat.role || (by === "host" && room.mayHost);
const seats = () => [...room.seats.values()].filter((seat) => !seat.gone);

function messageCard(name, message) {
  const output = el("output", { class: "muted" });
  const error = el("p", { class: "error", role: "alert" });
  const note = el("span", { class: "badge", hidden: true });
  const form = schemaForm(message.schema ?? {}, { prefix: `send-${name}`, seats });
  const send = async (data) => {
    error.textContent = "";
    output.textContent = "";
    try {
      const reply = await room.send(name, data);
      if (reply !== null && reply !== undefined) output.textContent = `→ ${JSON.stringify(reply)}`;
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
    ? el("div", { class: "row buttons", role: "group", "aria-label": labelOf(quick.key) }, quick.values.map((value) => el("button", { type: "button", onclick: () => send({ [quick.key]: value }) }, typeof value === "string" ? value : JSON.stringify(value))))
    : el("form", { class: "stack", onsubmit: submit, novalidate: true }, form.empty ? null : form.element, el("button", { type: "submit", class: form.empty ? "" : "primary" }, form.empty ? labelOf(name) : "Send"));
  const card = el("section", { class: "card flat stack tight message", "aria-label": labelOf(name) }, el("div", { class: "row spread" }, el("h3", {}, labelOf(name)), note), controls, error, output);
  const refresh = () => {
    card.hidden = !maySend(message);
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

/** Any message by hand: for games in the function style, and to see what a game says to nonsense. */
function anyMessage(open) {
  const type = el("input", { id: "any-type", autocomplete: "off", spellcheck: "false", required: true });
  const data = el("textarea", { id: "any-data", spellcheck: "false", placeholder: "text, or JSON such as {\"cell\": 4}" });
  const output = el("output", { class: "muted" });
  const submit = async (event) => {
    event.preventDefault();
    let value = null;
    try {
      if (data.value.trim()) value = JSON.parse(data.value);
    } catch {
      value = data.value;
    }
    output.textContent = "";
    const reply = await attempt(room.send(type.value.trim(), value));
    if (reply !== null && reply !== undefined) output.textContent = `→ ${JSON.stringify(reply)}`;
  };
  const row = (id, text, control) => el("div", { class: "field" }, el("label", { htmlFor: id }, text), control);
  return el("details", { open, class: "message" }, el("summary", {}, "A message by hand"), el("form", { class: "stack", onsubmit: submit }, row("any-type", "Type", type), row("any-data", "Data", data), el("button", { type: "submit" }, "Send"), output));
}

function messages() {
  const cards = Object.entries(about.messages ?? {}).map(([name, message]) => messageCard(name, message));
  const none = el("p", { class: "muted" }, "Nothing for you to send.");
  render(room, () => {
    for (const each of cards) each.refresh();
    none.hidden = cards.length === 0 || cards.some(({ card }) => !card.hidden);
  }, ["$seats", "$info", "$joined"]);
  return el("section", { class: "card stack" }, el("h2", {}, "Messages"), none, cards.map(({ card }) => card), anyMessage(cards.length === 0));
}

// Events

function events() {
  const list = el("ol", { reversed: true });
  const log = el("div", { class: "events", role: "log", "aria-label": "Events", tabindex: "0" }, list);
  const none = el("p", { class: "muted small" }, "None yet.");
  room.on("*", (data, event) => {
    none.remove();
    const text = data === null || data === undefined ? "" : (JSON.stringify(data) ?? "").slice(0, DATA_CHARS);
    list.prepend(el("li", {}, el("span", { class: "type" }, event?.type ?? "message"), text));
    while (list.children.length > SHOWN_EVENTS) list.lastElementChild.remove();
  });
  return el("section", { class: "card stack" }, el("h2", {}, "Events"), none, log);
}

const invite = el("details", { class: "card", open: room.info.status === "lobby" && matchMedia("(min-width: 60rem)").matches }, el("summary", {}, "Invite"), shareCard(room));

fill(
  mount,
  el("h1", { class: "visually-hidden" }, `${about.title}, room ${room.code}`),
  el(
    "div",
    { class: "grid two" },
    el("div", { class: "stack" }, head(), messages(), documents()),
    el("div", { class: "stack" }, el("section", { class: "card stack" }, el("h2", {}, "Players"), teamList(room), seatList(room, { role: null })), invite, el("div", { class: "card" }, chatBox(room)), events()),
  ),
);

room.on("$chat", (line) => line?.from && line.from.seat !== room.seat.id && document.visibilityState === "visible" && !document.querySelector("game-chat")?.contains(document.activeElement) && toast(`${line.from.name}: ${line.text}`, { ms: 3000 }));
