/** Types of game-chat.js: the element `<game-chat>`. */

import type { Client, Line, Post, Room } from "./gameserver.js";

export class GameChat extends HTMLElement {
  /** The room whose chat it shows, or a client, for the chat outside rooms; null empties it. */
  room: Room | Client | null;
  /** Texts in another language; those that are left out are English. */
  words: Partial<Record<string, string | ((value: any) => string)>>;
  /** Called for each line that is drawn: for a game's own `line.data`. */
  decorate: ((line: Line | Post, element: HTMLElement) => void) | null;
  /** The address of the channel that is shown. */
  readonly to: string;
  /** Show a channel; `seat:ID`, or outside rooms `user:ID`, begins a private talk. */
  open(to: string): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "game-chat": GameChat;
  }
}
