/** The tests against the real server once more, in MessagePack. */

globalThis.speakBinary = true;
await import("./server.test.js");
await import("./chat.test.js");
await import("./posts.test.js");
