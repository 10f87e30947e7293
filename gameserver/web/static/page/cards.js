/** What somebody without a seat is asked: a name, a room to join, or the options of a new one. */

import { BASE, cleanCode, goToGame, isElsewhere, query, roomOfQuery } from "./base.js";
import { el, fill } from "./elements.js";
import { faceField, ownProfile } from "./faces.js";
import { api } from "./http.js";
import { playerOfTab, saveName, savedName } from "./identity.js";
import { sayMending, words } from "./notices.js";
import { languageField, parts, said, t } from "./language.js";

const HAS_KEYS = matchMedia("(hover: hover) and (pointer: fine)").matches; // on a phone, a focus would open the keyboard

function nameField() {
  const input = el("input", { id: "enter-name", value: savedName(), maxlength: "32", required: true, autocomplete: "nickname", autocapitalize: "words", enterkeyhint: "go" });
  input.addEventListener("change", () => saveName(input.value.trim())); // when the language is changed, the page is loaded anew
  return { input, node: el("div", { class: "field" }, el("label", { htmlFor: "enter-name" }, t("Your name")), input) };
}

export async function joinCard({ mount, connected, game, role, seated, about }) {
  let code = roomOfQuery();
  const form = joinForm({ connected, role, seated, about, code });
  // Whoever has typed the code in the lobby has given a name there; spectators and screens are asked nothing.
  const isKnown = role !== "player" || Boolean(query.has("join") && savedName());
  if (!isKnown) form.show(mount);
  const look = () => api(`/api/rooms/${encodeURIComponent(code)}`).catch((error) => error);
  let listing = await look();
  for (let tries = 0; listing.code === "quarantined"; tries += 1) {
    await sayMending(mount, listing, tries);
    listing = await look();
  }
  if (listing instanceof Error && "code" in listing && listing.code === "not_found") {
    fill(mount, el("div", { class: "card stack center" }, el("h1", {}, t("No such room")), el("p", {}, parts("There is no room {code}. It may be over, or the code mistyped.", { code: el("span", { class: "code" }, code) })), el("div", { class: "row center" }, el("a", { class: "button primary", href: BASE.href }, t("To the lobby")))));
    return;
  }
  code = listing.room ?? code; // an old code leads to the room in which all have gone on
  if (isElsewhere(listing.game, game)) return form.goTo(listing.game, code);
  const canWatch = role === "player" && (listing.open_to ?? []).includes("spectator");
  const watch = canWatch ? el("a", { class: "button quiet", href: `?room=${code}&role=spectator` }, t("Only watch")) : null;
  if (listing.open_to && !listing.open_to.includes(role)) {
    // Nobody new may come in; but a user who has a seat, on another device or forgotten by this one, comes back to it.
    const own = await (await connected).join(code, { name: savedName() || titled(role), role }).catch(() => null);
    if (own) seated(own);
    else fill(mount, closedCard(listing, role, about, watch));
    return;
  }
  form.know({ code, needsPassword: Boolean(listing.needs_password), watch });
  if (isKnown || !form.node.isConnected) form.show(mount);
  if (isKnown && !listing.needs_password) await form.join();
}

/**
 * The form of `joinCard`, which may be filled in before anything is known of the room; `know` adds the rest.
 * @param {any} asked
 */
function joinForm({ connected, role, seated, about, code }) {
  const named = role === "player" ? nameField() : null;
  const face = named ? faceField() : null;
  // A spectator has a name that the others see; a shared screen has none.
  const watcher = role === "spectator" && !document.documentElement.classList.contains("tv") ? savedName() : "";
  const password = el("input", { id: "enter-password", type: "password", autocomplete: "off" });
  const passwordField = el("div", { class: "field", hidden: true }, el("label", { htmlFor: "enter-password" }, t("The room's password")), password);
  const error = el("p", { class: "error", role: "alert" });
  const button = el("button", { class: "primary big wide", type: "submit" }, role === "player" ? t("Join") : t("Join as {role}", { role: said(role) }));
  const codeShown = el("span", { class: "code" }, code);
  const askPassword = () => {
    passwordField.hidden = false;
    password.required = true;
  };
  const nameNow = () => {
    const name = named?.input.value.trim();
    if (name) saveName(name);
    return name;
  };
  const join = async (event) => {
    event?.preventDefault();
    const name = nameNow();
    button.disabled = true;
    error.textContent = "";
    try {
      const client = await connected;
      seated(await client.join(codeShown.textContent, { name: name ?? (watcher || titled(role)), role, password: password.value || undefined, profile: face || watcher ? ownProfile() : undefined }));
    } catch (failed) {
      button.disabled = false;
      const isNeeded = failed.code === "wrong_password" && !password.value;
      error.textContent = isNeeded ? t("This room has a password.") : words(failed);
      if (failed.code === "wrong_password") {
        askPassword();
        password.focus();
      }
    }
  };
  const more = el("div", { class: "stack", hidden: true });
  const node = el(
    "form",
    { class: "card stack narrow-card", onsubmit: join },
    el("div", { class: "row spread" }, el("h1", {}, said(about.title)), codeShown),
    playerOfTab > 1 ? el("p", { class: "muted" }, t("Player {n} in this browser: this tab is somebody of its own.", { n: playerOfTab })) : null,
    named?.node,
    face,
    passwordField,
    error,
    button,
    more,
    languageField(),
  );
  const focus = () => HAS_KEYS && (password.required && savedName() ? password : (named?.input ?? password)).focus();
  return {
    node,
    join,
    // It turns out, while this is filled in, that the room is another game's: take what was done here along.
    goTo: (game, room) => {
      nameNow();
      return goToGame(game, room, { join: button.disabled });
    },
    show: (mount) => {
      fill(mount, node);
      focus();
    },
    know: ({ code: now, needsPassword, watch }) => {
      codeShown.textContent = now;
      if (needsPassword) askPassword();
      fill(more, watch);
      more.hidden = !watch;
      if (needsPassword && node.contains(document.activeElement) && savedName()) focus();
    },
  };
}

