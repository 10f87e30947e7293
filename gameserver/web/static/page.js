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
 *       Takes the browser to a seat: connects, goes on with a seat that this browser remembers, or asks for a name and
 *       joins the room of the query (?room=K7QM&role=screen), or else offers a new room (with the game's options) and
 *       a code to type. Puts a head and a reconnecting banner before `mount`, which it empties at the end, and says
 *       in `mount` when the seat is lost. A role other than player is seated without asking for a name; for the role
 *       screen <html> gets the class "tv".
 *       `game`: from /play/GAME/. `role`: what the query does not say otherwise ("player"). `create` (true): offer a
 *       new room where the query names none. `bar` (true): put the head. `connection`: options for the client's
 *       `connect`. `onLeft(event)`: instead of our own words.
 *       `about` is the game's entry of GET /api/games: title, min_players, max_players, roles, options, messages.
 *   render(room, draw)              draws now, and once after whatever changes (documents, seats, info, timers, seat
 *                                   taken again); several changes of one step are one drawing. → function that ends it
 *   attempt(promise, {quiet})       → Promise of its result, or undefined after a toast that says the error in words
 *
 * Elements; those with `room` or `client` keep themselves up to date until they leave the document
 *   el(tag, props, ...children)     props: class, text, on<event>, data-…, any attribute or property; text is text only
 *   fill(node, ...children)         replaceChildren that keeps the keyboard's focus (same id, or data-key)
 *   header(client, room, {title})   .bar: home, title, code (opens the QR), leave
 *   shareCard(room, {role})         .share: QR, code and address, for a TV or a lobby
 *   openShare(room)                 the same as a dialog
 *   seatList(room, {role, done})    ul.seats of chips; done(seat) → whether to tick it
 *   teamList(room)                  ul.teams: title, score and people of each team; a button each where players choose
 *   seatColor(seat)                 "color-1" … "color-8": the same for a player on every device
 *   startButton(room, {label})      for the host, before the game and after it; the others read who starts
 *   countdown(room, name, {hurry_s, label})   seconds left of a shown timer by the server's clock; hidden without one
 *   leftMs(room, name)              the same as a number of ms, or null
 *   chatBox(room, {to, title})      a <game-chat>: its channels, or the one of this address; see /game-chat.js
 *   lobbyChat(client, game)         a <game-chat> of what is said in the game's lobby; enter() shows it before a room
 *   statusBanner(client)            says when the connection is away
 *   newsBanner(client)              what the operator announces, until it is closed; enter() has it
 *
 * The rest
 *   ask(text, yes, {no})            a dialog → Promise of true or false
 *   toast(text, {kind: "info"|"error", ms}), announce(text)  (for screen readers alone), words(error)
 *   keepAwake()                     the screen stays on while the page is seen (secure contexts alone; enter() does it)
 *   savedName(), saveName(text), query (URLSearchParams), gameName(), inviteUrl(room, {role}), api(path, {method, body, token})
 *   identity()                      who this browser is, for connect(); account(), saveAccount(name)
 *   BASE, urlOf(path)               the lobby's address, and that of a path such as /api/games: never a path alone, since
 *                                   a server may be reached under one; keyHere(name) for storage, likewise
 *   params: GET /play/GAME/?room=CODE&role=ROLE
 */

import "../game-chat.js";
import { connect } from "../gameserver.js";
import { schemaForm } from "./form.js";

/** Where the lobby is, and everything else under it: this host may have other servers under other paths. */
export const BASE = new URL("..", import.meta.url);

const NAME_KEY = "gameserver.name";
const ACCOUNT_KEY = keyHere("gameserver.account");
const HAS_KEYS = matchMedia("(hover: hover) and (pointer: fine)").matches; // on a phone a focus would bring up the keyboard
const RETRY_MS = 2000;
const AWAY_MS = 700; // a shorter break is not worth a banner
const NEWS_MS = 86_400_000; // what was announced longer ago is no news
const NEWS_SHOWN = 3;
const NEWS_TV_MS = 60_000; // nobody closes a banner on a shared screen

export const query = new URLSearchParams(location.search);

/** The name under which this browser keeps what is of this server alone. */
export function keyHere(name) {
  return BASE.pathname === "/" ? name : `${name} ${BASE.pathname}`;
}

/** The address of a path of this server's, such as /play/GAME/. */
export function urlOf(path) {
  return new URL(path.replace(/^\//, "./"), BASE);
}

/** The game of /play/GAME/, or null. */
export function gameName() {
  const inside = location.pathname.startsWith(BASE.pathname) ? location.pathname.slice(BASE.pathname.length) : "";
  const found = /^play\/([^/]+)/.exec(inside);
  return found ? decodeURIComponent(found[1]) : null;
}

// Elements

/** An element; children are nodes or text, and what is null, undefined or false is left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") node.className = Array.isArray(value) ? value.filter(Boolean).join(" ") : value;
    else if (key === "text") node.textContent = value;
    else if (key === "value") node.value = value;
    else if (key === "style") for (const [name, text] of Object.entries(value)) node.style.setProperty(name, text);
    else if (key.startsWith("on") && typeof value === "function") node.addEventListener(key.slice(2).toLowerCase(), value);
    else if (key.includes("-") || !(key in node) || typeof value === "string") node.setAttribute(key === "htmlFor" ? "for" : key, value === true ? "" : value);
    else node[key] = value;
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** replaceChildren, and the focus stays on the element of the same id or data-key. */
export function fill(node, ...children) {
  const focused = document.activeElement;
  const mark = focused && node.contains(focused) ? focused.id || focused.dataset.key : null;
  const spot = mark && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  if (mark && !node.contains(document.activeElement)) {
    const again = [...node.querySelectorAll("[id], [data-key]")].find((each) => each.id === mark || each.dataset.key === mark);
    again?.focus({ preventScroll: true });
    try {
      if (spot && spot[0] !== null) again?.setSelectionRange(...spot);
    } catch {
      // not a field with a text cursor
    }
  }
  return node;
}

const WATCHED = ["$change", "$seats", "$info", "$timers", "$joined"];

/** Draw now, and once after each bunch of changes. */
export function render(room, draw, events = WATCHED) {
  let due = false;
  let ended = false;
  const soon = () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      if (!ended) draw(room);
    });
  };
  const ends = events.map((event) => room.on(event, soon));
  draw(room);
  return () => {
    ended = true;
    for (const end of ends) if (typeof end === "function") end();
  };
}

