/** Where this server is. */

/** Where the lobby is, and everything else under it: this host may have other servers under other paths. */
export const BASE = new URL("../..", import.meta.url);

export const query = new URLSearchParams(location.search);

/** The key under which this browser stores something for this server alone. */
export function keyHere(name) {
  return BASE.pathname === "/" ? name : `${name} ${BASE.pathname}`;
}

/** The address of a path of this server's, such as /play/GAME/. */
export function urlOf(path) {
  return new URL(path.replace(/^\//, "./"), BASE);
}

/**
 * What the server has sent inside this page: its game, as in GET /api/games, and the ways to log in, as in GET
 * /api/auth.
 * @returns {{ game?: any, ways?: any }}
 */
export function told() {
  const found = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="gameserver"]'));
  return found ? JSON.parse(found.content) : {};
}

/** The game of /play/GAME/, or null. */
export function gameName() {
  const inside = location.pathname.startsWith(BASE.pathname) ? location.pathname.slice(BASE.pathname.length) : "";
  const found = /^play\/([^/]+)/.exec(inside);
  return found ? decodeURIComponent(found[1]) : null;
}

export function cleanCode(text) {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

/** The code of the room that the query names, or null. */
export function roomOfQuery() {
  return cleanCode(query.get("room") ?? "") || null;
}

/** Whether a room is of another game than the page, which is made for `ours`. */
export function isElsewhere(game, ours) {
  return Boolean(game && ours && game !== ours);
}

/**
 * Go to the page of another game, with this page's query. Returns a promise that never resolves, so that nothing
 * follows.
 * @param {string} game
 * @param {string} [room] the code of a room, if it is not the one of the query
 * @param {{ join?: boolean }} [how] join: take a seat there without being asked again
 */
export function goToGame(game, room, { join = false } = {}) {
  const url = urlOf(`/play/${encodeURIComponent(game)}/`);
  url.search = location.search;
  if (room) url.searchParams.set("room", room);
  if (join) url.searchParams.set("join", "1");
  location.replace(url);
  return new Promise(() => {});
}
