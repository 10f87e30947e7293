/** Spectators who wait for a free seat in a game for few, in the order in which they came. */

import { el, live } from "../page/elements.js";
import { listed, t } from "../page/language.js";
import { attempt } from "../page/notices.js";
import { playersOf } from "./people.js";

const WATCHER = "spectator";
const NAMED = 2; // if more than one is left, these are counted: on a small phone many names leave no room for the game

/** Give up this browser's seat in the room, and take one of another role. */
async function changeSeat(room, role) {
  const url = new URL(location.href);
  for (const name of ["role", "tv", "join"]) url.searchParams.delete(name);
  url.searchParams.set("room", room.code);
  if (role === "player") url.searchParams.set("join", "1");
  else url.searchParams.set("role", role);
  if (await attempt(room.leave().then(() => true))) location.assign(url);
}

function shortened(names) {
  const more = names.length - NAMED;
  return listed(more > 1 ? [...names.slice(0, NAMED), t("{n} more", { n: more })] : names);
}

/**
 * Who watches, and who of them is next; hidden if nobody does. Before a round and after it, whoever is next gets a
 * button to take a free seat, and players get one to give theirs to whoever waits.
 * @param {any} room
 * @param {any} about the game's entry of GET /api/games
 */
export function waitingLine(room, about) {
  const text = el("p", { class: "muted" });
  const sit = el("button", { type: "button", class: "primary", onclick: () => changeSeat(room, "player") }, t("Take the free place"));
  const give = el("button", { type: "button", onclick: () => changeSeat(room, WATCHER) });
  const node = el("div", { class: "row center waiting-line" }, text, sit, give);
  return live(node, room, () => {
    const line = playersOf(room, WATCHER).filter(({ online }) => online);
    const [next] = line;
    const between = room.info.status !== "playing" && !room.info.locked;
    const isFree = between && playersOf(room).length < about.max_players;
    node.hidden = !next;
    if (!next) return;
    const isNext = next.id === room.seat.id;
    const others = line.filter(({ id }) => id !== room.seat.id).map(({ name }) => name);
    text.textContent = [others.length && t("Watching: {names}.", { names: shortened(others) }), room.seat.role === WATCHER && (isNext ? t("You are next.") : t("{name} is next.", { name: next.name }))].filter(Boolean).join(" ");
    text.hidden = !text.textContent;
    sit.hidden = !(isFree && isNext) || document.documentElement.classList.contains("tv");
    give.hidden = !(between && !isFree && room.seat.role === "player" && room.info.status === "over");
    give.textContent = t("Let {name} play", { name: next.name });
  });
}
