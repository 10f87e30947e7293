/** Playing cards on the table; handOf() shows those in a hand. */

import { el } from "../page/elements.js";
import { t } from "../page/language.js";

const SUITS = { C: ["♣", t("clubs")], D: ["♦", t("diamonds")], S: ["♠", t("spades")], H: ["♥", t("hearts")] };
const RANKS = { T: ["10", t("ten")], J: ["J", t("jack")], Q: ["Q", t("queen")], K: ["K", t("king")], A: ["A", t("ace")] };

/**
 * A card of the usual 52 as handOf() and playingCard() take it.
 * @param {string} suit C, D, H or S
 * @param {string} rank 2 to 9, T, J, Q, K or A
 */
export function suitCard(suit, rank) {
  const [mark, suitName] = SUITS[suit];
  const [short, long] = RANKS[rank] ?? [rank, rank];
  return { key: suit + rank, name: t("{rank} of {suit}", { rank: long, suit: suitName }), class: ["suited", suit === "D" || suit === "H" ? "red" : "black"], face: [el("span", { class: "rank" }, short), el("span", { class: "suit" }, mark)] };
}

/**
 * A card that lies face up; without a card, an empty place for one.
 * @param {{ name: string, face: any, class?: any } | null} card
 * @param {{ class?: any }} options
 */
export function playingCard(card, { class: more } = {}) {
  if (!card) return el("span", { class: ["playing-card", "none", ...[more].flat()], "aria-hidden": "true" });
  const face = el("span", { class: "card-face", "aria-hidden": "true" }, card.face);
  return el("span", { class: ["playing-card", ...[card.class, more].flat()] }, el("span", { class: "visually-hidden" }, card.name), face);
}
