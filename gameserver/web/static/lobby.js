/*
 * The lobby: games, open rooms as they come and go, rooms in which this browser has a seat, and a field for a code.
 * Whoever creates a room gets the seat here; the game's page goes on with that seat.
 */

import { connect } from "../gameserver.js";
import { showAccount } from "./account.js";
import { age, offered, playUrl, roomCard, search } from "./lobby_rooms.js";
import { account, api, attempt, cleanCode, el, fill, identity, keyHere, languageField, newsBanner, ownProfile, recognise, said, saveName, savedName, t, toast, urlOf, words } from "./page.js";
import { schemaForm } from "./form.js";

const POLL_MS = 3000;
const SEARCHED = 6; // with fewer rooms there is no search field
const LOOKED_UP = 6; // no more, since a room that is gone is charged to the address as a guess
const GONE_KEY = keyHere("gameserver.gone");

/**
 * An element of lobby.html, by its id.
 * @param {string} id
 * @returns {any}
 */
const $ = (id) => document.getElementById(id);
const nameInput = $("name");

let games = [];
let connecting = null;

/** One connection, for remembered seats and new rooms, made when it is first needed. */
function client() {
  connecting ??= recognise()
    .then(() => connect(identity()))
    .catch((error) => {
      connecting = null;
      if (error.code === "unauthenticated") showOwner(); // logged out elsewhere: whoever this was
      throw error;
    });
  return connecting;
}

function showOwner() {
  return showAccount($("account"), async () => (await client()).token);
}

function players({ min_players: low, max_players: high }) {
  const least = Math.max(1, low);
  if (least === high) return t("{n, plural, one {# player} other {# players}}", { n: high });
  return t("{least} to {most} players", { least, most: high });
}

// Games

function gameCard(game, i) {
  const name = el("h3", { id: `game-${game.name}` }, said(game.title));
  const emblem = el("span", { class: ["emblem", `color-${(i % 8) + 1}`], "aria-hidden": "true" }, [...said(game.title)][0]?.toUpperCase());
  const buttons = el("div", { class: "row" }, el("button", { type: "button", class: "primary", "aria-describedby": name.id, onclick: () => openCreate(game) }, t("New room")));
  if (game.roles.screen) buttons.append(el("button", { type: "button", "aria-describedby": name.id, onclick: () => openCreate(game, "screen") }, t("On this screen")));
  buttons.append(el("a", { class: "button quiet", href: playUrl(game.name), "aria-describedby": name.id }, t("Talk")));
  return el("li", {}, el("article", { class: "card game" }, el("div", { class: "row nowrap" }, emblem, el("div", {}, name, el("p", { class: "small muted" }, players(game)))), el("p", {}, said(game.doc)), buttons));
}

