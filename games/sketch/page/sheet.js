/* The sheet of this game: its colours and widths, and how the room keeps a stroke (drawing.py). */

import { Sheet } from "../../static/kit/kit.js";
import { SIDE, decode } from "./points.js";

export const COLOURS = [
  ["Black", "#1a1a1a"], ["Grey", "#8b8b8b"], ["White", "#ffffff"], ["Red", "#d92b2b"], ["Orange", "#f08a24"], ["Yellow", "#f7d038"],
  ["Light green", "#8fd14f"], ["Green", "#2c8c3c"], ["Turquoise", "#25b5b0"], ["Light blue", "#6fc3f7"], ["Blue", "#2456c9"],
  ["Purple", "#7b3fb8"], ["Pink", "#f48fc0"], ["Skin", "#f6c9a0"], ["Light brown", "#b97a44"], ["Brown", "#6b4021"],
];
/** @type {[string, number][]} */
export const WIDTHS = [["Thin", 4], ["Medium", 10], ["Thick", 24], ["Very thick", 60]]; // of a sheet 1200 wide
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
