/* What the page of hearts says. */

import { t } from "../../static/kit/kit.js";

export const TEXTS = {
  table: t("Table"),
  hand: t("Your hand"),
  scores: t("Points, the fewest first"),
  takeBack: t("Take back"),
  pass: (chosen) => t("Pass {n} of 3", { n: chosen }),
  deal: (number) => t("Deal {n}", { n: number + 1 }),
  broken: t("Hearts are broken"),
  unbroken: t("No heart has fallen yet"),
  passing: t("Everybody passes three cards on"),
  points: (points, now) => (now ? t("{points, plural, one {# point} other {# points}}, and {n} in this deal", { points, n: now }) : t("{points, plural, one {# point} other {# points}}", { points })),
  played: (name, card) => t("{name}: {card}.", { name, card }),
  rule: (points) => t("Whoever has fewest wins, once somebody has {n}.", { n: points }),
};
