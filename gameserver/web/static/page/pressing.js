/**
 * Nothing that is pressed is changed or moved until it is released: a click needs a press and a release on the same
 * element, and is lost if the element was drawn anew or moved in between.
 */

const CONTROLS = "button, a[href], summary, label, select, input, [role=button]";
const MOST_MS = 1000; // whoever presses for longer does not mean a click
const TAP_MS = 60; // the click of a finger comes a little after its release

let pressed = false;
let timer;
/** @type {Set<() => void>} */
let waiting = new Set();

/** Call `act` now, or as soon as nothing is pressed; only once, however often this is called meanwhile. */
export function afterPress(act) {
  if (pressed) waiting.add(act);
  else act();
}

function press({ target }) {
  if (!target.closest?.(CONTROLS)) return;
  pressed = true;
  letGo(MOST_MS);
}

function letGo(after_ms) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    pressed = false;
    const due = waiting;
    waiting = new Set();
    for (const act of due) queueMicrotask(act); // each by itself, so that one that fails stops no other
  }, after_ms);
}

const listen = (types, hear) => types.forEach((type) => document.addEventListener(type, hear, { capture: true, passive: true }));
listen(["pointerdown"], press);
listen(["keydown"], (event) => event.key === " " && !event.repeat && press(event));
listen(["pointerup"], () => pressed && letGo(TAP_MS));
listen(["click", "keyup", "pointercancel"], () => pressed && letGo(0)); // after all other listeners

/**
 * Do what a form or a part of the page is for; nothing, if it is being done already, as after a second tap.
 * @param {HTMLElement} node
 * @param {() => Promise<unknown>} act
 */
export async function once(node, act) {
  if (node.hasAttribute("aria-busy")) return;
  node.setAttribute("aria-busy", "true");
  try {
    await act();
  } finally {
    node.removeAttribute("aria-busy");
  }
}
