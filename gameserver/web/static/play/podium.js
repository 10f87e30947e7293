/** How a game ended: the places with their scores, and whatever else the game says of it. */

import { el } from "../page.js";
import { fields } from "./tables.js";
import { listed } from "./words.js";

export function result(room, { ranking, scores, ...more }) {
  const places = placesOf(room, ranking, scores);
  return [
    places === null ? null : el("h3", { class: "outcome" }, headline(room, places)),
    places?.length ? el("ol", { class: "scores podium", "aria-label": "Result" }, places.flatMap((seats, i) => seats.map((id) => row(room, id, { place: placed(places, i), scores, won: i === 0 })))) : null,
    Object.keys(more).length ? fields(room, more, "result", 0) : null,
  ];
}

/** The ids of seats, the best first, in lists of those who share a place; null where the game does not say. */
function placesOf(room, ranking, scores) {
  if (Array.isArray(ranking) && ranking.every(Array.isArray)) return ranking;
  if (!scores || typeof scores !== "object") return null;
  const points = [...new Set(Object.values(scores))].sort((a, b) => b - a);
  return points.map((each) => Object.keys(scores).filter((id) => scores[id] === each));
}

/** Two who are second leave no third. */
function placed(places, at) {
  return places.slice(0, at).reduce((sum, seats) => sum + seats.length, 1);
}

function headline(room, places) {
  if (!places.length) return "All lost";
  const [best] = places;
  const mine = best.includes(room.seat.id);
  if (places.length === 1) return best.length > 1 ? (mine ? "You all won!" : "All won!") : mine ? "You win!" : `${room.name(best[0])} wins`;
  if (best.length === 1) return mine ? "You win!" : `${room.name(best[0])} wins`;
  return `${listed(best.map((id) => (id === room.seat.id ? "You" : room.name(id))))} win`;
}

function row(room, id, { place, scores, won }) {
  const points = scores?.[id];
  return el(
    "li",
    { class: id === room.seat.id ? "me" : "" },
    el("span", { class: ["place", `place-${place}`] }, el("span", { "aria-hidden": "true" }, String(place)), el("span", { class: "visually-hidden" }, `Place ${place}: `)),
    el("span", { class: ["who", won && "won"], dir: "auto" }, room.name(id)),
    points === undefined ? null : el("span", { class: "points" }, String(points)),
  );
}
