/** Where a guest's token is kept: for all tabs of a browser, or for one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Memory } from "../src/storage.js";
import { Storage } from "./kit.js";

test("a tab may be a guest of its own, who is there again after a reload", (t) => {
  const before = ["localStorage", "sessionStorage"].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  t.after(() => before.forEach(([name, descriptor]) => (descriptor ? Object.defineProperty(globalThis, name, descriptor) : delete globalThis[name])));
  for (const [name] of before) Object.defineProperty(globalThis, name, { value: new Storage(), configurable: true });
  new Memory(undefined, "ws://x/ws").token = "browser's";
  const own = new Memory(undefined, "ws://x/ws", "tab");
  assert.equal(own.token, null);
  own.token = "tab's";
  assert.equal(new Memory(undefined, "ws://x/ws", "tab").token, "tab's");
  assert.equal(new Memory(undefined, "ws://x/ws").token, "browser's");
});
