/** One scene at a time, on a stage that shows all of it. */

import { el } from "../page/elements.js";
import { announce } from "../page/notices.js";
import { fitted } from "./fit.js";

/**
 * @typedef {object} Scene
 * @property {string} key a scene is built anew only when this changes
 * @property {() => { node: HTMLElement, update?: () => void }} build
 * @property {() => string} [say] what screen readers hear when it begins
 * @property {boolean} [whole] it is shown without scrolling on a phone too, as on a TV always
 */

/**
 * The place for a page's scenes, below its head; it keeps them on the screen.
 * @param {{ grow?: boolean }} options `grow` (true): on a TV, a scene with little in it is shown up to a third larger
 */
export function stage({ grow = true } = {}) {
  const node = el("div", { class: "stage" });
  fitted(node, { grow });
  return node;
}

/**
 * Show the scene that `pick(room)` returns: → the function that draws. `build()` is called when the key has changed, so
 * that nothing that is being typed or moved is made anew; the scene's `update()` is called after each change. If the
 * focus was in the old scene, it goes to the new one's heading.
 * @param {HTMLElement} stage
 * @param {any} room
 * @param {(room: any) => Scene | null} pick null: leave everything as it is for the moment
 */
export function scenes(stage, room, pick) {
  /** @type {string | null} */
  let shown = null;
  let update = null;
  return () => {
    const scene = pick(room);
    if (!scene) return;
    const { key, build, say, whole = false } = scene;
    if (key !== shown) {
      const at = document.activeElement;
      const hadFocus = shown !== null && (stage.contains(at) || at === document.body);
      shown = key;
      const built = build();
      update = built.update;
      const { classList } = document.documentElement;
      classList.toggle("whole", whole || classList.contains("tv"));
      stage.replaceChildren(built.node);
      if (hadFocus) stage.querySelector("h1")?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
      if (say) announce(say());
    }
    update?.();
  };
}

/** The only heading of a scene, which gets the focus when the scene replaces another. */
export function heading(text, props = {}) {
  return el("h1", { tabindex: "-1", ...props }, text);
}
