/* The sheet of this game: its colours and widths, and how the room keeps a stroke (drawing.py). */

import { Sheet, t } from "../../static/kit/kit.js";
import { SIDE, decode } from "./points.js";

export const COLOURS = [
  [t("Black"), "#1a1a1a"], [t("Grey"), "#8b8b8b"], [t("White"), "#ffffff"], [t("Red"), "#d92b2b"], [t("Orange"), "#f08a24"], [t("Yellow"), "#f7d038"],
  [t("Light green"), "#8fd14f"], [t("Green"), "#2c8c3c"], [t("Turquoise"), "#25b5b0"], [t("Light blue"), "#6fc3f7"], [t("Blue"), "#2456c9"],
  [t("Purple"), "#7b3fb8"], [t("Pink"), "#f48fc0"], [t("Skin"), "#f6c9a0"], [t("Light brown"), "#b97a44"], [t("Brown"), "#6b4021"],
];
/** @type {[string, number][]} */
export const WIDTHS = [[t("Thin"), 4], [t("Medium"), 10], [t("Thick"), 24], [t("Very thick"), 60]]; // of a sheet 1200 wide
export const FILL = WIDTHS.length; // for a width: paint is poured out

/**
 * A stroke as the kit draws it. `points` as they travel: from 0 to SIDE - 1.
 * @param {number} colour
 * @param {number} width
 * @param {number[][]} points
 */
export function strokeOf(colour, width, points) {
  return { colour: COLOURS[colour][1], width: WIDTHS[width]?.[1], fill: width === FILL, points: points.map(([x, y]) => /** @type {[number, number]} */ ([x / SIDE, y / SIDE])) };
}

export function newSheet() {
  return new Sheet({ read: ([colour, width, , points]) => strokeOf(colour, width, decode(points)) });
}
