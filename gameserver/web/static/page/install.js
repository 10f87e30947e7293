/** Lets a phone install these pages as an app, if the browser can: only over https, or on the server's own machine. */

import { urlOf } from "./base.js";

/** Register the service worker once everything else is loaded; pages work without it as well. */
export function installable() {
  if (!window.isSecureContext || !navigator.serviceWorker) return;
  const register = () => navigator.serviceWorker.register(urlOf("/service-worker.js")).catch(() => {});
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
