/* What is drawn on the board: X, O, and the line through three of them. */

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** An X or an O, drawn with a pen. */
export function mark(number) {
  const strokes =
    number === 0
      ? [svg("path", { d: "M25 25 L75 75", pathLength: 1 }), svg("path", { d: "M75 25 L25 75", pathLength: 1 })]
      : [svg("circle", { cx: 50, cy: 50, r: 28, pathLength: 1, transform: "rotate(-90 50 50)" })];
  return svg("svg", { class: `mark mark-${number}`, viewBox: "0 0 100 100", "aria-hidden": "true", focusable: "false" }, ...strokes);
}

/** → {node, show}: lies over the board; `show` takes the three cells in a row, or null. */
export function winningLine() {
  const node = svg("svg", { class: "line", viewBox: "0 0 300 300", "aria-hidden": "true" });
  let shown = "";
  const show = (three) => {
    const now = three ? three.join() : "";
    if (now === shown) return;
    shown = now;
    node.replaceChildren();
    if (!three) return;
    const [[x1, y1], [x2, y2]] = [three[0], three[2]].map((cell) => [(cell % 3) * 100 + 50, Math.floor(cell / 3) * 100 + 50]);
    const [dx, dy] = [Math.sign(x2 - x1) * 36, Math.sign(y2 - y1) * 36]; // beyond the middles of its ends
    node.append(svg("path", { d: `M${x1 - dx} ${y1 - dy} L${x2 + dx} ${y2 + dy}`, pathLength: 1 }));
  };
  return { node, show };
}
