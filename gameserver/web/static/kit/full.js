/** The page on the full screen, if the browser allows it. */

import { el } from "../page/elements.js";
import { t } from "../page/language.js";

/** Whether this browser gives a page all of the screen; iPhones do not. */
export const canFill = () => Boolean(document.documentElement.requestFullscreen && document.fullscreenEnabled);

/** Go to the full screen, or leave it. Browsers allow this only in answer to a touch or a key. */
export function fillScreen(wanted = !document.fullscreenElement) {
  if (!canFill() || wanted === Boolean(document.fullscreenElement)) return Promise.resolve();
  return (wanted ? document.documentElement.requestFullscreen({ navigationUI: "hide" }) : document.exitFullscreen()).catch(() => {});
}

/** A button for the full screen; null if the browser does not allow it. */
export function fullScreenButton(props = {}) {
  return canFill() ? el("button", { type: "button", class: "quiet", ...props, onclick: () => fillScreen() }, t("Full screen")) : null;
}
