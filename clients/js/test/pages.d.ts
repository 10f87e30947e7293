/** Where the samples' pages find, by their address under `/play/GAME/`, what all pages share; for the type checker alone. */

type SharedByPages = typeof import("../../../gameserver/web/static/page.js");

declare module "*/static/page.js" {
  const shared: SharedByPages;
  export = shared;
}

declare module "*/static/play/people.js" {
  const shared: typeof import("../../../gameserver/web/static/play/people.js");
  export = shared;
}

declare module "*/static/play/turn.js" {
  const shared: typeof import("../../../gameserver/web/static/play/turn.js");
  export = shared;
}
