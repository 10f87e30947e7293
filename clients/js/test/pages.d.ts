/** Where the samples' pages find, by their address under `/play/GAME/`, what all pages share; for the type checker alone. */

type SharedByPages = typeof import("../../../gameserver/web/static/page.js");

declare module "*/static/page.js" {
  const shared: SharedByPages;
  export = shared;
}
