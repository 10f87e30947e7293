/**
 * <game-chat>: a room's chat, for any page. One module, nothing else:
 *
 *     import "../../game-chat.js";
 *     const chat = document.createElement("game-chat");
 *     chat.room = room;                                   // of gameserver.js
 *     document.querySelector("main").append(chat);
 *
 * It has a tab for each channel, with the number of unread lines; the lines; who is writing; and a field. Enter says a
 * line, the up arrow in the empty field changes one's last line, Escape gives that up; the arrow keys go from tab to
 * tab. What people write is shown as text: no markup of theirs ever becomes an element, and a text that runs from right
 * to left turns neither the name before it nor the next line.
 *
 * Attributes   label     the title above it, by default "Chat"; empty: none, and `aria-label` is for screen readers
 *              channels  addresses, with spaces: show only these; by default all that this seat hears
 * Properties   room      a Room; or a Client, for what is said outside rooms: lobbies, direct messages, announcements;
 *                        null empties it
 *              words     {send: "Senden", …}: texts in another language, those of WORDS below
 *              decorate  (line, element) => …: called for each line that is drawn, for a game's own `line.data`
 *              to        the address of the channel that is shown
 * Methods      open(to)  show a channel: also "seat:ID" or outside rooms "user:ID", to begin a private talk
 * Looks        --game-chat-ink, -muted, -ground, -line, -edge, -accent, -on-accent, -bad, -focus, -radius, -font, -height
 *              (of the lines); by default the colours of /static/style.css where it is, else the system's. ::part(title), (tabs),
 *              (log), (line), (from), (text), (form), (field), (send)
 */

import { GameChat } from "./element.js";

if (!customElements.get("game-chat")) customElements.define("game-chat", GameChat);

export { GameChat };
