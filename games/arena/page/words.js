/* What the page of the arena says. */

import { t } from "../../static/kit/kit.js";

export const TEXTS = {
  field: t("The field, with discs and coins"),
  coins: t("Coins"),
  dash: t("Dash"),
  menu: t("Menu"),
  keys: t("Arrows or WASD, and space to dash. Or drag anywhere. Or a gamepad."),
  drag: t("Hold a finger anywhere and drag to push; the button dashes. Run into others: they lose coins."),
  hit: (lost) => (lost ? t("Hit! You lost {n}.", { n: lost }) : t("Hit!")),
  place: (coins, place, most) => t("{n, plural, one {# coin} other {# coins}}, place {place} of {most}.", { n: coins, place, most }),
};
