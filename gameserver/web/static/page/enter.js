/** The way to a seat: it connects, goes on with a seat that this browser remembers, or asks for what is missing. */

import { Client, connect } from "../../gameserver.js";
import { EXPLAIN_MS, whyAway } from "./away.js";
import { keepAwake } from "./awake.js";
import { newsBanner, statusBanner } from "./banners.js";
import { BASE, gameName, goToGame, isElsewhere, query, roomOfQuery, told } from "./base.js";
import { joinCard, startCard } from "./cards.js";
import { colourPlayersOf } from "./colours.js";
import { el, fill } from "./elements.js";
import { api } from "./http.js";
import { installable } from "./install.js";
import { identity, loginAddress, recognise } from "./identity.js";
import { sayMending, toast, words } from "./notices.js";
import { afterPress } from "./pressing.js";
import { said, t } from "./language.js";

/** @import * as Api from "../../gameserver.js" */

/**
 * @typedef {object} Entry
 * @property {HTMLElement} mount
 * @property {string} [game]
 * @property {string} [role]
 * @property {string} [title]
 * @property {boolean} [create]
 * @property {boolean} [bar]
 * @property {Api.ConnectOptions} [connection]
 * @property {(event: Api.Left) => void} [onLeft]
 */

const RETRY_MS = 2000;
const KEPT = new Set(["quarantined", "busy", "draining"]); // the seat is still there

/**
 * Take this browser to a seat; page.js says how.
 * @param {Entry} entry
 */
export async function enter({ mount, game = gameName(), role = "player", title, create = true, bar = true, connection = {}, onLeft } = /** @type {any} */ ({})) {
  const wanted = query.get("role") || role;
  // A game that has no screens is watched on a TV, and another one follows.
  const isTV = () => query.has("tv") || document.documentElement.classList.contains("tv");
  document.documentElement.classList.toggle("tv", wanted === "screen" || query.has("tv"));
  mount.replaceChildren();
  tell(mount, connectingNote());
  const about = await aboutGame(game);
  const name = title ?? said(about.title);
  document.title = name;
  await recognise();
  const connected = admitted(mount, () => ({ ...identity(), ...connection }));
  const asked = { mount, connected, game, role: wanted, about, create };
  // Whoever has no seat yet types a name meanwhile; the typeface is loaded later.
  const { classList } = document.documentElement;
  classList.add("asking");
  const seating = mayHaveSeat(roomOfQuery()) ? null : sitDown(asked);
  import("./share.js").catch(() => {}); // also loaded meanwhile: what is shown once there is a seat
  const client = await connected;
  classList.remove("asking");
  mount.before(statusBanner(client), newsBanner(client));
  const room = (await goOn({ client, ...asked })) ?? (await (seating ?? sitDown(asked)));
  if (isElsewhere(room.game, game)) return goToGame(room.game, room.code);
  client.chat.cease(`lobby:${game}`);
  room.translate = said;
  colourPlayersOf(room);
  const here = new URL(location.href);
  here.searchParams.set("room", room.code);
  here.searchParams.delete("join");
  if (room.seat.role !== "player") here.searchParams.set("role", room.seat.role);
  else here.searchParams.delete("role");
  if (room.seat.role === "spectator" && isTV()) here.searchParams.set("tv", "1");
  else here.searchParams.delete("tv");
  history.replaceState(null, "", here);
  document.documentElement.classList.toggle("tv", room.seat.role === "screen" || here.searchParams.has("tv"));
  document.title = `${name} ${room.code}`;
  if (bar || isTV()) {
    const { header, screenBar } = await import("./share.js");
    mount.before(bar ? header(client, room, { title: name, about }) : screenBar(room, about));
  }
  room.on("$left", (event) => (event.next ? sayGoing(mount) : onLeft ? onLeft(event) : sayLeft(mount, room, event)));
  room.on("$next", (next, error) => (next ? goToNext(next) : sayNoPlace(mount, room, error)));
  client.on("$error", (error) => error.code === "game_error" && error.room === room.code && toast(said(error.message), { kind: "error" }));
  keepAwake();
  installable();
  tell(mount, null);
  mount.replaceChildren();
  return { client, room, about };
}

const NO_GAME = { host_may: [], options: null, messages: {}, roles: {}, min_players: 1, max_players: 100, doc: "" };

async function aboutGame(game) {
  const known = told().game;
  if (known?.name === game) return known;
  let games = null;
  while (games === null) {
    try {
      ({ games } = await api("/api/games"));
    } catch (error) {
      toast(words(error), { kind: "error", ms: RETRY_MS });
      await new Promise((later) => setTimeout(later, RETRY_MS));
    }
  }
  return games.find((each) => each.name === game) ?? { ...NO_GAME, name: game, title: game ?? t("Game") };
}

/** Whether this browser has had a seat in a room: only then it is worth while to wait for the server's answer first. */
function mayHaveSeat(code) {
  try {
    return Boolean(code) && [localStorage, sessionStorage].some((kept) => Object.values(kept).some((text) => text.includes(`"code":"${code}"`)));
  } catch {
    return false;
  }
}

/**
 * Connect until it works. If it takes long, or fails, a card above whatever is shown says why, with a button to try
 * again.
 */
