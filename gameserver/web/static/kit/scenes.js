/** One scene at a time, on a stage that shows all of it. */

import { el } from "../page/elements.js";
import { announce } from "../page/notices.js";
import { fitted } from "./fit.js";

/**
 * @typedef {object} Scene
 * @property {string} key another key is another scene: only then it is built anew
 * @property {() => { node: HTMLElement, update?: () => void }} build
 * @property {() => string} [say] what screen readers hear when it begins
 * @property {boolean} [whole] all of it is to be seen without scrolling on a phone, too; on a TV it always is
 */

/**
 * What a page's scenes stand in, below its head. It keeps them on the screen.
 * @param {{ grow?: boolean }} options `grow` (true): on a TV what is little is shown larger, up to a third
 */
export function stage({ grow = true } = {}) {
  const node = el("div", { class: "stage" });
  fitted(node, { grow });
  return node;
}

/**
 * Show the scene that `pick(room)` names: → what to draw with. `build()` makes it when the key is another than before,
 * so that nothing that is being typed or moved is made anew, and its `update()` is called after each change. The focus
 * goes to the new scene's heading if it was in the old one.
 * @param {HTMLElement} stage
 * @param {any} room
 * @param {(room: any) => Scene | null} pick null: nothing is shown anew yet
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

/** The one heading of a scene, where the focus goes when the scene before it is gone. */
export function heading(text, props = {}) {
  return el("h1", { tabindex: "-1", ...props }, text);
}
