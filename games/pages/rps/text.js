/* What the page of rock, paper, scissors says. */

import { t } from "../../static/kit/kit.js";

export const TEAM_NAMES = { red: t("Red"), blue: t("Blue") };
export const HAND_NAMES = { rock: t("Rock"), paper: t("Paper"), scissors: t("Scissors") };
const WHY = { rock: t("Rock crushes scissors."), paper: t("Paper wraps rock."), scissors: t("Scissors cut paper.") }; // by what wins
const BOTH = { rock: t("Both threw rock."), paper: t("Both threw paper."), scissors: t("Both threw scissors.") };
const MINE = { rock: t("You throw rock. You may still change it."), paper: t("You throw paper. You may still change it."), scissors: t("You throw scissors. You may still change it.") };
const PLANS = { rock: (name) => t("{name}: rock", { name }), paper: (name) => t("{name}: paper", { name }), scissors: (name) => t("{name}: scissors", { name }) };

export const TEXT = {
  needs: { red: t("Team red needs somebody"), blue: t("Team blue needs somebody") },
  scan: t("Let friends scan this, or tell them the code."),
  team: { red: t("Team red"), blue: t("Team blue") },
  yours: t("your team"),
  throwNow: t("Throw!"),
  which: t("Rock, paper or scissors?"),
  mine: (hand) => MINE[hand],
  count: t("Throw now: rock, paper or scissors. Three seconds."),
  wins: { red: t("Red wins the match!"), blue: t("Blue wins the match!") },
  over: t("The match is over"),
  score: (red, blue) => `${red} : ${blue}`,
  scoreSaid: (red, blue) => t("Red {red}, blue {blue}.", { red, blue }),
  ready: t("Ready?"),
  youSayGo: t("You say go."),
  saysGo: (name) => t("{name} says go.", { name }),
  hostSaysGo: t("The host says go."),
  scores: { red: t("Red scores!"), blue: t("Blue scores!") },
  tie: t("A tie"),
  nobodyThrew: t("Nobody threw in time."),
  notThrown: { red: t("Red did not throw in time."), blue: t("Blue did not throw in time.") },
  both: (hand) => BOTH[hand],
  why: (hand) => WHY[hand],
  noThrow: t("No throw"),
  hasThrown: t("has thrown"),
  points: (points, of) => t("{points} of {of} points", { points, of }),
  nobody: t("Nobody yet"),
  members: { red: t("Players of team red"), blue: t("Players of team blue") },
  choices: t("Your throw"),
  plan: (name, hand) => PLANS[hand](name),
  onYourTeam: (name) => t("{name} is on your team.", { name }),
  go: t("Go!"),
  next: t("Next round"),
  again: t("Play again"),
  versus: t("vs"),
};
