/*
 * What the player wants: arrows or WASD and the space bar; a finger or the mouse, held down, drags a stick from where it
 * began; a gamepad's left stick and its first button.
 */

import { PUSH } from "./motion.js";

const WAYS = {
  ArrowLeft: [-1, 0], KeyA: [-1, 0], ArrowRight: [1, 0], KeyD: [1, 0],
  ArrowUp: [0, -1], KeyW: [0, -1], ArrowDown: [0, 1], KeyS: [0, 1],
};
const REACH_PX = 60; // a stick dragged so far is a full push
const DEAD = 0.15; // a gamepad's stick at rest

export class Controls {
  #keys = new Set();
  #stick = null;
  #dash = false;
  #padDown = false;

  /** Keys count anywhere on the page but in a field, and where a button has the focus space is the button's. */
  constructor(canvas) {
    addEventListener("keydown", (event) => this.#press(event));
    addEventListener("keyup", (event) => this.#keys.delete(event.code));
    addEventListener("blur", () => this.#keys.clear());
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      /** @type {HTMLElement | null} */ (document.activeElement)?.blur(); // or a slider would still have the arrows
      this.#stick = { id: event.pointerId, from: [event.clientX, event.clientY], way: [0, 0] };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.#stick?.id) return;
      const [x, y] = this.#stick.from;
      this.#stick.way = [(event.clientX - x) / REACH_PX, (event.clientY - y) / REACH_PX];
    });
    for (const type of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(type, (event) => event.pointerId === this.#stick?.id && (this.#stick = null));
    }
  }

  /** With the next step. */
  dash() {
    this.#dash = true;
  }

  /** Whether a dash was asked for; asked once, it is told once. */
  takeDash() {
    const dash = this.#dash;
    this.#dash = false;
    return dash;
  }

  /** Where to go: [x, y], each a whole number from -PUSH to PUSH. */
  read() {
    let [x, y] = this.#stick?.way ?? [0, 0];
    for (const key of this.#keys) [x, y] = [x + WAYS[key][0], y + WAYS[key][1]];
    const pad = this.#pad();
    [x, y] = [x + pad[0], y + pad[1]];
    const length = Math.max(1, Math.hypot(x, y));
    return [Math.round((x / length) * PUSH) + 0, Math.round((y / length) * PUSH) + 0];
  }

  #press(event) {
    const { target } = event;
    if (target.closest?.("input, textarea, select, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (WAYS[event.code]) this.#keys.add(event.code);
    else if (event.code === "Space" && !target.closest?.("button, a, summary")) this.#dash ||= !event.repeat;
    else return;
    event.preventDefault(); // or the page would scroll
  }

  #pad() {
    const pad = [...(navigator.getGamepads?.() ?? [])].find((each) => each?.connected);
    if (!pad) return [0, 0];
    const down = Boolean(pad.buttons[0]?.pressed);
    if (down && !this.#padDown) this.#dash = true;
    this.#padDown = down;
    const [x = 0, y = 0] = pad.axes;
    return Math.hypot(x, y) < DEAD ? [0, 0] : [x, y];
  }
}
