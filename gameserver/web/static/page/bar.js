/** The buttons in a page's head, and how all of them find room there. */

import { el } from "./elements.js";
import { icon } from "./icons.js";
import { languages, speak, t } from "./language.js";

/**
 * A button of a head: its word, or, if words have no room, its picture.
 * @param {Parameters<typeof icon>[0]} picture
 * @param {string} text
 * @param {Record<string, any>} props
 */
export function barButton(picture, text, props) {
  return el("button", { class: "quiet by-word", type: "button", title: text, ...props }, icon(picture), el("span", { class: "text" }, text));
}

/** Have a head show pictures on its buttons if the words have no room: in some languages they are long. */
export function fitBar(bar) {
  const look = () => {
    bar.classList.remove("tight");
    bar.classList.toggle("tight", bar.scrollWidth > bar.clientWidth + 1);
  };
  new ResizeObserver(look).observe(bar);
  new MutationObserver(look).observe(bar, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["hidden"] });
  document.fonts?.ready.then(look);
  return bar;
}

/** For a shared screen, which has no form: a button to choose the page's language. Null if there is but one. */
export function languageButton() {
  const known = languages();
  if (known.length < 2) return null;
  const open = () => {
    const choices = known.map(({ tag, name, chosen }) => el("button", { type: "button", lang: tag, "aria-pressed": String(chosen), autofocus: chosen, onclick: () => (chosen ? dialog.close() : speak(tag)) }, name));
    const dialog = el("dialog", { "aria-label": t("Language") }, el("div", { class: "stack" }, el("h2", {}, t("Language")), el("div", { class: "languages" }, choices)));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };
  return el("button", { class: "quiet icon", type: "button", title: t("Language"), onclick: open }, icon("globe"), el("span", { class: "visually-hidden" }, t("Language")));
}