/** Like render, for an element of ours: it ends by itself once the element was shown and is gone. */
function live(node, room, draw, events = WATCHED) {
  let shown = false;
  const end = render(room, () => {
    shown ||= node.isConnected;
    if (shown && !node.isConnected) end?.();
    else draw();
  }, events);
  return node;
}

// Words

const WORDS = {
  room_full: "This room is full.",
  room_locked: "The game has begun, or the host has locked the room.",
  room_over: "This room is over.",
  not_found: "There is no such room. Look at the code again.",
  wrong_password: "That is not the room's password.",
  rate_limited: "Too fast. Wait a moment.",
  paused: "The game is paused.",
  busy: "The server is busy. Try again in a moment.",
  draining: "The server is about to stop. Try again in a moment.",
  game_error: "The game stumbled over that; nothing was changed.",
};

/** What msgspec says of data, said to a player. */
const PLAIN = [
  [/^Expected `(?:int|float)` <= (\S+)/, (most) => `At most ${most}.`],
  [/^Expected `(?:int|float)` >= (\S+)/, (least) => `At least ${least}.`],
  [/^Expected `str` of length <= (\d+)/, (most) => `At most ${most} characters.`],
  [/^Expected `str` of length >= 1\b/, () => "This is needed."],
  [/^Expected `(?:int|float)`, got/, () => "Write a number."],
];

