/**
 * Keeps the screen on while a game is visible: by the browser's wake lock, which needs https, or else by a silent film
 * in a loop, which begins with the first touch. If neither works the page says so, once.
 */

import { urlOf } from "./base.js";
import { el } from "./elements.js";
import { toast } from "./notices.js";
import { t } from "./language.js";

const GESTURES = ["click", "touchend", "keydown"];
const SORRY = t("This browser lets the screen go dark. Touch it now and then, or set the device to stay on.");

/** @typedef {"lock" | "film" | "waiting" | "none"} Awake */

/** @type {Awake | null} */
let how = null;

/** @type {WakeLockSentinel | null} */
let lock = null;

/** @type {HTMLVideoElement | null} */
let film = null;

/**
 * How the screen is kept on: by a wake lock, by a film, not before the first touch ("waiting"), or not at all ("none");
 * null if nobody has called keepAwake().
 * @returns {Awake | null}
 */
export const awake = () => how;

/** Keep the screen on while this page is visible, as far as the browser allows it. */
export function keepAwake() {
  if (how !== null) return;
  how = "waiting";
  document.addEventListener("visibilitychange", hold);
  for (const type of GESTURES) document.addEventListener(type, begin, { capture: true, passive: true });
  hold();
}

/** Begin after the first touch, when a film may play. */
function begin() {
  for (const type of GESTURES) document.removeEventListener(type, begin, { capture: true });
  if (how === "waiting") play();
}

async function hold() {
  if (document.visibilityState !== "visible") return;
  if (how === "film") {
    film?.play().catch(() => {});
    return;
  }
  if (!window.isSecureContext || !navigator.wakeLock || (lock && !lock.released)) return;
  try {
    lock = await navigator.wakeLock.request("screen"); // the browser takes it back when the page is hidden
    how = "lock";
  } catch {
    if (how === "lock") how = "waiting"; // a low battery, for example
  }
}

async function play() {
  film ??= el("video", { class: "awake-film", playsinline: true, loop: true, "aria-hidden": "true", tabindex: "-1" }, source("mp4"), source("webm"));
  document.body.append(film);
  try {
    await film.play();
    how = "film";
  } catch (error) {
    film.remove();
    if (error?.name === "AbortError") return; // the page is being left
    how = "none";
    toast(SORRY, { ms: 12_000 });
  }
}

function source(kind) {
  return el("source", { src: urlOf(`/static/kit/media/awake.${kind}`).href, type: `video/${kind}` });
}
