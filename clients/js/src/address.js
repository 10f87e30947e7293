/** Where the server is, and how the code of a room is written. */

/** Beside this module where it is the page's server's, which may be reached under a path; else of the page's host. */
export function homeUrl() {
  const module = new URL(import.meta.url);
  const home = new URL(".", module).href;
  const isOwn = module.pathname.endsWith("/gameserver.js") && globalThis.location?.href.startsWith(home);
  return isOwn ? `${home}ws` : "/ws";
}

/**
 * The address of a WebSocket, of whatever the page's author wrote.
 * @param {string} url
 */
export function socketUrl(url) {
  const whole = new URL(url, globalThis.location?.href);
  whole.protocol = whole.protocol.replace("http", "ws");
  return whole.href;
}

/**
 * A code as the server writes it; people type it in any case, with spaces or dashes.
 * @param {string} code
 */
export function canonical(code) {
  return String(code).toUpperCase().replace(/[\s-]/g, "");
}