/** An error in words that a player understands. */
export function words(error) {
  if (error?.code !== "bad_data") return WORDS[error?.code] ?? (error?.message || "Something went wrong.");
  const [pattern, plain] = PLAIN.find(([each]) => each.test(error.message)) ?? [];
  const text = plain ? plain(...pattern.exec(error.message).slice(1)) : error.message;
  const path = (error.path ?? "").replace(/^\$\.?/, "").replaceAll("_", " ");
  return path ? `${path.charAt(0).toUpperCase()}${path.slice(1)}: ${text}` : text;
}

let toasts = null;

/** Say something for a few seconds. */
export function toast(text, { kind = "info", ms = 5000 } = {}) {
  if (!toasts) {
    toasts = el("div", { class: "toasts" }, el("div", { role: "status" }), el("div", { role: "alert" }));
    document.body.append(toasts);
  }
  const note = el("div", { class: ["toast", kind] }, text);
  toasts.children[kind === "error" ? 1 : 0].append(note);
  while (toasts.querySelectorAll(".toast").length > 3) toasts.querySelector(".toast").remove();
  setTimeout(() => note.remove(), ms);
  return note;
}

// Screen readers tell what changes in a region that they know: it is there before anything is said.
const heard = el("div", { class: "visually-hidden", "aria-live": "polite" });
document.body.append(heard);

/** Tell screen readers, and nobody else. */
export function announce(text) {
  heard.textContent = text;
}

/** The result, or undefined after a toast. */
export async function attempt(promise, { quiet = false } = {}) {
  try {
    return await promise;
  } catch (error) {
    if (!quiet) toast(words(error), { kind: "error" });
    if (!error?.code) console.error(error);
    return undefined;
  }
}

/** Call the server, by a path such as /api/games. Throws {code, message}. */
export async function api(path, { method = "GET", body, token } = {}) {
  let answer;
  const headers = { ...(body && { "Content-Type": "application/json" }), ...(token && { Authorization: `Bearer ${token}` }) };
  try {
    answer = await fetch(urlOf(path), { method, body: body && JSON.stringify(body), headers });
  } catch {
    throw Object.assign(new Error("The server cannot be reached."), { code: "unreachable" });
  }
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(data.message || answer.statusText), { code: data.code || "busy" });
  return data;
}

// Names and addresses

export function savedName() {
  try {
    return localStorage.getItem(NAME_KEY) ?? "";
  } catch {
    return "";
  }
}

export function saveName(text) {
  try {
    localStorage.setItem(NAME_KEY, text);
  } catch {
    // private windows may have no storage
  }
}

/** Whose account this browser is logged in to, by name, or null: the login itself is a cookie that pages cannot read. */
export function account() {
  try {
    return localStorage.getItem(ACCOUNT_KEY);
  } catch {
    return null;
  }
}

export function saveAccount(name) {
  try {
    if (name) localStorage.setItem(ACCOUNT_KEY, name);
    else localStorage.removeItem(ACCOUNT_KEY);
  } catch {
    // then a reload is a guest
  }
}

/** Who this browser is, as connect() takes it: an account by tickets, which its cookie buys, or a guest of a name. */
export function identity() {
  const name = savedName() || undefined;
  return account() ? { name, ticket: buyTicket } : { name };
}

async function buyTicket() {
  try {
    return (await api("/api/tickets", { method: "POST", body: {} })).ticket;
  } catch (error) {
    if (error.code === "unauthenticated") saveAccount(null); // logged out elsewhere
    throw error;
  }
}

let base = null;

/** Where others reach this server: what the operator says, else what this browser asked for, unless that is this very machine. */
async function baseUrl() {
  base ??= (async () => {
    const loopback = /^(localhost|127\.|\[::1\])/.test(location.hostname);
    const server = await api("/api/server").catch(() => null);
    if (server?.public_url) return server.public_url;
    return loopback ? (server?.urls?.[0] ?? BASE.href) : BASE.href;
  })();
  return base;
}

