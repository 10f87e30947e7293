/** The chat behind a button, for scenes without room for it. */

import { chatBox } from "../page/chat.js";
import { el, live } from "../page/elements.js";
import { t } from "../page/language.js";

/**
 * A button that opens the chat over the page, and shows how many lines are unread. A shared screen has none.
 * @param {any} room
 * @param {{ to?: string | null, title?: string }} options as chatBox() has them
 */
export function chatButton(room, { to = null, title = t("Chat") } = {}) {
  const unread = el("span", { class: "badge unread" });
  const open = () => {
    const done = el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("Done"));
    const dialog = el("dialog", { class: "talk-of", "aria-label": title }, el("div", { class: "stack" }, chatBox(room, { to, title }), done));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };
  const button = el("button", { type: "button", class: "quiet talk-button", onclick: open }, title, unread);
  return live(button, room, () => {
    const addresses = to?.split(" ");
    const channels = [...room.chat.channels.values()].filter((channel) => !addresses || addresses.includes(channel.to));
    const count = channels.reduce((sum, channel) => sum + channel.unread, 0);
    button.hidden = room.seat.role === "screen" || !channels.length;
    unread.hidden = !count;
    unread.textContent = t("{n} new", { n: count });
  }, ["$chat", "$channels", "$read", "$joined"]);
}
