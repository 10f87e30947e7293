/*
 * What the pages of games share. A game's page is an index.html with <main id="game" class="page"></main>, a
 * <link rel="stylesheet" href="../../static/style.css">, and a module of its own:
 *
 *     import { attempt, countdown, el, enter, fill, render, seatList } from "../../static/page.js";
 *
 *     const { room } = await enter({ mount: document.querySelector("main") });    // name, create or join, head, banner
 *     render(room, () => fill(document.querySelector("main"), el("p", {}, `Turn: ${room.state.turn}`)));
 *     button.addEventListener("click", () => attempt(room.send("play", { cell: 4 })));
 *
 * The flow
 *   enter({mount, game, role, title, create, bar, connection, onLeft}) → Promise<{client, room, about}>
 *       Takes the browser to a seat: connects, then goes on with a seat that this browser remembers; or asks for a name
 *       and joins the room of the query (?room=K7QM&role=screen); or, without one, offers a new room (with the game's
 *       options) and a field for a code. Puts a head and a reconnecting banner before `mount`, which it empties at the
 *       end, and says in `mount` when the seat is lost. A role other than player gets a seat without being asked for a
 *       name; for the role screen <html> gets the class "tv".
 *       `game`: by default that of /play/GAME/. `role`: if the query names none ("player"). `create` (true): offer a
 *       new room if the query names none. `bar` (true): show the head. `connection`: options for the client's
 *       `connect`. `onLeft(event)`: called when the seat is lost, instead of our own message.
 *       `about` is the game's entry of GET /api/games: title, min_players, max_players, roles, options, messages.
 *   render(room, draw)              draws now, and after each change (documents, seats, info, timers, seat taken again);
 *                                   several changes of one step are drawn once. → function that ends this
 *   attempt(promise, {quiet})       → Promise of its result, or undefined after a toast with the error in words
 *
 * Elements; those with `room` or `client` keep themselves up to date until they leave the document
 *   el(tag, props, ...children)     props: class, text, on<event>, data-…, any attribute or property; text is text only
 *   fill(node, ...children)         replaceChildren that keeps the keyboard's focus (same id, or data-key)
 *   header(client, room, {title})   .bar: home, title, code (opens the QR), leave
 *   shareCard(room, {role})         .share: QR, code and address, for a TV or a lobby
 *   openShare(room)                 the same as a dialog
 *   seatList(room, {role, done, active})   ul.seats of chips; done(seat) → whether to tick it, active(seat) → to mark it
 *   teamList(room)                  ul.teams: title, score and people of each team; with buttons if players may choose
 *   seatColor(seat)                 "color-1" … "color-8": the same for a player on every device
 *   startButton(room, {label})      for the host, before the game and after it; the others see who starts, and can say
 *                                   that they are ready
 *   hostButton(room, about)         for the host: a dialog with all that a host may do: start, options, another game with
 *                                   the same people, bots, and so on; header() has it
 *   eveningLine(room)               who has won how often this evening, between rounds; enter() shows it to screens
 *   countdown(room, name, {hurry_s, label})   seconds left of a timer that is shown, by the server's clock; else hidden
 *   turnCountdown(room), clockCountdown(room, key)   the time of this turn; of a player (a seat's id) or team (group:NAME)
 *   leftMs(room, name)              the same as a number of ms, or null
 *   chatBox(room, {to, title, field, nothing})   a <game-chat>: all channels, or the one of this address; see /game-chat.js.
 *                                   `field` says what to write there, `nothing` is shown before anybody has written
 *   lobbyChat(client, game)         a <game-chat> for the lobby of the game; enter() shows it before a room
 *   statusBanner(client)            says when the connection is away
 *   newsBanner(client)              what the operator announces, until it is closed; enter() has it
 *
 * The rest
 *   ask(text, yes, {no})            a dialog → Promise of true or false
 *   toast(text, {kind: "info"|"error", ms}), announce(text)  (for screen readers alone), words(error)
 *   keepAwake(), awake()            keeps the screen on while the page is visible, by a wake lock or a silent film; enter()
 *                                   does it
 *   savedName(), saveName(text), query (URLSearchParams), gameName(), inviteUrl(room, {role}), api(path, {method, body, token})
 *   ownProfile(), faceField()       the face and colour that others see, as `profile` of a seat; a field to choose them.
 *                                   ?as=2 makes a tab a person of its own: name, face and guest are kept for that tab alone
 *   identity()                      who this browser is, for connect(), after await recognise(); account(),
 *                                   saveAccount(name), loginAddress(ways)
 *   t(text, values)                 a text in the page's language, an ICU message:
 *                                   t("{n, plural, one {# card} other {# cards}}", { n });
 *                                   parts(text, values): the same for el(), values may be elements; said(text): a text that
 *                                   comes from a game or the server. language: the page's; languageField(): to choose it.
 *                                   Catalogues lie beside the page, words/de.json: see the guide "Languages"
 *   BASE, urlOf(path)               the lobby's address, and that of a path such as /api/games; do not use the path itself,
 *                                   since a server may be reached under a path; likewise keyHere(name) for storage
 *   params: GET /play/GAME/?room=CODE&role=ROLE
 *
 * Pages import from here alone; the code is in page/, a file for each concern.
 */

// Imported here too, so that browsers ask for them together with page/, and not one round trip later.
import "../game-chat.js";
import "../gameserver.js";
import "./form.js";

export { awake, keepAwake } from "./page/awake.js";
export { newsBanner, statusBanner } from "./page/banners.js";
export { BASE, cleanCode, gameName, keyHere, query, urlOf } from "./page/base.js";
export { chatBox, lobbyChat } from "./page/chat.js";
export { clockCountdown, countdown, leftMs, turnCountdown } from "./page/countdown.js";
export { el, fill, render } from "./page/elements.js";
export { enter } from "./page/enter.js";
export { eveningLine } from "./page/evening.js";
export { faceField, ownProfile } from "./page/faces.js";
export { hostButton } from "./page/host.js";
export { api } from "./page/http.js";
export { language, languageField, parts, said, t } from "./page/language.js";
export { account, identity, loginAddress, recognise, saveAccount, savedName, saveName } from "./page/identity.js";
export { announce, ask, attempt, toast, words } from "./page/notices.js";
export { seatColor, seatList, startButton, teamList } from "./page/seats.js";
export { header, inviteUrl, openShare, shareCard } from "./page/share.js";
