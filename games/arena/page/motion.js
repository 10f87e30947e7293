/*
 * How discs move: the same arithmetic as games/arena/motion.py, step for step, so that what this page predicts is what
 * the server will say. Places and speeds are whole numbers: a tenth of a pixel, and a tenth of a pixel a step.
 */

export const HZ = 20;
export const WIDTH = 16_000;
export const HEIGHT = 9_000;
export const RADIUS = 260;
export const PUSH = 8;
export const DASH = 45;
export const DASH_REST = 24;
export const HIT = 220;

/** A body is [x, y, vx, vy, n], as it travels; n is the number of the last command that it has followed. */
export function step(body, n, x, y, dash) {
  const length = Math.sqrt(x * x + y * y);
  if (length > PUSH) [x, y] = [(x * PUSH) / length, (y * PUSH) / length];
  let vx = body[2] * 0.8 + 4 * x;
  let vy = body[3] * 0.8 + 4 * y;
  if (dash) [vx, vy] = [vx + DASH * x, vy + DASH * y];
  const [across, vxNow] = wall(body[0] + whole(vx), whole(vx), WIDTH);
  const [down, vyNow] = wall(body[1] + whole(vy), whole(vy), HEIGHT);
  return [across, down, vxNow, vyNow, n];
}

/** Two discs that may touch: → [a, b, how fast they met]. */
export function bump(a, b) {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const apart = dx * dx + dy * dy;
  if (apart >= 4 * RADIUS * RADIUS) return [a, b, 0];
  const distance = Math.sqrt(apart);
  const [nx, ny] = distance > 0 ? [dx / distance, dy / distance] : [1, 0];
  const gap = (2 * RADIUS - distance) / 2 + 1;
  const met = Math.max(0, (a[2] - b[2]) * nx + (a[3] - b[3]) * ny);
  return [shoved(a, -gap, -met, nx, ny), shoved(b, gap, met, nx, ny), met];
}

function shoved(body, by, faster, nx, ny) {
  const [x, vx] = wall(body[0] + whole(by * nx), body[2] + whole(faster * nx), WIDTH);
  const [y, vy] = wall(body[1] + whole(by * ny), body[3] + whole(faster * ny), HEIGHT);
  return [x, y, vx, vy, body[4]];
}

function wall(at, speed, size) {
  if (at < RADIUS) return [RADIUS, whole(Math.abs(speed) / 2)];
  if (at > size - RADIUS) return [size - RADIUS, -whole(Math.abs(speed) / 2) + 0];
  return [at, speed];
}

/** Rounds towards zero, and never to minus zero. */
function whole(value) {
  return Math.trunc(value) + 0;
}
