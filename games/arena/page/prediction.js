/* What the kit's prediction has to know of the arena: how one's own disc moves among the others. */

import { Prediction as KitPrediction } from "../../static/kit/prediction.js";
import { DASH_REST, HZ, bump, step } from "./motion.js";

export const STEP_MS = 1000 / HZ;
export const SNAP = 4000; // a jump this far is a new place, as in a new round, and no correction

export class Prediction extends KitPrediction {
  constructor(seat) {
    super(seat, { advance, snap: SNAP });
  }
}

/**
 * One step of one's own disc among others, which are taken to go on as they go.
 * @param {any} body
 * @param {any[]} others
 * @param {number} ready
 * @param {{ n: number, x: number, y: number, dash?: boolean }} command
 * @returns {[any, any[], number]}
 */
function advance(body, others, ready, { n, x, y, dash }) {
  const dashes = Boolean(dash) && n >= ready && (x !== 0 || y !== 0);
  let own = step(body, n, x, y, dashes);
  const moved = others.map((other) => {
    const drifted = [other[0] + other[2], other[1] + other[3], other[2], other[3], other[4]];
    const [mine, theirs] = bump(own, drifted);
    own = mine;
    return theirs;
  });
  return [own, moved, dashes ? n + DASH_REST : ready];
}
