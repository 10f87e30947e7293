/**
 * Only enter(), of all that page.js has. A page that imports this first, and everything else by import(), shows its
 * form before the rest is loaded.
 */

export { enter } from "./page/enter.js";
