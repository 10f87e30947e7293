/** Which rooms the lobby offers, in which order, and how each is shown; it offers nothing that would be refused. */

import { el, said, t, urlOf } from "./page.js";

/**
 * A room as GET /api/rooms lists it.
 * @typedef {{ room: string, game: string, title: string, status: string, players: number, max_players: number, locked: boolean,
 *   needs_password: boolean, open_to: string[], host: string | null, here: number, made_ms: number }} Listed
 */

/**
 * @param {string} game
 * @param {{ room?: string, role?: string, join?: boolean }} where
 */
export function playUrl(game, { room, role, join = false } = {}) {
  const url = urlOf(`/play/${encodeURIComponent(game)}/`);
  if (room) url.searchParams.set("room", room);
  if (join) url.searchParams.set("join", "1"); // sit down at once, with the name that was used last
  if (role && role !== "player") url.searchParams.set("role", role);
  return url.pathname + url.search;
}

const WATCHERS = "spectator";
const RANKS = ["lobby", "playing"];

/**
 * The rooms that somebody new can join or watch, and in which somebody is present: first those that wait, then the
 * newest.
 * @param {Listed[]} rooms
 * @param {string[]} mine codes of rooms that this browser has a seat in
 */
export function offered(rooms, mine) {
  const open = rooms.filter((room) => !mine.includes(room.room) && room.here > 0 && RANKS.includes(room.status) && (room.open_to.includes("player") || room.open_to.includes(WATCHERS)));
  const rank = (room) => 2 * RANKS.indexOf(room.status) + (room.open_to.includes("player") ? 0 : 1);
  return open.sort((one, other) => rank(one) - rank(other) || other.made_ms - one.made_ms);
}

/**
 * The rooms for which each word of the text is found in the game's title, the host's name or the code.
 * @param {Listed[]} rooms
 * @param {string} text
 * @param {(title: string) => string} [titled] returns a game's title in the page's language
 */
export function search(rooms, text, titled = (title) => title) {
  const asked = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rooms.filter((room) => {
    const shown = `${titled(room.title)} ${room.host ?? ""} ${room.room}`.toLowerCase();
    return asked.every((word) => shown.includes(word));
  });
}

/** How long ago that was, in words: in minutes, hours or days. */
export function age(made_ms, now_ms) {
  const minutes = Math.max(0, Math.floor((now_ms - made_ms) / 60_000));
  if (minutes < 1) return t("just now");
  if (minutes < 60) return t("{n} min ago", { n: minutes });
  return minutes < 48 * 60 ? t("{n} h ago", { n: Math.floor(minutes / 60) }) : t("{n} days ago", { n: Math.floor(minutes / 1440) });
}

const STATUS = { lobby: t("waiting"), playing: t("playing"), over: t("finished") };

/**
 * @param {Listed} room
 * @param {{ label?: string, role?: string, own?: boolean }} options `own`: this browser has a seat there
 */
export function roomCard(room, { label = t("Join"), role, own = false } = {}) {
  const to = (as) => playUrl(room.game, { room: room.room, role: as });
  const button = (text, as, main) =>
    el("a", { class: ["button", main ? "primary" : "quiet"], href: to(as), "data-key": `${text}-${room.room}-${as ?? ""}` }, text, el("span", { class: "visually-hidden" }, ` ${room.room}`));
  const about = [t("{n} of {most} players", { n: room.players, most: room.max_players }), STATUS[room.status] ?? room.status, room.host && t("hosted by {name}", { name: room.host }), role && t("you are here as {role}", { role: said(role) }), room.needs_password && t("with a password")];
  const buttons = own ? [button(label, role, true)] : [room.open_to.includes(WATCHERS) && button(t("Watch"), WATCHERS, false), room.open_to.includes("player") && button(label, undefined, true)];
  return el(
    "li",
    {},
    el(
      "article",
      { class: "card open-room" },
      el("div", { class: "row spread" }, el("h3", {}, said(room.title)), el("span", { class: "code" }, room.room)),
      el("div", { class: "row spread" }, el("p", { class: "muted small" }, about.filter(Boolean).join(" · "), el("span", { class: "age" }, ` · ${age(room.made_ms, Date.now())}`)), el("div", { class: "row" }, ...buttons.filter(Boolean))),
    ),
  );
}
