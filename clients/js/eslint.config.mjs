/** How all JavaScript of this project is linted: client, pages, samples and tests. Run from the project's folder. */

import js from "@eslint/js";
import globals from "globals";

const BUILT = ["clients/js/gameserver.js", "clients/js/game-chat.js", "gameserver/web/static/bundle/", "gameserver/web/static/vendor/"];
const NODE = ["clients/js/test/**", "**/*.mjs", "**/*.cjs"];

/** What the oldest browsers understand that docs/guides/pages.rst names; nothing is rewritten for them. */
const OLDEST = 2022;

export default [
  { ignores: [...BUILT, "gameserver/django/static/gameserver/game*.js", "**/node_modules/", "**/build/", "**/dist/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      "eqeqeq": "error",
      "no-duplicate-imports": "error",
      "no-unused-vars": ["error", { args: "after-used", ignoreRestSiblings: true }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  { files: ["**/*.js"], ignores: NODE, languageOptions: { ecmaVersion: OLDEST, globals: globals.browser } },
  { ignores: ["clients/js/test/**"], rules: { "max-lines": ["error", 400] } },
  { files: ["**/*.cjs"], languageOptions: { sourceType: "commonjs" } },
  { files: NODE, languageOptions: { globals: { ...globals.node, ...globals.browser } } },
];
