/** Paper from the ceiling, for whoever has won. */

import { el } from "../page/elements.js";
import { moves } from "./feel.js";

const PIECES = 36;

/** Confetti that falls over the whole page until it is removed; nothing, if movement is off. */
export function confetti() {
  const random = (most) => Math.random() * most;
  const pieces = moves() ? PIECES : 0;
  return el("div", { class: "confetti", "aria-hidden": "true" }, Array.from({ length: pieces }, (_, i) => el("i", {
    class: `color-${(i % 8) + 1}`,
    style: { "--x": `${random(100)}vw`, "--wait": `${random(4)}s`, "--fall": `${3 + random(3)}s`, "--turn": `${random(2) - 1}turn` },
  })));
}
