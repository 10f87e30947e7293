/*
 * Documents for people: numbers with labels, one table for what belongs to players, boards, cards, lists. How a value
 * is shown depends only on its shape; JSON is for developers.
 */

import { labelOf } from "../form.js";
import { live } from "../page/elements.js";
import { el, fill, seatColor } from "../page.js";
import { isPlain, isSeat, keyOf, textOf, textsOf } from "./words.js";
import { said, t } from "../page/language.js";

const SHOWN = 100; // the most items that are shown of one list or dict
const COLUMNS = 8;
const MANY = 8; // up to so many numbers get a tile each
const DEEPEST = 6;
const REDRAW_MS = 100; // for games that change many times a second
const BOARDS = [9, 16, 25, 36, 49, 64, 81, 100];

const isDict = (value) => !isPlain(value) && !Array.isArray(value);

/** What was shown at each path the last time, to mark what has changed. */
let before = new Map();
let now = new Map();

export function documents(room) {
  const body = el("div", { class: "stack" });
  const section = el("section", { class: "card stack documents", "aria-labelledby": "table-title" }, el("h2", { id: "table-title" }, t("Table")), body);
  let due = null;
  const draw = () => {
    due = null;
    now = new Map();
    const docs = [["mine", t("Yours alone"), room.mine], ["room", null, room.state]];
    for (const [name, doc] of Object.entries(room.groups)) docs.push([`group ${name}`, t("For {group}", { group: room.name(`group:${name}`) }), doc]);
    for (const [name, doc] of Object.entries(room.roles)) docs.push([`role ${name}`, t("For each {role}", { role: said(name) }), doc]);
    const shown = docs.filter(([, , doc]) => doc && Object.keys(doc).length);
    section.hidden = !shown.length;
    fill(body, shown.map(([path, title, doc]) => el("div", { class: ["stack", "tight", title && "own"] }, title ? el("p", { class: "badge" }, title) : null, fields(room, doc, path, 0))));
    before = now;
  };
  draw();
  return live(section, room, () => (due ??= setTimeout(draw, REDRAW_MS)), ["$change", "$seats", "$joined"]);
}

/** One dict: its plain values side by side, a table for what belongs to players, each other value under its name. */
export function fields(room, doc, path, depth) {
  const entries = Object.entries(doc).slice(0, SHOWN);
  const plain = entries.filter(([, value]) => isPlain(value));
  const others = entries.filter(([, value]) => !isPlain(value));
  const players = others.filter(([, value]) => isOfPlayers(room, value));
  const [alike, rest] = sorted(others.filter(([, value]) => !isOfPlayers(room, value)));
  const parts = [
    plain.length ? el("dl", { class: ["stats", plain.length > MANY && "close"] }, plain.map(([key, value]) => el("div", { class: ["stat", mark(room, `${path}/${key}`, value)] }, el("dt", {}, keyOf(room, key, doc)), el("dd", { dir: "auto" }, textOf(room, value))))) : null,
    players.length ? playersTable(room, players, path, depth) : null,
    alike.map((group) => columnsTable(room, group, path)),
    rest.map(([key, value]) => el("div", { class: "stack tight part" }, el("h3", { class: "part-title" }, keyOf(room, key, doc), count(value)), shape(room, value, `${path}/${key}`, depth + 1))),
    Object.keys(doc).length > SHOWN ? el("p", { class: "muted small" }, t("and {n} more", { n: Object.keys(doc).length - SHOWN })) : null,
  ].flat().filter(Boolean);
  return fitting(el("div", { class: "parts" }, parts), parts);
}

/** On a screen that does not scroll, show as many items as fit, and the rest in words; see kit/fit.js. */
function fitting(node, items) {
  const rest = el("p", { class: "fit-rest muted", hidden: true });
  const showItems = (wanted) => {
    items.forEach((item, i) => (item.hidden = i >= Math.max(1, wanted)));
    const left = items.filter((item) => item.hidden).length;
    rest.hidden = !left;
    rest.textContent = left ? t("and {n} more", { n: left }) : "";
  };
  node.append(rest);
  node.dataset.fit = "";
  return Object.assign(node, { showItems, itemCount: items.length });
}

/** Entries in groups: dicts of plain values with the same keys, such as owner and armies of each place; and the rest. */
function sorted(entries) {
  const groups = new Map();
  for (const entry of entries) {
    const [, value] = entry;
    const keys = isDict(value) && Object.values(value).every(isPlain) ? Object.keys(value).sort().join("\n") : "";
    if (keys) groups.set(keys, [...(groups.get(keys) ?? []), entry]);
  }
  const alike = [...groups.values()].filter((group) => group.length > 1);
  return [alike, entries.filter((entry) => !alike.some((group) => group.includes(entry)))];
}

function columnsTable(room, dicts, path) {
  const [[, first]] = dicts;
  const head = el("tr", {}, el("td", {}), dicts.map(([key]) => el("th", { scope: "col" }, labelOf(key))));
  const row = (each) => el("tr", {}, el("th", { scope: "row", dir: "auto" }, keyOf(room, each, first)), dicts.map(([key, value]) => el("td", {}, cell(room, value[each], `${path}/${key}/${each}`))));
  const made = Object.keys(first).map(row);
  return scrolling(el("table", {}, el("thead", {}, head), el("tbody", {}, made)), made);
}

function count(value) {
  const many = Array.isArray(value) ? value.length : Object.keys(value).length;
  return many > 1 ? el("span", { class: "muted small" }, ` (${many})`) : null;
}

