// The modules of the arena's page, and of the kit, for node.

import { register } from "node:module";

const page = new URL("../../../games/arena/page/", import.meta.url);
const kit = new URL("../../../gameserver/web/static/kit/", import.meta.url);

// Where no package.json says so, node takes .js for CommonJS; a browser knows only modules. The server has the kit under
// another path than this folder.
const hooks = `export async function resolve(name, context, next) {
  const at = name.indexOf("/static/kit/");
  return next(at < 0 ? name : ${JSON.stringify(kit.href)} + name.slice(at + "/static/kit/".length), context);
}
export async function load(url, context, next) {
  const ours = [${JSON.stringify(page.href)}, ${JSON.stringify(kit.href)}].some((folder) => url.startsWith(folder));
  return next(url, ours ? { ...context, format: "module" } : context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

/** One of the page's modules, by the name of its file. */
export function arena(file) {
  return import(new URL(file, page));
}

/** One of the kit's. */
export function kitModule(file) {
  return import(new URL(file, kit));
}
