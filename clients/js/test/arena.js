// The modules of the arena's page, for node.

import { register } from "node:module";

const page = new URL("../../../games/arena/page/", import.meta.url);

// Where no package.json says so, node takes .js for CommonJS; a browser knows only modules.
const hooks = `export async function load(url, context, next) {
  return next(url, url.startsWith(${JSON.stringify(page.href)}) ? { ...context, format: "module" } : context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

/** One of the page's modules, by the name of its file. */
export function arena(file) {
  return import(new URL(file, page));
}
