/** The files that pages load, each bundled of its sources into one module: `make js`. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @param {string} name of a file beside this one */
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What the entry says at its top, for whoever opens the bundle; and where to change it. */
function banner(source) {
  const [head] = /^\/\*\*.*?\*\/\n/s.exec(readFileSync(source, "utf-8"));
  return head.replace(/ \*\/\n$/, ' *\n * Built of clients/js/src by "make js": change it there.\n */\n');
}

/** Comments that only the type checker reads name files that are not beside the bundle. */
const withoutTypeImports = {
  name: "without-type-imports",
  renderChunk: (code) => code.replace(/^\/\*\* @import .*\*\/\n/gm, "").replace(/\n{3,}/g, "\n\n"),
};

function bundle(file, source) {
  return {
    input: here(source),
    plugins: [withoutTypeImports],
    output: { file: here(file), format: "es", banner: () => banner(here(source)) },
  };
}

export default [bundle("gameserver.js", "src/index.js"), bundle("game-chat.js", "src/game-chat/index.js")];
