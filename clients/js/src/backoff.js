/** How long to wait before something that failed is tried again. */

const FIRST_DELAY_MS = 250; // the first reconnect comes within this; the limit doubles with each failure
const LONGEST_DELAY_MS = 10_000;
const DETOURS = 3; // somebody who is told to wait, or was sent to a node that is not there, waits as after so many at most

/**
 * A random time in ms, up to a limit that grows with the number of failures.
 *
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @param {number} failures
 */
export function fullJitter(failures) {
  return Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 16));
}

/**
 * The same for whoever is led about: where a room is instead is known within a lease, and to ask for it takes little.
 * @param {number} failures
 */
export function shortJitter(failures) {
  return fullJitter(Math.min(failures, DETOURS));
}
