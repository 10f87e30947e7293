/** What lets a phone keep these pages as an app, where the browser can: only by https, or on the server's own machine. */

import { urlOf } from "./base.js";

/** Do so once all else is there; a page that cannot is a page like any other. */
export function installable() {
  if (!window.isSecureContext || !navigator.serviceWorker) return;
  const register = () => navigator.serviceWorker.register(urlOf("/service-worker.js")).catch(() => {});
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