/** The address that brings somebody into this room. */
export async function inviteUrl(room, { role } = {}) {
  const url = new URL(`play/${encodeURIComponent(room.game)}/`, `${(await baseUrl()).replace(/\/$/, "")}/`);
  url.searchParams.set("room", room.code);
  if (role && role !== "player") url.searchParams.set("role", role);
  return url.href;
}

// Parts of a page

export function statusBanner(client) {
  const banner = el("div", { class: "banner", role: "status", hidden: true });
  let timer = null;
  const look = () => {
    if (client.status === "open") {
      clearTimeout(timer);
      timer = null;
      banner.hidden = true;
      banner.textContent = "";
    } else if (timer === null) {
      timer = setTimeout(() => {
        banner.hidden = false;
        banner.textContent = client.status === "closed" ? "The connection has ended. Reload the page to go on." : "Reconnecting… Your seat is kept.";
      }, AWAY_MS);
    } else if (!banner.hidden) {
      banner.textContent = client.status === "closed" ? "The connection has ended. Reload the page to go on." : "Reconnecting… Your seat is kept.";
    }
  };
  client.on("$status", look);
  look();
  return banner;
}

export function header(client, room, { title = room.game } = {}) {
  const leave = async () => {
    if (!(await ask("Leave this room? Your seat is given up.", "Leave"))) return;
    await attempt(room.leave());
    location.assign(BASE);
  };
  return el(
    "header",
    { class: "bar" },
    el("a", { class: "home", href: BASE.href, title: "To the lobby; your seat is kept" }, el("span", {}, title)),
    el(
      "button",
      { class: "share-button", type: "button", onclick: () => openShare(room) },
      el("span", { class: "visually-hidden" }, "Room "),
      el("span", { class: "code" }, room.code),
      el("span", { class: "text" }, "Invite"),
    ),
    el("button", { class: "quiet", type: "button", onclick: leave }, "Leave"),
  );
}

