/** How the chat gets its look. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { dress } from "../src/game-chat/sheet.js";

test("all chats of a page share a sheet", () => {
  globalThis.CSSStyleSheet = /** @type {any} */ (class {
    replaceSync(text) {
      this.text = text;
    }
  });
  const [one, other] = [{ adoptedStyleSheets: [] }, { adoptedStyleSheets: [] }];
  for (const root of [one, other]) dress(/** @type {any} */ (root));
  assert.match(one.adoptedStyleSheets[0].text, /:host/);
  assert.equal(one.adoptedStyleSheets[0], other.adoptedStyleSheets[0]);
});

test("a browser without such sheets, as Safari 16.0, shows a plain chat, and a page with it works", () => {
  const root = {};
  dress(/** @type {any} */ (root));
  assert.deepEqual(root, {});
});