function openCreate(game, role = "player") {
  const options = game.options ? schemaForm(game.options, { prefix: "option" }) : null;
  const name = el("input", { id: "create-name", maxlength: "32", required: true, value: nameInput.value.trim(), autocomplete: "nickname" });
  const hidden = el("input", { id: "create-private", type: "checkbox" });
  const password = el("input", { id: "create-password", autocomplete: "off", maxlength: "64" });
  const error = el("p", { class: "error", role: "alert" });
  const note = el("output", { class: "muted" });
  const make = el("button", { type: "submit", class: "primary" }, t("Open the room"));
  const dialog = el("dialog", { "aria-labelledby": "create-title" });
  const create = async (event) => {
    event.preventDefault();
    error.textContent = "";
    make.disabled = true;
    note.textContent = t("Connecting…");
    try {
      /** @type {Record<string, any>} */
      const wish = { options: options?.value(), private: hidden.checked, password: password.value || undefined, role };
      if (role === "player") {
        keepName((wish.name = name.value.trim()));
        wish.profile = ownProfile();
      } else wish.name = t("Screen");
      const connected = await client();
      if (!dialog.open) return; // given up meanwhile
      const room = await connected.create(game.name, wish);
      if (dialog.open) location.assign(playUrl(game.name, { room: room.code, role }));
      else await room.leave();
    } catch (failed) {
      make.disabled = false;
      note.textContent = "";
      error.textContent = options?.explain(failed) ?? words(failed);
    }
  };
  const row = (id, text, control) => el("div", { class: "field" }, el("label", { htmlFor: id }, text), control);
  dialog.append(
    el(
      "form",
      { class: "stack", onsubmit: create },
      el("h2", { id: "create-title" }, said(game.title)),
      role === "player" ? row("create-name", t("Your name"), name) : el("p", { class: "muted" }, t("This device is the shared screen; phones join with the code.")),
      options && !options.empty ? options.element : null,
      el("div", { class: "field check" }, hidden, el("label", { htmlFor: "create-private" }, t("Private: not in the list below, with a longer code"))),
      el("details", {}, el("summary", {}, t("Password")), row("create-password", t("Whoever joins must know it"), password)),
      error,
      note,
      el("div", { class: "row" }, make, el("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, t("Not now"))),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  if (role === "player" && !name.value) name.focus();
}

async function showGames() {
  // An administrator is told of games that are broken, too.
  await recognise();
  const token = account() ? (await client().catch(() => null))?.token : null;
  const told = await attempt(api("/api/games", { token }));
  if (!told) return setTimeout(showGames, POLL_MS);
  games = told.games;
  fill($("games"), games.length ? games.map(gameCard) : el("li", { class: "empty" }, t("There are none yet. Write one: a Python file in a folder, and twistd gameserver --games FOLDER.")));
  const broken = told.broken ?? [];
  $("broken").hidden = broken.length === 0;
  fill($("broken"), broken.map((game) => el("article", { class: "card flat stack tight" }, el("h3", { class: "bad" }, t("{game} cannot be served", { game: game.name })), el("pre", { class: "small" }, game.error))));
  return undefined;
}

// Rooms

let drawn = "";
let away = false;
let mine = []; // codes under "Go on"

async function showRooms() {
  try {
    const { rooms } = await api("/api/rooms");
    away = false;
    const offer = offered(rooms, mine);
    const found = search(offer, $("search").value, said);
    const now = JSON.stringify([found.map((room) => ({ ...room, made_ms: age(room.made_ms, Date.now()) })), games.length, mine]);
    $("searching").hidden = offer.length < SEARCHED && !$("search").value;
    if (now === drawn) return;
    drawn = now;
    fill($("rooms"), found.map((room) => roomCard(room)));
    $("no-rooms").hidden = found.length > 0;
    $("no-rooms").textContent = offer.length ? t("No room fits that.") : t("No room waits for players. Open one!");
  } catch (error) {
    if (!away) toast(words(error), { kind: "error" });
    away = true;
  }
}

function poll() {
  const next = () => setTimeout(poll, POLL_MS);
  if (document.visibilityState === "hidden") document.addEventListener("visibilitychange", poll, { once: true });
  else showRooms().then(next, next);
}

// Rooms that this browser has a seat in

function gone() {
  try {
    return JSON.parse(localStorage.getItem(GONE_KEY)) ?? [];
  } catch {
    return [];
  }
}

async function showRemembered() {
  const known = (await client()).remembered().filter((seat) => !gone().includes(seat.code)).slice(0, LOOKED_UP);
  const looked = await Promise.all(
    known.map(async (seat) => {
      try {
        return { seat, room: await api(`/api/rooms/${encodeURIComponent(seat.code)}`) };
      } catch (error) {
        if (error.code === "not_found") forgetRoom(seat.code);
        return null;
      }
    }),
  );
  const there = looked.filter(Boolean);
  mine = there.map(({ room }) => room.room);
  $("going-on").hidden = there.length === 0;
  fill($("remembered"), there.map(({ seat, room }) => roomCard(room, { own: true, label: t("Go on"), role: seat.role && seat.role !== "player" ? seat.role : undefined })));
}

function forgetRoom(code) {
  try {
    localStorage.setItem(GONE_KEY, JSON.stringify([code, ...gone()].slice(0, 50)));
  } catch {
    // not stored: it is looked up again
  }
}

// Name, code, address

function keepName(text) {
  nameInput.value = text;
  saveName(text);
}

/**
 * Keep what somebody has typed before this page was ready: a slow phone shows the field long before it runs this. What
 * is in a field that nobody is in may be an older name, which the browser has restored.
 */
function fillName() {
  const typed = nameInput.value.trim();
  if (typed && (document.activeElement === nameInput || !savedName())) saveName(typed);
  else nameInput.value = savedName();
}

/** Read a code as people type it, or a link that somebody has sent. */
function readPlace(text) {
  try {
    const url = new URL(text.trim());
    return { code: cleanCode(url.searchParams.get("room") ?? ""), role: url.searchParams.get("role") };
  } catch {
    return { code: cleanCode(text), role: null };
  }
}

async function goToRoom({ code, role }, { join = false, onLost = () => {} } = {}) {
  const error = $("join-error");
  error.textContent = "";
  try {
    if (!code) throw new Error(t("Type the code of a room, or paste its link."));
    const room = await api(`/api/rooms/${encodeURIComponent(code)}`);
    location.assign(playUrl(room.game, { room: room.room, role, join: join && Boolean(savedName()) }));
  } catch (failed) {
    onLost();
    error.textContent = words(failed);
    $("code").setAttribute("aria-invalid", "true");
    $("code").focus();
  }
}

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  goToRoom(readPlace($("code").value), { join: true });
});

/**
 * Lead whoever came by /CODE on to that room, with nothing to fill in here meanwhile. To go back from there must not
 * lead there again.
 */
function goToRoomOfQuery() {
  const place = readPlace(location.href);
  if (!place.code) return;
  history.replaceState(null, "", location.pathname);
  $("code").value = place.code;
  const note = el("p", { class: "muted center", role: "status" }, t("Connecting…"));
  $("lobby").before(note);
  $("lobby").hidden = true;
  const onLost = () => {
    note.remove();
    $("lobby").hidden = false;
  };
  goToRoom(place, { onLost });
}

$("code").addEventListener("input", () => {
  $("code").removeAttribute("aria-invalid");
  $("join-error").textContent = "";
});
$("search").addEventListener("input", showRooms);
nameInput.addEventListener("change", () => saveName(nameInput.value.trim()));

async function showAddress() {
  const server = await attempt(api("/api/server"), { quiet: true });
  const url = server?.urls?.[0];
  if (!url || /\/\/(localhost|127\.|\[::1\])/.test(url)) return;
  fill($("address"), el("img", { src: urlOf(`/api/qr?text=${encodeURIComponent(`${url}/`)}`).href, alt: t("QR code that leads to this page"), width: 220, height: 220 }), el("p", { class: "small muted" }, t("On a phone in the same network")), el("a", { class: "address", href: url }, url.replace(/^https?:\/\//, "")));
  $("address").hidden = false;
}

$("languages").append(languageField() ?? "");
fillName();
recognise().then(() => (nameInput.value ||= savedName()));
showOwner();
goToRoomOfQuery();
showGames();
poll();
showAddress();
client().then((each) => document.body.prepend(newsBanner(each))).catch(() => {});
showRemembered().then(showRooms).catch(() => {});
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
