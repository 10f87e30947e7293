/** Where the server is, and how the code of a room is written. */

/** `ws` in this module's folder, if the page is in or below it (which may be under a path); else the host's `/ws`. */
export function homeUrl() {
  const module = new URL(import.meta.url);
  const home = new URL(".", module).href;
  const isOwn = module.pathname.endsWith("/gameserver.js") && globalThis.location?.href.startsWith(home);
  return isOwn ? `${home}ws` : "/ws";
}

/**
 * The address of a WebSocket, made of what the page's author wrote.
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
