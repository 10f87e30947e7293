/** Where the samples' pages find, by their address under `/play/GAME/`, what all pages share; for the type checker alone. */

type SharedByPages = typeof import("../../../gameserver/web/static/page.js");

declare module "*/static/page.js" {
  const shared: SharedByPages;
  export = shared;
}

declare module "*/static/enter.js" {
  const shared: typeof import("../../../gameserver/web/static/enter.js");
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

declare module "*/static/kit/kit.js" {
  const shared: typeof import("../../../gameserver/web/static/kit/kit.js");
  export = shared;
}

declare module "*/static/kit/network.js" {
  const shared: typeof import("../../../gameserver/web/static/kit/network.js");
  export = shared;
}

declare module "*/static/kit/playout.js" {
  const shared: typeof import("../../../gameserver/web/static/kit/playout.js");
  export = shared;
}

declare module "*/static/kit/prediction.js" {
  const shared: typeof import("../../../gameserver/web/static/kit/prediction.js");
  export = shared;
}

declare module "*/static/kit/cues.js" {
  const shared: typeof import("../../../gameserver/web/static/kit/cues.js");
  export = shared;
}

declare module "*/static/kit/bots.js" {
  const shared: typeof import("../../../gameserver/web/static/kit/bots.js");
  export = shared;
}
