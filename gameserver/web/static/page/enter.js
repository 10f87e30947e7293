/** The way to a seat: it connects, goes on with a seat that this browser remembers, or asks for what is missing. */

import { connect } from "../../gameserver.js";
import { keepAwake } from "./awake.js";
import { newsBanner, statusBanner } from "./banners.js";
import { BASE, gameName, query, roomOfQuery } from "./base.js";
import { joinCard, startCard } from "./cards.js";
import { el, fill } from "./elements.js";
import { api } from "./http.js";
import { identity } from "./identity.js";
import { toast, words } from "./notices.js";
import { header } from "./share.js";

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

/**
 * Take this browser to a seat; page.js says how.
 * @param {Entry} entry
 */
export async function enter({ mount, game = gameName(), role = "player", title, create = true, bar = true, connection = {}, onLeft } = /** @type {any} */ ({})) {
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

function sitDown(asked) {
  return new Promise((seated) => (roomOfQuery() ? joinCard : startCard)({ ...asked, seated }));
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
