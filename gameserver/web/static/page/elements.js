/** Elements: how they are made, filled, and kept up to date with a room. */

import { afterPress } from "./pressing.js";

/**
 * Make an element. Children are nodes or texts; null, undefined and false are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any> | null} props
 * @param {any[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, props = {}, ...children) {
  /** @type {any} */
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") node.className = Array.isArray(value) ? value.filter(Boolean).join(" ") : value;
    else if (key === "text") node.textContent = value;
    else if (key === "value") node.value = value;
    else if (key === "style") for (const [name, text] of Object.entries(value)) node.style.setProperty(name, text);
    else if (key.startsWith("on") && typeof value === "function") node.addEventListener(key.slice(2).toLowerCase(), value);
    else if (key.includes("-") || !(key in node) || typeof value === "string") node.setAttribute(key === "htmlFor" ? "for" : key, value === true ? "" : value);
    else node[key] = value;
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** As replaceChildren, but the focus stays on the element with the same id or data-key. */
export function fill(node, ...children) {
  /** @type {any} */
  const focused = document.activeElement;
  const mark = focused && node.contains(focused) ? focused.id || focused.dataset.key : null;
  const spot = mark && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  if (mark && !node.contains(document.activeElement)) {
    /** @type {any} */
    const again = [...node.querySelectorAll("[id], [data-key]")].find((each) => each.id === mark || each.dataset.key === mark);
    again?.focus({ preventScroll: true });
    try {
      if (spot && spot[0] !== null) again?.setSelectionRange(...spot);
    } catch {
      // not a field with a text cursor
    }
  }
  return node;
}

const WATCHED = ["$change", "$seats", "$info", "$moves", "$timers", "$joined"];

/** Draw now, and once after each bunch of changes; if something is pressed then, when it is released. */
export function render(room, draw, events = WATCHED) {
  let due = false;
  let ended = false;
  const again = () => {
    due = false;
    if (!ended) draw(room);
  };
  const soon = () => {
    if (due) return;
    due = true;
    queueMicrotask(() => afterPress(again));
  };
  const ends = events.map((event) => room.on(event, soon));
  draw(room);
  return () => {
    ended = true;
    for (const end of ends) if (typeof end === "function") end();
  };
}

/** As render, for one element: it ends by itself once the element was shown and is gone. */
export function live(node, room, draw, events = WATCHED) {
  let shown = false;
  const end = render(room, () => {
    shown ||= node.isConnected;
    if (shown && !node.isConnected) end?.();
    else draw();
  }, events);
  return node;
}
