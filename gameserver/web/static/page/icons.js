/** Small pictures for buttons; drawn, since not every device has characters for them. */

const SVG = "http://www.w3.org/2000/svg";

/** The paths of each picture, some with a class by which a button shows or hides them. */
const PATHS = {
  globe: [["M12 3a9 9 0 0 0 0 18a9 9 0 0 0 0-18ZM3 12h18M12 3c-3.2 2.6-4.2 5.6-4.2 9s1 6.4 4.2 9c3.2-2.6 4.2-5.6 4.2-9s-1-6.4-4.2-9Z"]],
  host: [["M4.5 19.5h15M4.5 16 3 7l5 3.6L12 4l4 6.6L21 7l-1.5 9Z"]],
  leave: [["M10 4H5v16h5M14.5 7.5 19 12l-4.5 4.5M19 12H9.5"]],
  speaker: [["M3 9v6h4l5 4.5v-15L7 9Z", "cone"], ["M15.5 8.5a5 5 0 0 1 0 7M18 6a8.5 8.5 0 0 1 0 12", "waves"], ["M15.5 9.5l5 5m0-5l-5 5", "cross"]],
};

/**
 * A picture, hidden from screen readers: the button says what it is.
 * @param {keyof typeof PATHS} name
 */
export function icon(name) {
  const node = document.createElementNS(SVG, "svg");
  const has = { class: `icon-of ${name}`, viewBox: "0 0 24 24", width: "24", height: "24", "aria-hidden": "true", focusable: "false" };
  for (const [key, value] of Object.entries(has)) node.setAttribute(key, value);
  for (const [d, part = "line"] of PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    path.setAttribute("class", part);
    node.append(path);
  }
  return node;
}
