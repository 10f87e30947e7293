/*
 * For whoever writes the game: the documents as they are, each event, and any message by hand. Closed until it is
 * opened; players need none of it.
 */

import { attempt, el, fill, render } from "../page.js";

const REDRAW_MS = 100; // how often the tree is drawn at most, for games that change many times a second
const SHOWN_ITEMS = 100; // of one list or dict
const SHOWN_EVENTS = 100;
const DATA_CHARS = 2000;

let made = null;

/** The section; the same in all scenes, since it keeps the events that have come. */
export function developer(room) {
  made ??= el("details", { class: "card developer" }, el("summary", {}, "Developer"), el("div", { class: "stack" }, anyMessage(room), documents(room), events(room)));
  return made;
}

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

function documents(room) {
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
  return el("section", { class: "stack" }, el("h3", {}, "State"), tree);
}

/** A form for any message: for games in the function style, and to see what a game answers to nonsense. */
function anyMessage(room) {
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
  return el("section", { class: "stack message" }, el("h3", {}, "A message by hand"), el("form", { class: "stack", onsubmit: submit }, row("any-type", "Type", type), row("any-data", "Data", data), el("button", { type: "submit" }, "Send"), output));
}

function events(room) {
  const list = el("ol", { reversed: true });
  const log = el("div", { class: "events", role: "log", "aria-label": "Events", tabindex: "0" }, list);
  const none = el("p", { class: "muted small" }, "None yet.");
  room.on("*", (data, event) => {
    none.remove();
    const text = data === null || data === undefined ? "" : (JSON.stringify(data) ?? "").slice(0, DATA_CHARS);
    list.prepend(el("li", {}, el("span", { class: "type" }, event?.type ?? "message"), text));
    while (list.children.length > SHOWN_EVENTS) list.lastElementChild.remove();
  });
  return el("section", { class: "stack" }, el("h3", {}, "Events"), none, log);
}
