/** How long to wait before something that failed is tried again. */

const FIRST_DELAY_MS = 250; // the limit of the first wait; it doubles with each failure
const LONGEST_DELAY_MS = 10_000;
const DETOURS = 3; // who is told to wait, or sent to a node that is not there, waits no longer than after so many

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
 * The same, but shorter, for whoever looks for a room: another node has it within a lease, and asking costs little.
 * @param {number} failures
 */
export function shortJitter(failures) {
  return fullJitter(Math.min(failures, DETOURS));
}
