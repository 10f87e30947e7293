/* Rock, paper and scissors, as they are drawn. */

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const SHAPES = {
  rock: () => [
    svg("path", { class: "body", d: "M16 62 L24 34 L46 18 L70 24 L86 48 L80 74 L54 84 L28 80 Z" }),
    svg("path", { class: "inner", d: "M24 34 L44 44 L70 24 M44 44 L50 66 L80 74 M50 66 L28 80" }),
  ],
  paper: () => [
    svg("path", { class: "body", d: "M24 12 H62 L78 28 V88 H24 Z" }),
    svg("path", { class: "inner", d: "M62 12 V28 H78 M34 44 H68 M34 57 H68 M34 70 H56" }),
  ],
  scissors: () => [
    svg("path", { class: "blades", d: "M70 12 L36 66 M30 12 L64 66" }),
    svg("circle", { class: "loop", cx: 27, cy: 76, r: 13 }),
    svg("circle", { class: "loop", cx: 73, cy: 76, r: 13 }),
  ],
  none: () => [svg("path", { class: "inner", d: "M32 50 H68" })],
  hidden: () => [svg("path", { class: "inner", d: "M38 38 C38 22 64 22 64 38 C64 50 50 50 50 62" }), svg("circle", { class: "dot", cx: 50, cy: 76, r: 4 })],
};

/** A hand as it is thrown; "none" if nothing was thrown, "hidden" while it is secret. */
export function icon(name) {
  return svg("svg", { class: `hand-icon ${name}`, viewBox: "0 0 100 100", "aria-hidden": "true", focusable: "false" }, ...SHAPES[name]());
}
