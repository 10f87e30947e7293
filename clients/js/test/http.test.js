/** What a page makes of the answers of HTTP calls. */

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.location = /** @type {any} */ ({ search: "", pathname: "/" });
globalThis.document = /** @type {any} */ ({ documentElement: { lang: "en", dir: "ltr", dataset: {} }, addEventListener() {}, getElementById: () => null });

const { shared } = await import("./static.js");
const { api } = await shared("page/http.js");

/** What a call comes to if this is the answer. */
async function told(body, init) {
  globalThis.fetch = async () => new Response(body, init);
  return api("/api/games").catch(({ code, message }) => ({ code, message }));
}

test("an answer is read as JSON", async () => {
  assert.deepEqual(await told('{"games": []}'), { games: [] });
});

test("an answer that was cut on its way, or comes from somebody else, is none", async () => {
  for (const body of ['{"games": [', "<h1>Welcome to our hotel</h1>", ""]) assert.equal((await told(body)).code, "unreachable");
});

test("a refusal is told by its code; if it has none, as that of a proxy, it is busy", async () => {
  assert.deepEqual(await told('{"code": "not_found", "message": "There is no such room."}', { status: 404 }), { code: "not_found", message: "There is no such room." });
  assert.equal((await told("<h1>Bad Gateway</h1>", { status: 502 })).code, "busy");
});
