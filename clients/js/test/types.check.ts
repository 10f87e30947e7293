/**
 * The types that are shipped beside the bundles, against the sources: what a type promises the source has, and what is
 * public in a source has a type. Nothing here runs; `npm run types` reads it.
 */

import type * as shipped from "../gameserver.js";
import type { GameChat as ShippedChat } from "../game-chat.js";
import * as source from "../src/index.js";
import { GameChat } from "../src/game-chat/element.js";

/** The names of a class that are for pages: those of ours begin with `_`. */
type Public<Class> = Exclude<keyof Class, `_${string}`>;

/** `true` where there are the same names on both sides, and nothing at all elsewhere. */
type Same<Ours, Theirs> = [Ours] extends [Theirs] ? ([Theirs] extends [Ours] ? true : never) : never;

export const shapes = {
  client: (made: Awaited<ReturnType<typeof source.connect>>): shipped.Client => made,
  room: (made: source.Room): shipped.Room => made,
  chat: (made: source.Chat): shipped.Chat => made,
  posts: (made: source.Posts): shipped.Posts => made,
  channel: (made: source.Channel): shipped.Channel => made,
  element: (made: GameChat): ShippedChat => made,
  connect: source.connect satisfies typeof shipped.connect,
  error: source.GameError satisfies typeof shipped.GameError,
};

type CalledByTheBrowser = "connectedCallback" | "disconnectedCallback" | "attributeChangedCallback";

export const names: true[] = [
  true satisfies Same<Public<source.Client>, keyof shipped.Client>,
  true satisfies Same<Public<source.Room>, keyof shipped.Room>,
  true satisfies Same<Public<source.Chat>, keyof shipped.Chat>,
  true satisfies Same<Public<source.Posts>, keyof shipped.Posts>,
  true satisfies Same<Public<source.Channel>, keyof shipped.Channel>,
  true satisfies Same<Public<source.GameError>, keyof shipped.GameError>,
  true satisfies Same<Exclude<keyof GameChat, CalledByTheBrowser>, keyof ShippedChat>,
  true satisfies Same<Exclude<keyof typeof source, "Channel">, keyof typeof shipped>,
];