/** A card that says why nobody new gets a seat of this role at the moment, and what else one can do. */
function closedCard(listing, role, about, watch) {
  const why = listing.locked ? t("The host has locked the room.") : role === "player" && listing.players < listing.max_players ? t("The game has begun.") : role === "player" ? t("There is no free seat for a player.") : t("There is no free seat for this: {role}.", { role: said(role) });
  const again = el("button", { type: "button", onclick: () => location.reload() }, t("Look again"));
  return el("div", { class: "card stack center" }, el("h1", {}, said(about.title)), el("p", {}, why), el("div", { class: "row center" }, watch, again, el("a", { class: "button primary", href: BASE.href }, t("To the lobby"))));
}

function titled(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function startCard({ mount, connected, game, role, about, create, seated }) {
  const named = nameField();
  const place = el("div", {});
  const hasOptions = about.options?.properties || about.options?.$ref;
  const asksOptions = hasOptions ? import("../form.js").then(({ schemaForm }) => schemaForm(about.options, { prefix: "option" })) : Promise.resolve(null);
  asksOptions.then((made) => made && place.replaceWith(made.element), () => {}); // make() shows what is wrong
  const error = el("p", { class: "error", role: "alert" });
  const isPrivate = el("input", { type: "checkbox", id: "enter-private" });
  const make = async (as) => {
    error.textContent = "";
    const name = named.input.value.trim();
    if (as === "player" && !named.input.reportValidity()) return;
    if (name) saveName(name);
    for (const button of buttons) button.disabled = true; // the connection may not be there yet
    let options = null;
    try {
      options = await asksOptions;
      const settings = options ? options.value() : undefined;
      const client = await connected;
      seated(await client.create(game, { options: settings, private: isPrivate.checked, name: as === "player" ? name : titled(as), role: as, profile: as === "player" ? ownProfile() : undefined }));
    } catch (failed) {
      error.textContent = options?.explain(failed) ?? words(failed);
    }
    for (const button of buttons) button.disabled = false;
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
  const screen = about.roles.screen && role === "player" ? el("button", { type: "button", class: "wide", onclick: () => make("screen") }, t("Use this device as the shared screen")) : null;
  const begin = el("button", { class: "primary big wide", type: "submit" }, role === "player" ? t("New room") : role === "screen" ? t("New room on this screen") : t("New room as {role}", { role: said(role) }));
  const buttons = [begin, screen].filter((button) => button !== null);
  const newRoom = el(
    "form",
    { class: "card stack", onsubmit: submit },
    el("h1", {}, said(about.title)),
    about.doc ? el("p", { class: "muted" }, said(about.doc)) : null,
    role === "player" ? [named.node, faceField()] : null,
    el("details", {}, el("summary", {}, t("Options")), el("div", { class: "stack" }, place, el("div", { class: "field check" }, isPrivate, el("label", { htmlFor: "enter-private" }, t("Not in the lobby's list"))))),
    error,
    begin,
    screen,
  );
  const join = el("form", { class: "card stack", onsubmit: go }, el("div", { class: "field" }, el("label", { htmlFor: "enter-code" }, t("Or join a room by its code")), code), el("button", { type: "submit", class: "wide" }, t("Join")));
  const cards = el("div", { class: "stack narrow-card" }, create ? newRoom : null, join, languageField());
  fill(mount, cards);
  if (game) Promise.all([connected, import("./chat.js")]).then(([client, { lobbyChat }]) => cards.isConnected && join.after(lobbyChat(client, game)), () => {});
  if (HAS_KEYS && create) (role === "player" && !named.input.value ? named.input : begin).focus({ preventScroll: true });
}
