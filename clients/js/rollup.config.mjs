/**
 * The files that pages load, each bundled of its sources into one module: `make js`.
 *
 * gameserver.js and game-chat.js are what authors read and load anywhere, so they stay as they are written. What this
 * server's own pages load becomes two small files besides, in bundle/: enter.js, which has what it takes to ask for a
 * name, and pages.js with all else; their sources are served, too, and are what a page gets where the bundle is not made
 * of them as they are. pages.css is the style sheets of a page of the kit, one after the other. Beside it are the
 * catalogues of words/, as browsers take them before the first module runs. What comes from npm is in vendor/, a module
 * like the others.
 */

import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import commonjs from "@rollup/plugin-commonjs";
import resolve from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";

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

const STATIC = here("../../gameserver/web/static");
const CLIENT = ["/gameserver.js", "/game-chat.js"];

/** The file at a path of the server, and the path of a file. @param {string} path */
const fileAt = (path) => (CLIENT.includes(path) ? here(path.slice(1)) : join(STATIC, path.replace("/static/", "")));
const pathOf = (file) => CLIENT.find((path) => fileAt(path) === file) ?? `/static/${relative(STATIC, file).replaceAll("\\", "/")}`;

const OF_ONE_PAGE = /^(account|lobby)/;
const FIRST = "/static/enter.js";
const STYLES = ["/static/style.css", "/static/kit/kit.css"];

/** What pages may import: the client, its chat, and each module beside page.js, or in kit/, that exports anything. */
function shared() {
  const found = ["", "kit"].flatMap((folder) => {
    try {
      return readdirSync(join(STATIC, folder)).filter((name) => name.endsWith(".js") && !OF_ONE_PAGE.test(name)).map((name) => posix.join("/static", folder, name));
    } catch {
      return [];
    }
  });
  return [...CLIENT, ...found.filter((path) => /^export /m.test(readFileSync(fileAt(path), "utf-8"))).sort()];
}

/** Modules import each other by the paths at which they are served. */
const asServed = {
  name: "as-served",
  resolveId(source, importer) {
    if (source === "pages") return source;
    return importer && importer !== "pages" ? fileAt(posix.resolve("/", posix.dirname(pathOf(importer)), source)) : fileAt(source);
  },
  load: (id) => (id === "pages" ? shared().map((path) => `export * from "${path}";`).join("\n") : null),
  resolveImportMeta(property, { moduleId }) {
    return property === "url" ? `new URL("${posix.relative("/static/bundle", pathOf(moduleId))}", import.meta.url).href` : null;
  },
  /** Which sources, in which state, it is made of: the server compares. */
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((chunk) => ("moduleIds" in chunk ? chunk.moduleIds : [])).filter((id) => id !== "pages").sort();
    const hash = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");
    const entries = Object.fromEntries(shared().map((path) => [path, `/static/bundle/${path === FIRST ? "enter" : "pages"}.js`]));
    const made_of = Object.fromEntries([...modules, ...STYLES.map(fileAt)].map((file) => [pathOf(file), hash(file)]));
    this.emitFile({ type: "asset", fileName: "pages.json", source: `${JSON.stringify({ entries, styles: STYLES, made_of }, null, 1)}\n` });
    this.emitFile({ type: "asset", fileName: "pages.css", source: STYLES.map(styleAt).join("\n") });
    for (const file of readdirSync(join(STATIC, "words")).sort()) {
      const words = JSON.parse(readFileSync(join(STATIC, "words", file), "utf-8"));
      this.emitFile({ type: "asset", fileName: `words-${file.replace(".json", "")}.js`, source: `globalThis.gameserverWords=${JSON.stringify(words)};\n` });
    }
  },
};

/** A style sheet as it stands in bundle/: without comments, and with its addresses as they are from there. */
function styleAt(path) {
  const text = readFileSync(fileAt(path), "utf-8").replace(/\/\*.*?\*\//gs, "").replace(/\s*([{}]|;\s)\s*/g, (_, mark) => mark.trim()).replace(/;}/g, "}").replace(/\n\s*/g, "\n").trim();
  return text.replace(/url\("([^":]+)"\)/g, (_, url) => `url("${posix.relative("/static/bundle", posix.join(posix.dirname(path), url))}")`);
}

/** Which of the two files a module is in: what `FIRST` imports, and what that imports, is in its own. */
function fileOf(id, { getModuleInfo }) {
  const first = new Set([fileAt(FIRST)]);
  for (const each of first) for (const imported of getModuleInfo(each)?.importedIds ?? []) first.add(imported);
  return first.has(id) ? "enter" : "pages";
}

const pages = {
  input: { enter: FIRST, pages: "pages" },
  preserveEntrySignatures: "allow-extension",
  plugins: [asServed],
  /** Two modules with one name would leave the bundle with neither. */
  onwarn: (warning) => {
    throw new Error(warning.message);
  },
  output: { dir: join(STATIC, "bundle"), entryFileNames: "[name].js", chunkFileNames: "[name].js", manualChunks: fileOf, format: "es", plugins: [terser({ format: { comments: false, preamble: "// vendor/messageformat.js is in here, too: its licences stand there." } })] },
};

/** The licences of what is in a file of vendor/, as they ask for. @param {string[]} names of packages */
function licences(names) {
  const text = (name) => {
    const folder = here(`node_modules/${name}`);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf-8"));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    return `${name} ${version}, ${license}\n\n${file ? readFileSync(join(folder, file), "utf-8").trim() : ""}`;
  };
  return `/*!\n${names.map(text).join("\n\n")}\n*/`;
}

const messageformat = {
  input: here("src/vendor/messageformat.js"),
  plugins: [resolve(), commonjs(), terser({ format: { comments: /^!/, preamble: "// @ts-nocheck" } })],
  output: { dir: join(STATIC, "vendor"), entryFileNames: "messageformat.js", format: "es", banner: () => licences(["@messageformat/parser", "moo"]) },
};

export default [messageformat, bundle("gameserver.js", "src/index.js"), bundle("game-chat.js", "src/game-chat/index.js"), pages];