async function admitted(mount, options) {
  for (;;) {
    const ending = new AbortController();
    /** @type {() => void} */
    let again = () => {};
    const wanted = new Promise((resolve) => (again = () => resolve(null)));
    const timer = setTimeout(async () => {
      const why = await whyAway();
      if (!ending.signal.aborted) sayWaiting(mount, t("{why} Trying on…", { why }), again);
    }, EXPLAIN_MS);
    const connecting = connect({ timeout_ms: Infinity, ...options(), signal: ending.signal });
    const client = await Promise.race([connecting, wanted]).catch((error) => {
      clearTimeout(timer);
      sayWaiting(mount, words(error), again);
      if (error.code === "unauthenticated") offerLogin();
      return wanted;
    });
    clearTimeout(timer);
    ending.abort();
    const isConnected = client instanceof Client;
    if (!isConnected) tell(mount, connectingNote());
    else if (mount.querySelector(":scope > :not(.connecting)")) tell(mount, null); // else the note stays until something else is shown
    if (isConnected) return client;
  }
}

function connectingNote() {
  return el("p", { class: "muted center", role: "status" }, t("Connecting…"));
}

function sayWaiting(mount, text, again) {
  const retry = el("button", { class: "primary", type: "button", onclick: () => again() }, t("Try again"));
  tell(mount, el("div", { class: "card stack center" }, el("p", { role: "alert" }, text), retry));
}

/** What `tell` was given last, though it may not be shown yet. @type {HTMLElement | null} */
let toldLast = null;

/**
 * Show the state of the connection, above the form if there is one; null: remove it. Since this moves the form, it
 * waits until nothing is pressed.
 */
function tell(mount, node) {
  toldLast = node;
  node?.classList.add("connecting");
  afterPress(() => {
    if (toldLast !== node) return;
    mount.querySelector(":scope > .connecting")?.remove();
    if (node) mount.prepend(node);
  });
}

/** Offer the login, here or elsewhere, on a server without guests. */
async function offerLogin() {
  const card = toldLast;
  const { ways } = await recognise();
  card?.append(el("a", { class: "button", href: loginAddress(ways) ?? BASE.href }, t("Log in")));
}

/** Go on with the seat in this room and role that the browser remembers, if there is one. */
async function goOn({ mount, client, game, role }) {
  const code = roomOfQuery();
  if (!code) return null;
  const seat = client.remembered().find((each) => each.code === code && (each.role ?? "player") === role);
  if (!seat) return null;
  if (isElsewhere(seat.game, game)) return goToGame(seat.game, code);
  for (let tries = 0; ; tries += 1) {
    try {
      return await client.resume(code, { role });
    } catch (error) {
      if (!KEPT.has(error.code)) return null; // the seat is gone: join as anybody does
      await sayMending(mount, error, tries);
    }
  }
}

function sitDown(asked) {
  return new Promise((seated) => (roomOfQuery() ? joinCard : startCard)({ ...asked, seated }));
}

/** @param {Api.Room} next the room in which this page has its seat already */
function goToNext(next) {
  const url = new URL(location.href);
  const isTV = document.documentElement.classList.contains("tv");
  for (const name of ["role", "tv"]) url.searchParams.delete(name);
  if (next.seat.role !== "player") url.searchParams.set("role", next.seat.role);
  if (isTV && next.seat.role === "spectator") url.searchParams.set("tv", "1");
  history.replaceState(null, "", url);
  return goToGame(next.game, next.code);
}

/** Say that all go on with another game; so does this page, once it has its seat there. */
function sayGoing(mount) {
  // After whatever the game still draws.
  setTimeout(() => fill(mount, el("div", { class: "card stack center" }, el("p", { role: "status", class: "lead" }, t("On to the next game…")))));
}

/** Say that there was no seat in the next room for this player, who may watch, or try again. */
function sayNoPlace(mount, room, error) {
  for (const bar of document.querySelectorAll(".bar")) bar.remove();
  const url = new URL(location.href);
  url.searchParams.set("room", room.left?.next ?? room.code);
  const card = el("div", { class: "card stack center narrow-card", tabindex: "-1" }, el("h1", {}, t("The others went on to the next game.")), el("p", {}, words(error)), el("div", { class: "row center" }, el("a", { class: "button primary", href: url.href }, t("Look there")), el("a", { class: "button", href: BASE.href }, t("To the lobby"))));
  setTimeout(() => {
    mount.replaceChildren(card);
    card.focus();
  });
}

const LEFT = {
  left: t("You have left the room."),
  kicked: t("You were taken out of the room."),
  banned: t("You were taken out of the room, and cannot come back."),
  closed: t("The room was closed."),
};

function sayLeft(mount, room, event) {
  const reason = event?.reason ?? room.left?.reason ?? room.left;
  const message = event?.message ?? room.left?.message;
  for (const bar of document.querySelectorAll(".bar")) bar.remove();
  const again = reason === "left" || reason === "kicked" ? el("a", { class: "button", href: location.href }, t("Join again")) : null;
  const card = el("div", { class: "card stack center narrow-card", tabindex: "-1" }, el("h1", {}, LEFT[reason] ?? t("You are no longer in the room.")), message ? el("p", {}, said(message)) : null, el("div", { class: "row center" }, el("a", { class: "button primary", href: BASE.href }, t("To the lobby")), again));
  // After whatever the game still draws.
  setTimeout(() => {
    mount.replaceChildren(card);
    card.focus();
  });
}
