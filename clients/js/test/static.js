// Modules that pages share, for node.

import { register } from "node:module";

const folder = new URL("../../../gameserver/web/static/", import.meta.url);

// Where no package.json says so, node takes .js for CommonJS; a browser knows only modules.
const hooks = `export async function load(url, context, next) {
  return next(url, url.startsWith(${JSON.stringify(folder.href)}) ? { ...context, format: "module" } : context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

/** One of them, by its path below /static/. */
export function shared(path) {
  return import(new URL(path, folder));
}
