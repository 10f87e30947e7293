/* What the page of reversi says. */

import { t } from "../../static/kit/kit.js";

export const TEXT = {
  board: t("Board"),
  colours: [t("black"), t("white")], // by number of the seat
  rules: t("Take the other’s discs between two of yours."),
  yourTurn: t("Your turn"),
  turnOf: (name) => t("{name}’s turn", { name }),
  youPlay: [t("You play black."), t("You play white.")],
  last: (colour, place, turned) => t("{colour} {place}, {turned} turned", { colour, place, turned }),
  lastMove: (name, place) => t("{name} placed a disc on {place}.", { name, place }),
  begin: t("Black begins."),
  passed: t("The other has no move."),
  draw: t("A draw"),
  youWin: t("You win!"),
  wins: (name) => t("{name} wins", { name }),
  ended: t("The game has ended"),
  discs: t("Discs"),
  timeout: (name) => t("{name} had no time left.", { name }),
  left: (name) => t("{name} has left.", { name }),
  free: (place) => t("{place}: empty", { place }),
  may: (place) => t("{place}: place a disc", { place }),
  disc: (place, colour) => t("{place}: {colour}", { place, colour }),
  undo: t("Take back"),
  chat: t("Chat"),
  chatAndBots: t("Chat and bots"),
  done: t("Done"),
  notes: { me: t("you"), away: t("away"), bot: t("bot"), standIn: t("a bot plays") },
};
