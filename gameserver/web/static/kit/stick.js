/**
 * A stick to steer with: a finger or the mouse, held down on a field, drags it; it is shown where that began. Arrows,
 * WASD and a gamepad's left stick do the same. It has one button: the space bar, a gamepad's first button, and
 * `press()`.
 */

import { el } from "../page/elements.js";

/** @type {Record<string, [number, number]>} */
const WAYS = {
  ArrowLeft: [-1, 0], KeyA: [-1, 0], ArrowRight: [1, 0], KeyD: [1, 0],
  ArrowUp: [0, -1], KeyW: [0, -1], ArrowDown: [0, 1], KeyS: [0, 1],
};
const REACH_PX = 60; // dragged so far, it is at its limit
const DEAD = 0.15; // a gamepad's stick at rest

export class Stick {
  #keys = new Set();
  #held = null;
  #pressed = false;
  #padDown = false;
  #hasPad = false; // to ask for gamepads costs more than all else here, and few people have one
  #knob = el("span", { class: "knob" });
  #base = el("div", { class: "stick", hidden: true, "aria-hidden": "true" }, this.#knob);

  /**
   * Keys count everywhere on the page but in a form field; if a button has the focus, the space bar presses that.
   * @param {HTMLElement} field what is touched; its parent is where the stick is shown
   */
  constructor(field) {
    addEventListener("keydown", (event) => this.#key(event));
    addEventListener("keyup", (event) => this.#keys.delete(event.code));
    addEventListener("blur", () => this.#keys.clear());
    addEventListener("gamepadconnected", () => (this.#hasPad = true));
    field.style.setProperty("touch-action", "none");
    field.addEventListener("pointerdown", (event) => {
      if (/** @type {HTMLElement} */ (event.target).closest("button, a, input, summary, dialog")) return;
      field.setPointerCapture(event.pointerId);
      /** @type {HTMLElement | null} */ (document.activeElement)?.blur(); // else a slider would keep the arrow keys
      this.#held = { id: event.pointerId, from: [event.clientX, event.clientY], way: [0, 0] };
      this.#show();
    });
    field.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.#held?.id) return;
      const [x, y] = this.#held.from;
      this.#held.way = [(event.clientX - x) / REACH_PX, (event.clientY - y) / REACH_PX];
      this.#show();
    });
    for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
      field.addEventListener(type, (event) => {
        if (event.pointerId !== this.#held?.id) return;
        this.#held = null;
        this.#show();
      });
    }
    document.body.append(this.#base);
  }

  /** Press the button. */
  press() {
    this.#pressed = true;
  }

  /** Whether the button was pressed since the last call. */
  takePress() {
    const pressed = this.#pressed;
    this.#pressed = false;
    return pressed;
  }

  /** The direction: [x, y], a vector of length 0 to 1; right and down are positive. */
  read() {
    let [x, y] = this.#held?.way ?? [0, 0];
    for (const key of this.#keys) [x, y] = [x + WAYS[key][0], y + WAYS[key][1]];
    const pad = this.#pad();
    [x, y] = [x + pad[0], y + pad[1]];
    const length = Math.max(1, Math.hypot(x, y));
    return [x / length, y / length];
  }

  #show() {
    this.#base.hidden = this.#held === null;
    if (!this.#held) return;
    const { from, way } = this.#held;
    const length = Math.max(1, Math.hypot(...way));
    for (const [name, px] of [["--x", from[0]], ["--y", from[1]], ["--dx", (way[0] / length) * REACH_PX], ["--dy", (way[1] / length) * REACH_PX]]) this.#base.style.setProperty(String(name), `${px}px`);
  }

  #key(event) {
    const { target } = event;
    if (target.closest?.("input, textarea, select, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (WAYS[event.code]) this.#keys.add(event.code);
    else if (event.code === "Space" && !target.closest?.("button, a, summary")) this.#pressed ||= !event.repeat;
    else return;
    event.preventDefault(); // or the page would scroll
  }

  #pad() {
    if (!this.#hasPad) return [0, 0];
    const pad = [...(navigator.getGamepads?.() ?? [])].find((each) => each?.connected);
    if (!pad) return [0, 0];
    const down = Boolean(pad.buttons[0]?.pressed);
    if (down && !this.#padDown) this.#pressed = true;
    this.#padDown = down;
    const [x = 0, y = 0] = pad.axes;
    return Math.hypot(x, y) < DEAD ? [0, 0] : [x, y];
  }
}
