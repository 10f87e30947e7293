/* What the game's documents say, in words; and all other texts of the page. */

import { t } from "../../static/kit/kit.js";

/** Of each phase, the timer that ends it. */
export const TIMERS = ["nightfall", "dawn", "daybreak", "verdict"];

export const ROLES = {
  werewolf: { name: t("Werewolf"), mark: "🐺", text: t("By night you and the other werewolves choose whom to kill. By day, do not be found out.") },
  seer: { name: t("Seer"), mark: "🔮", text: t("By night choose one; at dawn this card says whether it is a werewolf.") },
  doctor: { name: t("Doctor"), mark: "🩺", text: t("By night choose one, who cannot be killed until dawn. Not the same in two nights running.") },
  villager: { name: t("Villager"), mark: "🌾", text: t("By night choose whom you suspect: nothing comes of it, but nobody sees that. By day, find the werewolves.") },
};

export const TEXTS = {
  village: t("The village"),
  nobody: t("Nobody"),
  you: t("you"),
  away: t("away"),
  chosen: t("has chosen"),
  died: { night: t("killed by night"), vote: t("hanged"), left: t("left the village") },
  done: { night: t("has chosen"), day: t("has voted") },
  votes: (n) => t("{n, plural, one {# vote} other {# votes}}", { n }),
  forNobody: (n) => t("{n, plural, one {Nobody: # vote} other {Nobody: # votes}}", { n }),
  count: {
    night: (n, most) => t("{n} of {most} have chosen", { n, most }),
    day: (n, most, nobody) => (nobody ? t("{n} of {most} have voted, {nobody} for nobody", { n, most, nobody }) : t("{n} of {most} have voted", { n, most })),
  },
  card: {
    label: t("Your card"),
    look: t("Look at your card"),
    turn: t("Turn the card over"),
    chat: t("Among werewolves"),
    seen: t("What you have seen"),
    found: (night, name, wolf) => (wolf ? t("Night {night}: {name} is a werewolf.", { night, name }) : t("Night {night}: {name} is no werewolf.", { night, name })),
    alone: t("You are the only werewolf."),
    others: t("The other werewolves"),
    chooses: (other, name) => t("{other} chooses {name}", { other, name }),
  },
};

/** Whether this seat plays in the game that is under way. */
export function isHere(room, seat = room.seat.id) {
  return (room.state.village ?? []).some((each) => each.seat === seat);
}

export function isAlive(room, seat = room.seat.id) {
  return (room.state.village ?? []).some((each) => each.seat === seat && each.alive);
}

export function nameOf(room, seat) {
  return (room.state.village ?? []).find((each) => each.seat === seat)?.name ?? t("nobody");
}

export function headline(room) {
  const { phase } = room.info;
  const { night, winner } = room.state;
  if (phase === "cards") return room.seat.role === "player" ? TEXTS.card.label : t("The cards are dealt");
  if (phase === "night") return t("Night {n}", { n: night });
  if (phase === "morning") return t("Morning {n}", { n: night });
  if (phase === "day") return t("Day {n}", { n: night });
  if (phase === "evening") return t("Evening {n}", { n: night });
  if (phase === "over") return winner === "wolves" ? t("The werewolves win") : t("The village wins");
  return TEXTS.village;
}

export function detail(room) {
  const { phase } = room.info;
  const plays = room.seat.role === "player";
  const dead = plays && isHere(room) && !isAlive(room);
  if (phase === "cards") return plays ? t("Look at your card, and let nobody else see it.") : t("Look at your phones, and let nobody else see them.");
  if (dead && (phase === "night" || phase === "day")) return t("You are dead. Say nothing to the living.");
  if (phase === "night") return t("Everybody is silent, and everybody chooses somebody.");
  if (phase === "day") return t("Talk, and vote: who is a werewolf?");
  return news(room);
}

/** What a shared screen tells those who sit before it, in a sentence or two. */
export function tale(room) {
  const { phase } = room.info;
  const { news: what, village = [], winner } = room.state;
  const living = village.filter(({ alive }) => alive).length;
  const name = what?.dead ? nameOf(room, what.dead) : null;
  if (phase === "cards") return t("Evening comes over the village. Everybody has a card, and some have teeth.");
  if (phase === "night") return t("The village sleeps. Somewhere a door opens, and steps go through the dark.");
  if (phase === "morning") return name ? t("The cock crows. {name} does not come to the well, and nobody asks why.", { name }) : t("The cock crows, and all come to the well. Nobody is missing.");
  if (phase === "day") return t("{n} stand in the square, and look at each other. Who was out last night?", { n: living });
  if (phase === "evening") return name ? t("The rope is over the branch. {name} says nothing more.", { name }) : t("The rope stays where it is. All go home, and lock their doors.");
  if (phase === "over") return winner === "wolves" ? t("No light burns in the village any more. The wolves howl.") : t("The last wolf is gone. The village dances until morning.");
  return "";
}

function news(room) {
  const { news: what, winner } = room.state;
  const name = what?.dead ? nameOf(room, what.dead) : null;
  if (winner && !what) return winner === "village" ? t("No werewolf lives.") : t("The werewolves are as many as the others.");
  if (what?.of === "night") return name ? t("{name} was killed in the night.", { name }) : t("Nobody died in the night.");
  if (what?.of === "vote") return name ? t("{name} is hanged.", { name }) : what.tied.length ? t("Equal votes: nobody is hanged.") : t("Nobody is hanged.");
  return "";
}
