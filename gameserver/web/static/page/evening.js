/** The result of the evening: who has won how often, in this room and in those before it. */

import { el, fill, live } from "./elements.js";
import { avatar } from "./faces.js";
import { seatColor } from "./seats.js";
import { t } from "./language.js";

/** @import * as Api from "../../gameserver.js" */

const SHOWN = 5;

/**
 * A line with those who have won most; hidden while a round is played, and before two rounds were won.
 * @param {Api.Room} room
 */
export function eveningLine(room) {
  const line = el("section", { class: "evening row", "aria-label": t("The evening so far") });
  return live(line, room, () => {
    const wins = room.info.evening ?? [];
    line.hidden = wins.length === 0 || room.info.status === "playing";
    if (line.hidden) return;
    const seats = [...room.seats.values()].filter((seat) => !seat.gone && seat.role === "player");
    const rest = wins.length - SHOWN;
    fill(
      line,
      el("strong", {}, t("The evening so far")),
      wins.slice(0, SHOWN).map(({ name, wins: times }) => {
        const seat = seats.find((each) => each.name === name);
        return el("span", { class: ["seat", seat && seatColor(seat)] }, avatar(seat ?? { name }), el("span", { class: "name", dir: "auto" }, name), el("span", { class: "points" }, String(times), el("span", { class: "visually-hidden" }, " ", t("{n, plural, one {win} other {wins}}", { n: times }))));
      }),
      rest > 0 ? el("span", { class: "muted" }, t("and {n} more", { n: rest })) : null,
    );
  });
}
