/** Messages to people: errors in words, toasts, questions, and announcements for screen readers alone. */

import { el, fill } from "./elements.js";
import { keyed, said, t } from "./language.js";

/** Texts for errors about which a player can do something; for others, the server's own text is shown. */
const WORDS = {
  room_full: "This room is full.",
  room_locked: "The game has begun, or the host has locked the room.",
  room_over: "This room is over.",
  not_found: "There is no such room. Look at the code again.",
  wrong_password: "That is not the room's password.",
  quarantined: "This room is being mended. Your seat is kept.",
  rate_limited: "Too fast. Wait a moment.",
  paused: "The game is paused.",
  not_your_turn: "That came too late: it is not your turn any more.",
  not_legal: "That is none of your moves now.",
  busy: "One moment: the server is busy. Try again.",
  draining: "The server is about to stop. Try again in a moment.",
  game_error: "The game stumbled over that; nothing was changed.",
};

/**
 * What msgspec says about data, and the same in words for players.
 * @type {[RegExp, (...bound: string[]) => string][]}
 */
const PLAIN = [
  [/^Expected `(?:int|float)` <= (\S+)/, (most) => t("At most {most}.", { most })],
  [/^Expected `(?:int|float)` >= (\S+)/, (least) => t("At least {least}.", { least })],
  [/^Expected `str` of length <= (\d+)/, (most) => t("At most {most} characters.", { most })],
  [/^Expected `str` of length >= 1\b/, () => t("This is needed.")],
  [/^Expected `(?:int|float)`, got/, () => t("Write a number.")],
  [/^Object missing required field/, () => t("Something is missing.")],
  [/`|^Invalid /, () => t("That does not fit here.")],
];

/**
 * An error in words that a player understands, without the names and paths that programs use. The code decides; a
 * game's own text for a refusal is looked up as it is.
 * @param {any} error
 */
export function words(error) {
  const { code, message } = error ?? {};
  if (code !== "bad_data") {
    const told = message && said(message) !== message ? said(message) : null;
    return told ?? keyed(`error/${code}`) ?? WORDS[code] ?? (message || t("Something went wrong."));
  }
  const [pattern, plain] = PLAIN.find(([each]) => each.test(error.message)) ?? [];
  return plain ? plain(...pattern.exec(error.message).slice(1)) : said(error.message);
}

const MENDING_MS = 1000;
const MENDING_MOST_MS = 15_000;

/**
 * Show, in place of the page, why it cannot be shown now; resolves when to try again, after a time that grows with each
 * try.
 * @param {HTMLElement} mount
 * @param {any} error
 * @param {number} tries
 * @returns {Promise<void>}
 */
export function sayMending(mount, error, tries) {
  fill(mount, el("div", { class: "card stack center" }, el("p", { role: "status" }, words(error))));
  const most = Math.min(MENDING_MOST_MS, MENDING_MS * 1.5 ** tries);
  return new Promise((again) => setTimeout(again, Math.max(error.retry_ms ?? 0, most * (0.5 + Math.random() / 2))));
}

let toasts = null;

/** Say something for a few seconds. */
export function toast(text, { kind = "info", ms = 5000 } = {}) {
  if (!toasts) {
    toasts = el("div", { class: "toasts" }, el("div", { role: "status" }), el("div", { role: "alert" }));
    document.body.append(toasts);
  }
  const note = el("div", { class: ["toast", kind] }, text);
  toasts.children[kind === "error" ? 1 : 0].append(note);
  while (toasts.querySelectorAll(".toast").length > 3) toasts.querySelector(".toast").remove();
  setTimeout(() => note.remove(), ms);
  return note;
}

// Screen readers read out changes in a region that they know: it has to exist before anything is said.
const heard = el("div", { class: "visually-hidden", "aria-live": "polite" });
document.body.append(heard);

/** Say something to users of screen readers alone. */
export function announce(text) {
  heard.textContent = text;
}

/** The result of a promise; or, if it fails, undefined after a toast. */
export async function attempt(promise, { quiet = false } = {}) {
  try {
    return await promise;
  } catch (error) {
    if (!quiet) toast(words(error), { kind: "error" });
    if (!error?.code) console.error(error);
    return undefined;
  }
}

/** Ask a question with two answers; resolves with true for yes. */
export function ask(text, yes, { no = t("Stay") } = {}) {
  return new Promise((answered) => {
    const dialog = el(
      "dialog",
      { "aria-label": text },
      el(
        "form",
        { method: "dialog", class: "stack" },
        el("p", { class: "lead" }, text),
        el("div", { class: "row" }, el("button", { value: "", class: "primary", autofocus: true }, no), el("button", { value: "yes", class: "danger" }, yes)),
      ),
    );
    dialog.addEventListener("close", () => {
      answered(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