export function shareCard(room, { role } = {}) {
  const image = el("img", { alt: `QR code that leads to room ${room.code}`, width: 300, height: 300 });
  const address = el("a", { class: "address" });
  const card = el("div", { class: "share" }, image, el("div", { class: "code big" }, room.code), address);
  inviteUrl(room, { role }).then((url) => {
    image.src = urlOf(`/api/qr?text=${encodeURIComponent(url)}`).href;
    address.href = url;
    address.textContent = url.replace(/^https?:\/\//, "");
  });
  return card;
}

export function openShare(room) {
  const dialog = el("dialog", { "aria-label": "Invite others" });
  const copy = async () => {
    const url = await inviteUrl(room);
    try {
      await navigator.clipboard.writeText(url);
      toast("Copied.");
    } catch {
      toast(url, { ms: 15000 }); // not a secure context: the text can be selected
    }
  };
  dialog.append(
    el(
      "div",
      { class: "stack" },
      el("h2", { class: "center" }, "Scan to join"),
      shareCard(room),
      el(
        "div",
        { class: "row center" },
        el("button", { type: "button", onclick: copy }, "Copy the link"),
        el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Done"),
      ),
    ),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** A question with two answers; true if it is yes. */
export function ask(text, yes, { no = "Stay" } = {}) {
  return new Promise((answered) => {
    const dialog = el(
      "dialog",
      { "aria-label": text },
      el(
        "form",
        { method: "dialog", class: "stack" },
        el("p", { class: "lead" }, text),
        el("div", { class: "row" }, el("button", { value: "", class: "primary", autofocus: true }, no), el("button", { value: "yes", class: "danger" }, yes)),
      ),
    );
    dialog.addEventListener("close", () => {
      answered(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** The same colour for a player on every device. */
export function seatColor(seat) {
  const number = seat.number ?? [...seat.id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return `color-${(number % 8) + 1}`;
}

export function seatList(room, { role = "player", done } = {}) {
  const list = el("ul", { class: "seats", "aria-label": "Players" });
  return live(list, room, () => {
    const seats = [...room.seats.values()].filter((seat) => !seat.gone && (role === null || seat.role === role));
    seats.sort((a, b) => (a.number ?? 1e9) - (b.number ?? 1e9));
    fill(list, seats.map((seat) => seatChip(room, seat, done?.(seat))));
  });
}

export function teamList(room) {
  const list = el("ul", { class: "teams plain stack tight", "aria-label": "Teams" });
  return live(list, room, () => {
    const { teams } = room;
    list.hidden = !teams.length;
    const mine = teams.find(({ seats }) => seats.some(({ id }) => id === room.seat.id));
    const chooses = room.me?.role === "player" && !(mine && room.info.status === "playing");
    fill(list, teams.map((team) => teamCard(room, team, { mine: team === mine, chooses })));
  });
}

function teamCard(room, { name, title, colour, score, open, seats }, { mine, chooses }) {
  const people = seats.length ? seats.flatMap((seat, i) => [i ? ", " : null, el("bdi", {}, seat.name)]) : "Nobody yet";
  const join = () => attempt(room.joinTeam(name));
  const button = open && chooses && !mine ? el("button", { type: "button", "data-key": `team-${name}`, onclick: join }, "Join", el("span", { class: "visually-hidden" }, ` ${title}`)) : null;
  return el(
    "li",
    { class: ["team", mine && "mine"], style: { "--team": colour } },
    el("div", { class: "row spread" }, el("strong", { class: "team-title", dir: "auto" }, title), el("span", { class: "points" }, el("span", { class: "visually-hidden" }, "Points: "), String(score))),
    el("div", { class: "row spread" }, el("span", { class: "small" }, people, mine ? el("span", { class: "muted" }, " · your team") : null), button),
  );
}

function seatChip(room, seat, done) {
  const me = seat.id === room.seat.id;
  const team = room.teams.find(({ seats }) => seats.includes(seat));
  const notes = [me && "you", seat.host && "host", !seat.online && "away", seat.role !== "player" && seat.role, team?.title].filter(Boolean);
  return el(
    "li",
    { class: ["seat", seatColor(seat), me && "me", !seat.online && "offline", done && "done", team && "teamed"], style: team && { "--team": team.colour } },
    el("span", { class: "face", "aria-hidden": "true" }, [...seat.name][0]?.toUpperCase() ?? "?"),
    el("span", { class: "name" }, seat.name),
    notes.length ? el("span", { class: "note" }, notes.join(", ")) : null,
    done ? el("span", { class: "visually-hidden" }, "done") : null,
  );
}

export function startButton(room, { label, min = 1 } = {}) {
  const box = el("div", { class: "stack tight" });
  return live(box, room, () => {
    const { status } = room.info;
    const seats = [...room.seats.values()].filter((seat) => !seat.gone);
    const players = seats.filter((seat) => seat.role === "player").length;
    const host = seats.find((seat) => seat.host);
    const missing = min - players;
    box.hidden = status === "playing";
    if (box.hidden) return;
    if (missing > 0) fill(box, el("p", { class: "muted" }, `Waiting for ${missing} more player${missing > 1 ? "s" : ""}.`));
    else if (room.me?.host) {
      const text = label ?? (status === "over" ? "Play again" : "Start");
      fill(box, el("button", { class: "primary big", type: "button", "data-key": "start", onclick: () => attempt(room.start()) }, text));
    } else fill(box, el("p", { class: "muted" }, host ? `${host.name} starts the game.` : "Waiting for a host."));
  });
}

export function leftMs(room, name) {
  const timer = room.timers.get(name);
  if (!timer) return null;
  if (timer.paused_ms !== null && timer.paused_ms !== undefined) return timer.paused_ms;
  return timer.ends === null || timer.ends === undefined ? null : Math.max(0, timer.ends - room.now());
}

export function countdown(room, name, { hurry_s = 5, label = "" } = {}) {
  const number = el("span", {});
  const node = el("span", { class: "countdown", role: "timer", "aria-live": "off" }, label ? `${label} ` : null, number);
  let shown = false;
  const look = () => {
    shown ||= node.isConnected;
    if (shown && !node.isConnected) return clearInterval(ticking);
    const ms = leftMs(room, name);
    node.hidden = ms === null;
    if (ms === null) return undefined;
    const paused = (room.timers.get(name).paused_ms ?? null) !== null;
    number.textContent = clock(ms) + (paused ? " (paused)" : "");
    node.classList.toggle("hurry", !paused && ms <= hurry_s * 1000);
    node.classList.toggle("paused", paused);
    return undefined;
  };
  const ticking = setInterval(look, 200);
  look();
  return node;
}

function clock(ms) {
  const s = Math.ceil(ms / 1000);
  if (s < 60) return String(s);
  const pad = (n) => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${pad(s % 60)}` : `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
}

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

let lock = null;

/** Keep the screen on while this page is seen, where the browser lets us. */
export function keepAwake() {
  if (lock !== null || !window.isSecureContext || !navigator.wakeLock) return;
  const ask = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      lock = await navigator.wakeLock.request("screen");
    } catch {
      lock = undefined; // a low battery, for example
    }
  };
  lock = undefined;
  document.addEventListener("visibilitychange", ask);
  ask();
}

/** A region that screen readers know, with the last announcements that nobody here has closed. */
export function newsBanner(client) {
  const close = () => client.chat.read("server");
  const node = el("div", { role: "status", class: "news" });
  let shown = "";
  const draw = () => {
    const channel = client.chat.channels.get("server");
    const news = (channel?.lines ?? []).filter(({ n, at }) => n > channel.read && client.now() - at < NEWS_MS).slice(-NEWS_SHOWN);
    const now = news.map(({ n }) => n).join();
    if (now === shown) return;
    shown = now;
    const button = el("button", { type: "button", class: "quiet", "data-key": "close-news", onclick: close }, "Got it");
    fill(node, news.length ? el("div", { class: "banner" }, news.map(({ text }) => el("p", { dir: "auto" }, text)), button) : null);
    if (now && document.documentElement.classList.contains("tv")) setTimeout(() => shown === now && close(), NEWS_TV_MS);
  };
  for (const event of ["$chat", "$channels", "$read"]) client.on(event, draw);
  client.announcements().catch(() => {}); // without them everything else goes on
  return node;
}

// The way to a seat

export async function enter({ mount, game = gameName(), role = "player", title, create = true, bar = true, connection = {}, onLeft } = {}) {
  const wanted = query.get("role") || role;
  document.documentElement.classList.toggle("tv", wanted === "screen");
  fill(mount, el("p", { class: "muted center", role: "status" }, "Connecting…"));
  const about = await aboutGame(game);
  const name = title ?? about.title;
  document.title = name;
  const client = await until(mount, () => connect({ ...identity(), ...connection }));
  const banner = statusBanner(client);
  mount.before(banner, newsBanner(client));
  const asked = { mount, client, game, role: wanted, about, create };
  const room = (await goOn(asked)) ?? (await sitDown(asked));
  client.chat.cease(`lobby:${game}`);
  const here = new URL(location.href);
  here.searchParams.set("room", room.code);
  if (room.seat.role !== "player") here.searchParams.set("role", room.seat.role);
  else here.searchParams.delete("role");
  history.replaceState(null, "", here);
  document.documentElement.classList.toggle("tv", room.seat.role === "screen");
  document.title = `${name} ${room.code}`;
  if (bar) mount.before(header(client, room, { title: name }));
  room.on("$left", (event) => (onLeft ? onLeft(event) : sayLeft(mount, room, event)));
  keepAwake();
  mount.replaceChildren();
  return { client, room, about };
}

const NO_GAME = { options: null, messages: {}, roles: {}, min_players: 1, max_players: 100, doc: "" };

async function aboutGame(game) {
  let games = null;
  while (games === null) {
    try {
      ({ games } = await api("/api/games"));
    } catch (error) {
      toast(words(error), { kind: "error", ms: RETRY_MS });
      await new Promise((later) => setTimeout(later, RETRY_MS));
    }
  }
  return games.find((each) => each.name === game) ?? { ...NO_GAME, name: game, title: game ?? "Game" };
}

/** Try until it works; each failure is said, with a button. */
async function until(mount, work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await new Promise((again) => {
        const retry = el("button", { class: "primary", type: "button", onclick: again }, "Try again");
        fill(mount, el("div", { class: "card stack center" }, el("p", { role: "alert" }, words(error)), retry));
      });
    }
  }
}

/** Whatever seat of this room and role the browser remembers. */
async function goOn({ client, role }) {
  const code = roomOfQuery();
  if (!code) return null;
  const held = [...client.rooms.values()].find((room) => room.code === code && room.seat.role === role);
  if (held) return held;
  if (!client.remembered().some((seat) => seat.code === code && (seat.role ?? "player") === role)) return null;
  try {
    return await client.resume(code, { role });
  } catch {
    return null; // the seat is gone: join as anybody does
  }
}

function roomOfQuery() {
  return cleanCode(query.get("room") ?? "") || null;
}

export function cleanCode(text) {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

function sitDown(asked) {
  return new Promise((seated) => (roomOfQuery() ? joinCard : startCard)({ ...asked, seated }));
}

function nameField() {
  const input = el("input", { id: "enter-name", value: savedName(), maxlength: "32", required: true, autocomplete: "nickname", autocapitalize: "words", enterkeyhint: "go" });
  return { input, node: el("div", { class: "field" }, el("label", { htmlFor: "enter-name" }, "Your name"), input) };
}

async function joinCard({ mount, client, role, seated, about }) {
  const code = roomOfQuery();
  const listing = await api(`/api/rooms/${encodeURIComponent(code)}`).catch((error) => error);
  if (listing instanceof Error && listing.code === "not_found") {
    fill(mount, el("div", { class: "card stack center" }, el("h1", {}, "No such room"), el("p", {}, "There is no room ", el("span", { class: "code" }, code), ". It may be over, or the code mistyped."), el("div", { class: "row center" }, el("a", { class: "button primary", href: BASE.href }, "To the lobby"))));
    return;
  }
  const named = role === "player" ? nameField() : null;
  const password = el("input", { id: "enter-password", type: "password", autocomplete: "off" });
  const passwordField = el("div", { class: "field", hidden: !listing.needs_password }, el("label", { htmlFor: "enter-password" }, "The room's password"), password);
  const error = el("p", { class: "error", role: "alert" });
  const button = el("button", { class: "primary big wide", type: "submit" }, role === "player" ? "Join" : `Join as ${role}`);
  const join = async (event) => {
    event?.preventDefault();
    const name = named ? named.input.value.trim() : undefined;
    if (name) saveName(name);
    button.disabled = true;
    error.textContent = "";
    try {
      seated(await client.join(code, { name: name ?? titled(role), role, password: password.value || undefined }));
    } catch (failed) {
      button.disabled = false;
      error.textContent = words(failed);
      if (failed.code === "wrong_password") passwordField.hidden = false;
    }
  };
  const watch = role === "player" && about.roles.spectator ? el("a", { class: "button quiet", href: `?room=${code}&role=spectator` }, "Only watch") : null;
  fill(
    mount,
    el(
      "form",
      { class: "card stack narrow-card", onsubmit: join },
      el("div", { class: "row spread" }, el("h1", {}, about.title), el("span", { class: "code" }, code)),
      named?.node,
      passwordField,
      error,
      button,
      watch,
    ),
  );
  if (role !== "player" && !listing.needs_password) await join();
  else if (HAS_KEYS) (listing.needs_password && savedName() ? password : (named?.input ?? password)).focus();
}

function titled(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function startCard({ mount, client, game, role, about, create, seated }) {
  const named = nameField();
  const options = about.options?.properties || about.options?.$ref ? schemaForm(about.options, { prefix: "option" }) : null;
  const error = el("p", { class: "error", role: "alert" });
  const isPrivate = el("input", { type: "checkbox", id: "enter-private" });
  const make = async (as) => {
    error.textContent = "";
    const name = named.input.value.trim();
    if (as === "player" && !named.input.reportValidity()) return;
    if (name) saveName(name);
    try {
      const settings = options ? options.value() : undefined;
      seated(await client.create(game, { options: settings, private: isPrivate.checked, name: as === "player" ? name : titled(as), role: as }));
    } catch (failed) {
      error.textContent = words(failed);
      options?.showError(failed);
    }
  };
  const code = el("input", { id: "enter-code", class: "code-input", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", required: true, maxlength: "12" });
  const go = (event) => {
    event.preventDefault();
    const name = named.input.value.trim();
    if (name) saveName(name);
    location.assign(`?room=${encodeURIComponent(cleanCode(code.value))}${role === "player" ? "" : `&role=${role}`}`);
  };
  const submit = (event) => {
    event.preventDefault();
    make(role);
  };
  const screen = about.roles.screen && role === "player" ? el("button", { type: "button", class: "wide", onclick: () => make("screen") }, "Use this device as the shared screen") : null;
  const newRoom = el(
    "form",
    { class: "card stack", onsubmit: submit },
    el("h1", {}, about.title),
    about.doc ? el("p", { class: "muted" }, about.doc) : null,
    role === "player" ? named.node : null,
    el("details", {}, el("summary", {}, "Options"), el("div", { class: "stack" }, options?.element, el("div", { class: "field check" }, isPrivate, el("label", { htmlFor: "enter-private" }, "Not in the lobby's list")))),
    error,
    el("button", { class: "primary big wide", type: "submit" }, role === "player" ? "New room" : role === "screen" ? "New room on this screen" : `New room as ${role}`),
    screen,
  );
  const join = el("form", { class: "card stack", onsubmit: go }, el("div", { class: "field" }, el("label", { htmlFor: "enter-code" }, "Or join a room by its code"), code), el("button", { type: "submit", class: "wide" }, "Join"));
  fill(mount, el("div", { class: "stack narrow-card" }, create ? newRoom : null, join, game ? lobbyChat(client, game) : null));
  if (HAS_KEYS && create) (role === "player" && !named.input.value ? named.input : newRoom.querySelector("button.primary")).focus({ preventScroll: true });
}

const LEFT = {
  left: "You have left the room.",
  kicked: "You were taken out of the room.",
  banned: "You were taken out of the room, and cannot come back.",
  closed: "The room was closed.",
};

function sayLeft(mount, room, event) {
  const reason = event?.reason ?? room.left?.reason ?? room.left;
  const message = event?.message ?? room.left?.message;
  for (const bar of document.querySelectorAll(".bar")) bar.remove();
  const again = reason === "left" || reason === "kicked" ? el("a", { class: "button", href: location.href }, "Join again") : null;
  const card = el("div", { class: "card stack center narrow-card", tabindex: "-1" }, el("h1", {}, LEFT[reason] ?? "You are no longer in the room."), message ? el("p", {}, message) : null, el("div", { class: "row center" }, el("a", { class: "button primary", href: BASE.href }, "To the lobby"), again));
  // After whatever the game still draws.
  setTimeout(() => {
    mount.replaceChildren(card);
    card.focus();
  });
}
