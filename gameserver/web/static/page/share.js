/** How others find the room: its address, code and QR code, and the head that shows them. */

import { barButton, fitBar, languageButton } from "./bar.js";
import { BASE, keyHere, urlOf } from "./base.js";
import { el } from "./elements.js";
import { eveningLine } from "./evening.js";
import { hostButton } from "./host.js";
import { api } from "./http.js";
import { ask, attempt, toast } from "./notices.js";
import { walkByRemote } from "./remote.js";
import { said, t } from "./language.js";

/** @import * as Api from "../../gameserver.js" */

const MOST_ADDED = 98;
let base = null;

/** Where others reach this server: the operator's address, else this browser's, unless only this machine has that. */
async function baseUrl() {
  base ??= (async () => {
    const loopback = /^(localhost|127\.|\[::1\])/.test(location.hostname);
    const server = await api("/api/server").catch(() => null);
    if (server?.public_url) return server.public_url;
    return loopback ? (server?.urls?.[0] ?? BASE.href) : BASE.href;
  })();
  return base;
}

/**
 * The address that brings somebody into this room.
 * @param {Api.Room} room
 * @param {{ role?: string }} options
 */
export async function inviteUrl(room, { role } = {}) {
  const url = new URL(`play/${encodeURIComponent(room.game)}/`, `${(await baseUrl()).replace(/\/$/, "")}/`);
  url.searchParams.set("room", room.code);
  if (role && role !== "player") url.searchParams.set("role", role);
  return url.href;
}

const NEAR = /^(localhost$|127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|\[(::1|f[cd]|fe80))|\.(local|lan|home|internal)$/;

/** What people type to enter the room: host/CODE, without what browsers add by themselves. */
async function shortAddress(room) {
  const url = new URL(room.code, `${(await baseUrl()).replace(/\/$/, "")}/`);
  return url.href.replace(/^https?:\/\//, "");
}

/** What a phone needs to reach that address, if it is not a public one; else null. */
function needs(url) {
  const { hostname } = new URL(url);
  if (/^(localhost$|127\.|\[::1\])/.test(hostname)) return t("Only this computer can open that: start the server on an address of your network.");
  return NEAR.test(hostname) ? t("Phones have to be in the same network (Wi-Fi) as this server; for others it takes a public address, see public_url.") : null;
}

/** For a screen, in every scene: the address where people join, and the code, large. @param {Api.Room} room */
function there(room) {
  const address = el("span", { class: "address" });
  shortAddress(room).then((text) => (address.textContent = text.slice(0, -room.code.length)));
  return el("p", { class: "there" }, el("span", { class: "visually-hidden" }, t("Join at"), " "), address, el("span", { class: "code" }, room.code));
}

/**
 * @param {Api.Client} client
 * @param {Api.Room} room
 * @param {{ title?: string, about?: any }} options
 */
export function header(client, room, { title = said(room.game), about } = {}) {
  const leave = async () => {
    if (!(await ask(t("Leave this room? Your seat is given up."), t("Leave")))) return;
    if (await attempt(room.leave().then(() => true))) location.assign(BASE);
  };
  const isTV = document.documentElement.classList.contains("tv");
  if (isTV) walkByRemote();
  const bar = el(
    "header",
    { class: "bar" },
    el("a", { class: "home", href: BASE.href, title: t("To the lobby; your seat is kept") }, el("span", {}, title)),
    isTV ? there(room) : null,
    el(
      "button",
      { class: "share-button", type: "button", onclick: () => openShare(room) },
      el("span", { class: "visually-hidden" }, t("Room"), " "),
      el("span", { class: "code" }, room.code),
      el("span", { class: "text" }, t("Invite")),
    ),
    isTV ? eveningLine(room) : null,
    hostButton(room, about),
    isTV ? languageButton() : null,
    barButton("leave", t("Leave"), { onclick: leave }),
  );
  return fitBar(bar);
}

/**
 * The head for a TV: where people join, who has won so far, and what a host may do.
 * @param {Api.Room} room
 * @param {any} about
 */
export function screenBar(room, about) {
  walkByRemote();
  return fitBar(el("header", { class: "bar strip" }, there(room), eveningLine(room), hostButton(room, about), languageButton()));
}

/**
 * @param {Api.Room} room
 * @param {{ role?: string }} options
 */
export function shareCard(room, { role } = {}) {
  const image = el("img", { alt: t("QR code that leads to room {code}", { code: room.code }), width: 300, height: 300 });
  const address = el("a", { class: "address" });
  const note = el("p", { class: "muted small needs", hidden: true });
  const card = el("div", { class: "share" }, image, el("div", { class: "code big" }, room.code), address, note);
  inviteUrl(room, { role }).then((url) => {
    image.src = urlOf(`/api/qr?text=${encodeURIComponent(url)}`).href;
    address.href = url;
    note.textContent = needs(url) ?? "";
    note.hidden = !note.textContent;
  });
  shortAddress(room).then((text) => (address.textContent = text));
  return card;
}

const ADDED_KEY = keyHere("gameserver.added");

/** Open a tab for another person who plays in this browser. @param {Api.Room} room */
function addPlayer(room) {
  let last = 1;
  try {
    last = Math.max(1, Number(localStorage.getItem(ADDED_KEY)) || 1);
    localStorage.setItem(ADDED_KEY, String(last >= MOST_ADDED ? 1 : last + 1));
  } catch {
    // no storage: each new tab is the second person
  }
  const url = urlOf(`/play/${encodeURIComponent(room.game)}/`);
  url.searchParams.set("room", room.code);
  url.searchParams.set("as", String(last + 1));
  // noopener, so that the new tab begins with an empty session storage, not with a copy of this tab's.
  window.open(url, "_blank", "noopener");
}

export function openShare(room) {
  const dialog = el("dialog", { "aria-label": t("Invite others") });
  const copy = async () => {
    const url = await inviteUrl(room);
    try {
      await navigator.clipboard.writeText(url);
      toast(t("Copied."));
    } catch {
      toast(url, { ms: 15000 }); // not a secure context: people can select this text
    }
  };
  dialog.append(
    el(
      "div",
      { class: "stack" },
      el("h2", { class: "center" }, t("Scan to join")),
      shareCard(room),
      el(
        "div",
        { class: "row center" },
        el("button", { type: "button", onclick: copy }, t("Copy the link")),
        el("button", { type: "button", onclick: () => addPlayer(room) }, t("Add a player here")),
        el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("Done")),
      ),
    ),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
