/** Why there is no connection, in words for people who wait for it. */

import { urlOf } from "./base.js";
import { t } from "./language.js";

/** How long after a loss the page says what is wrong: a short break is over by then. */
export const EXPLAIN_MS = 5000;

const PROBE_MS = 4000;

/** What is wrong, as far as a page can tell: the device is offline, the server is away, or WebSockets do not get through. */
export async function whyAway() {
  if (navigator.onLine === false) return t("This device is offline.");
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), PROBE_MS);
  try {
    await fetch(urlOf("/healthz"), { cache: "no-store", signal: ending.signal });
    return t("The server is there, but the game's connection does not get through. A proxy, a firewall or an extension of the browser may block WebSockets.");
  } catch {
    return t("The server cannot be reached.");
  } finally {
    clearTimeout(timer);
  }
}
