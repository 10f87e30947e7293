/** Calls of the server's HTTP API. */

import { urlOf } from "./base.js";
import { t } from "./language.js";

/**
 * Call the server, by a path such as /api/games. Throws {code, message, path}.
 * @param {string} path
 * @param {{ method?: string, body?: object, token?: string }} call
 * @returns {Promise<any>}
 */
export async function api(path, { method = "GET", body, token } = {}) {
  let answer;
  const away = () => Object.assign(new Error(t("The server cannot be reached.")), { code: "unreachable" });
  const headers = { ...(body && { "Content-Type": "application/json" }), ...(token && { Authorization: `Bearer ${token}` }) };
  try {
    answer = await fetch(urlOf(path), { method, body: body && JSON.stringify(body), headers });
  } catch {
    throw away();
  }
  const data = await answer.json().catch(() => null);
  if (answer.ok && data === null) throw away(); // it was cut on its way, or is somebody else's, as in a hotel's network
  if (!answer.ok) {
    const [message, path] = (data?.message || answer.statusText).split(/ - at `(\$[^`]*)`$/);
    throw Object.assign(new Error(message), { code: data?.code || "busy", path: path ?? null });
  }
  return data;
}
