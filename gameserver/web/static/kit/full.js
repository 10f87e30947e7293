/** All of the screen for the page, where the browser lets it. */

import { el } from "../page/elements.js";
import { t } from "../page/language.js";

/** Whether this browser gives a page all of the screen; iPhones do not. */
export const canFill = () => Boolean(document.documentElement.requestFullscreen && document.fullscreenEnabled);

/** Take all of the screen, or give it back. It has to be a touch or a key that calls this. */
export function fillScreen(wanted = !document.fullscreenElement) {
  if (!canFill() || wanted === Boolean(document.fullscreenElement)) return Promise.resolve();
  return (wanted ? document.documentElement.requestFullscreen({ navigationUI: "hide" }) : document.exitFullscreen()).catch(() => {});
}

/** A button that does; null where the browser does not let it. */
export function fullScreenButton(props = {}) {
  return canFill() ? el("button", { type: "button", class: "quiet", ...props, onclick: () => fillScreen() }, t("Full screen")) : null;
}
