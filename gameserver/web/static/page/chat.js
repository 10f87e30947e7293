/** The chat of a room, and that of a game's lobby. */

import "../../game-chat.js";
import { el } from "./elements.js";
import { keyed, listed, t } from "./language.js";
import { words } from "./notices.js";

/** The chat's words that are made for a name, a number or several names: each returns its values. */
const MADE = {
  about: (name) => ({ name }),
  blocked: (name) => ({ name }),
  unblocked: (name) => ({ name }),
  unread: (n) => ({ n }),
  writing: (names) => ({ n: names.length, names: listed(names) }),
};
const NAMES = ["title", "room", "lobby", "server", "field", "private", "send", "save", "cancel", "unsay", "edit", "edited", "nothing", "closed", "more", "report", "reported", "block", "unblock", "account", "gone"];

/** The chat's texts in the page's language; by itself it is English. */
function chatWords() {
  const found = NAMES.map((name) => [name, keyed(`chat/${name}`)]);
  const made = Object.entries(MADE).map(([name, values]) => [name, keyed(`chat/${name}`) && ((value) => t(`chat/${name}`, values(value)))]);
  return { ...Object.fromEntries([...found, ...made].filter(([, text]) => text)), failed: words };
}

/**
 * The chat of a room.
 * @param {any} room
 * @param {{ to?: string | null, title?: string, field?: string, nothing?: string }} options `to`: these channels alone;
 * `field`: what to write there, if that is more than "say something"; `nothing`: the text before anybody has written
 */
export function chatBox(room, { to = null, title = t("Chat"), field, nothing } = {}) {
  const chat = el("game-chat", { label: title, channels: to });
  chat.words = { ...chatWords(), ...(field && { field }), ...(nothing && { nothing }) };
  chat.room = room;
  return chat;
}

/** The chat of a game's lobby, heard from now on; it is removed again if the game has no lobby. */
export function lobbyChat(client, game) {
  const chat = el("game-chat", { label: t("Lobby"), channels: `lobby:${game}` });
  const card = el("section", { class: "card" }, chat);
  chat.words = chatWords();
  chat.room = client;
  client.lobby(game).catch(() => card.remove());
  return card;
}
