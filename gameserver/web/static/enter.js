/**
 * The way to a seat alone, of all that page.js has: a page that begins with it, and imports all else by import(), shows
 * its form before the rest is there.
 */

export { enter } from "./page/enter.js";
