/** How others find the room: its address, its code and QR code, and the head that shows them. */

import { BASE, urlOf } from "./base.js";
import { el } from "./elements.js";
import { hostButton } from "./host.js";
import { api } from "./http.js";
import { ask, attempt, toast } from "./notices.js";

/** @import * as Api from "../../gameserver.js" */

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

/**
 * @param {Api.Client} client
 * @param {Api.Room} room
 * @param {{ title?: string, about?: any }} options
 */
export function header(client, room, { title = room.game, about } = {}) {
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
    about ? hostButton(room, about) : null,
    el("button", { class: "quiet", type: "button", onclick: leave }, "Leave"),
  );
}

/**
 * @param {Api.Room} room
 * @param {{ role?: string }} options
 */
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
