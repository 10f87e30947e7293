/**
 * What is pressed stays as it is, and where it is, until it is let go: a click comes of a press and a release on the same
 * thing, and is lost where that was drawn anew or moved away in between.
 */

const CONTROLS = "button, a[href], summary, label, select, input, [role=button]";
const MOST_MS = 1000; // whoever presses for longer does not wait for a click
const TAP_MS = 60; // a finger's click comes a little after it has gone

let pressed = false;
let timer;
/** @type {Set<() => void>} */
let waiting = new Set();

/** Do this now, or as soon as nothing is pressed any more; once, however often it was asked for meanwhile. */
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
    for (const act of due) queueMicrotask(act); // each by itself: one that fails stops no other
  }, after_ms);
}

const listen = (types, hear) => types.forEach((type) => document.addEventListener(type, hear, { capture: true, passive: true }));
listen(["pointerdown"], press);
listen(["keydown"], (event) => event.key === " " && !event.repeat && press(event));
listen(["pointerup"], () => pressed && letGo(TAP_MS));
listen(["click", "keyup", "pointercancel"], () => pressed && letGo(0)); // after all that hear it