function shape(room, value, path, depth) {
  if (isPlain(value) || depth > DEEPEST) return cell(room, value, path);
  const items = Array.isArray(value) ? value : Object.values(value);
  if (!items.length) return el("p", { class: "muted" }, t("none"));
  if (Array.isArray(value)) return list(room, value, path, depth);
  const rows = Object.entries(value).slice(0, SHOWN);
  if (rows.length > 1 && rows.every(([, item]) => isDict(item)) && columnsOf(items).length <= COLUMNS) return table(room, rows.map(([key, item]) => [keyOf(room, key, value), key, item]), path, depth);
  return fields(room, value, path, depth);
}

function list(room, value, path, depth) {
  const items = value.slice(0, SHOWN);
  const more = value.length > SHOWN ? el("li", { class: "muted" }, t("and {n} more", { n: value.length - SHOWN })) : null;
  if (items.every(isPlain)) {
    const side = Math.sqrt(value.length);
    if (BOARDS.includes(value.length) && new Set(value).size <= 6) return board(room, Array.from({ length: side }, (_, y) => value.slice(y * side, (y + 1) * side)), path);
    return el("ul", { class: "cards plain" }, textsOf(room, items).map((text, i) => el("li", { class: ["piece", mark(room, `${path}/${i}`, items[i])], dir: "auto" }, text)), more);
  }
  if (items.every((item) => Array.isArray(item) && item.every(isPlain))) {
    const wide = items[0].length;
    if (items.length > 1 && wide > 2 && wide <= 20 && items.every((item) => item.length === wide)) return board(room, items, path);
    return el("ul", { class: "cards plain" }, items.map((item, i) => el("li", { class: ["piece", mark(room, `${path}/${i}`, item)], dir: "auto" }, pair(room, item))), more);
  }
  if (items.every(isDict) && columnsOf(items).length <= COLUMNS) return table(room, items.map((item, i) => [String(i + 1), String(i), item]), path, depth);
  return el("ol", { class: "stack tight" }, items.map((item, i) => el("li", {}, shape(room, item, `${path}/${i}`, depth + 1))), more);
}

/** A short list such as ["apple", "red"]: the first item large, the rest small. */
function pair(room, [first, ...rest]) {
  const said = rest.filter((item) => item !== null);
  return [textOf(room, first), said.length ? el("span", { class: "small muted" }, ` ${textOf(room, said)}`) : null];
}

/** A board. If there are few kinds of value, each has a colour: players have theirs, by id or by number. */
function board(room, rows, path) {
  const kinds = [...new Set(rows.flat())].filter((value) => value !== null);
  const tone = (value) => {
    if (kinds.length > 8) return "";
    if (isSeat(room, value)) return `disc ${seatColor(room.seats.get(value))}`;
    return `disc color-${((Number.isInteger(value) ? Math.abs(value) : kinds.indexOf(value)) % 8) + 1}`;
  };
  const inner = (value) => (value === null ? el("span", { class: "muted" }, el("span", { "aria-hidden": "true" }, "·"), el("span", { class: "visually-hidden" }, t("empty"))) : el("span", { class: tone(value), dir: "auto" }, textOf(room, value)));
  const square = (value, x, y) => el("td", { class: mark(room, `${path}/${y}/${x}`, value) }, inner(value));
  return scrolling(el("table", { class: "board", dir: "ltr" }, el("tbody", {}, rows.map((row, y) => el("tr", {}, row.map((value, x) => square(value, x, y)))))));
}

function columnsOf(items) {
  return [...new Set(items.flatMap((item) => Object.keys(item)))];
}

function table(room, rows, path, depth) {
  const columns = columnsOf(rows.map(([, , item]) => item));
  const head = el("tr", {}, el("td", {}), columns.map((key) => el("th", { scope: "col" }, keyOf(room, key))));
  const row = ([name, key, item]) => el("tr", {}, el("th", { scope: "row", dir: "auto" }, name), columns.map((column) => el("td", {}, Object.hasOwn(item, column) ? inside(room, item[column], `${path}/${key}/${column}`, depth) : "")));
  const made = rows.map(row);
  return scrolling(el("table", {}, el("thead", {}, head), el("tbody", {}, made)), made);
}

/** One table of several dicts by player, with a column for each dict. */
function playersTable(room, dicts, path, depth) {
  const seats = [...room.seats.values()].filter(({ id }) => dicts.some(([, value]) => Object.hasOwn(value, id)));
  const head = el("tr", {}, el("td", {}), dicts.map(([key]) => el("th", { scope: "col" }, labelOf(key))));
  const row = (seat) => el("tr", { class: seat.id === room.seat.id ? "me" : "" }, el("th", { scope: "row", dir: "auto" }, seat.name), dicts.map(([key, value]) => el("td", {}, Object.hasOwn(value, seat.id) ? inside(room, value[seat.id], `${path}/${key}/${seat.id}`, depth) : "")));
  const made = seats.map(row);
  return scrolling(el("table", {}, el("thead", {}, head), el("tbody", {}, made)), made);
}

function isOfPlayers(room, value) {
  const keys = isDict(value) ? Object.keys(value) : [];
  return keys.length > 0 && keys.every((key) => isSeat(room, key));
}

function inside(room, value, path, depth) {
  return isPlain(value) ? cell(room, value, path) : shape(room, value, path, depth + 1);
}

function cell(room, value, path) {
  return el("span", { class: mark(room, path, value), dir: "auto" }, textOf(room, value));
}

/** The class of a value that has changed since the last time. */
function mark(room, path, value) {
  const text = textOf(room, value);
  now.set(path, text);
  return before.size > 0 && before.get(path) !== text ? "changed" : "";
}

/** A box that scrolls sideways, by keys as well, if it is wider than the screen; it shows as many rows as fit. */
function scrolling(node, rows = []) {
  const box = el("div", { class: "scrolling", tabindex: "0", role: "group", "aria-label": t("Table") }, node);
  return rows.length > 2 ? fitting(box, rows) : box;
}
