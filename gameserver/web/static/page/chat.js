/** The chat of a room, and that of a game's lobby. */

import "../../game-chat.js";
import { el } from "./elements.js";

export function chatBox(room, { to = null, title = "Chat" } = {}) {
  const chat = el("game-chat", { label: title, channels: to });
  chat.room = room;
  return chat;
}

/** Heard from now on; it goes again where the game has no lobby. */
export function lobbyChat(client, game) {
  const chat = el("game-chat", { label: "Lobby", channels: `lobby:${game}` });
  const card = el("section", { class: "card" }, chat);
  chat.room = client;
  client.lobby(game).catch(() => card.remove());
  return card;
}
