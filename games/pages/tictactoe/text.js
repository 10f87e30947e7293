/* What the page of tic-tac-toe says. */

import { t } from "../../static/kit/kit.js";

export const MARKS = ["X", "O"]; // by number of the seat
export const PLACES = [t("top left"), t("top"), t("top right"), t("left"), t("centre"), t("right"), t("bottom left"), t("bottom"), t("bottom right")];

export const TEXT = {
  invite: t("Invite a friend"),
  scan: t("Let a friend scan this, or tell them the code."),
  board: t("Board"),
  yourTurn: t("Your turn"),
  turnOf: (name) => t("{name}’s turn", { name }),
  youPlay: (mark) => t("You play {mark}.", { mark }),
  plays: (name, mark) => t("{name} plays {mark}.", { name, mark }),
  away: t("Away at the moment. The clock runs on."),
  draw: t("A draw"),
  nobody: t("Nobody has three in a row."),
  youWin: t("You win!"),
  wins: (name) => t("{name} wins", { name }),
  line: t("Three in a row."),
  youAreLate: t("You ran out of time."),
  late: (name) => t("{name} ran out of time.", { name }),
  left: (name) => t("{name} has left.", { name }),
  newRoom: t("New room"),
  standing: t("Games won here"),
  won: (n) => t("{n} won", { n }),
  notes: { me: t("you"), away: t("away"), gone: t("gone") },
  empty: (place) => t("{place}: empty", { place }),
  taken: (place, mark) => t("{place}: {mark}", { place, mark }),
  inLine: (place, mark) => t("{place}: {mark}, in the winning line", { place, mark }),
  played: (place, mark) => t("{mark} {place}.", { place, mark }),
};
