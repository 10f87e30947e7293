/** The elements that a chat is made of. */

import { el } from "./el.js";

/**
 * What to call when somebody uses them.
 * @typedef {object} Deeds
 * @property {(event: KeyboardEvent) => void} walk from tab to tab
 * @property {() => void} begin a private talk
 * @property {(event: KeyboardEvent) => void} key in the field
 * @property {() => void} typed into the field
 * @property {(event: SubmitEvent) => void} submit
 * @property {() => void} unsay the line that is changed
 * @property {() => void} cancel the change
 */

/** @param {Deeds} deeds */
export function makeParts({ walk, begin, key, typed, submit, unsay: takeBack, cancel: giveUp }) {
  const title = el("h2", { part: "title", id: "title" });
  const tablist = el("div", { role: "tablist", part: "tabs", class: "tabs", onkeydown: walk });
  const seats = el("select", { onchange: begin });
  const log = el("div", { role: "log", part: "log", tabindex: "0", "aria-live": "polite", "aria-relevant": "additions" });
  const typing = el("p", { class: "typing", "aria-live": "off" });
  const error = el("p", { class: "error", role: "alert" });
  const label = el("label", { for: "field", class: "hidden" });
  const field = el("input", { id: "field", part: "field", autocomplete: "off", dir: "auto", enterkeyhint: "send", onkeydown: key, oninput: typed });
  const send = el("button", { type: "submit", class: "send", part: "send" });
  const unsay = el("button", { type: "button", hidden: true, onclick: takeBack });
  const cancel = el("button", { type: "button", hidden: true, onclick: giveUp });
  const form = el("form", { part: "form", onsubmit: submit }, label, field, send, cancel, unsay);
  const panel = el("div", { class: "panel", id: "panel" }, log, typing, error, form);
  const section = el("section", {}, title, el("div", { class: "tabs" }, tablist, seats), panel);
  return { title, tablist, private: seats, log, typing, error, label, field, send, unsay, cancel, panel, section };
}
