/* What the game's documents say, in words. */

/** Of each phase, the timer that ends it. */
export const TIMERS = ["nightfall", "dawn", "daybreak", "verdict"];

export const ROLES = {
  werewolf: { name: "Werewolf", mark: "🐺", text: "By night you and the other werewolves choose whom to kill. By day, do not be found out." },
  seer: { name: "Seer", mark: "🔮", text: "By night choose one; at dawn this card says whether it is a werewolf." },
  doctor: { name: "Doctor", mark: "🩺", text: "By night choose one, who cannot be killed until dawn. Not the same in two nights running." },
  villager: { name: "Villager", mark: "🌾", text: "By night choose whom you suspect: nothing comes of it, but nobody sees that. By day, find the werewolves." },
};

/** Whether this seat plays in the game that is under way. */
export function isHere(room, seat = room.seat.id) {
  return (room.state.village ?? []).some((each) => each.seat === seat);
}

export function isAlive(room, seat = room.seat.id) {
  return (room.state.village ?? []).some((each) => each.seat === seat && each.alive);
}

export function nameOf(room, seat) {
  return (room.state.village ?? []).find((each) => each.seat === seat)?.name ?? "nobody";
}

export function headline(room) {
  const { phase } = room.info;
  const { night, winner } = room.state;
  if (phase === "cards") return "Your card";
  if (phase === "night") return `Night ${night}`;
  if (phase === "morning") return `Morning ${night}`;
  if (phase === "day") return `Day ${night}`;
  if (phase === "evening") return `Evening ${night}`;
  if (phase === "over") return winner === "wolves" ? "The werewolves win" : "The village wins";
  return "The village";
}

export function detail(room) {
  const { phase } = room.info;
  const plays = room.seat.role === "player";
  const dead = plays && isHere(room) && !isAlive(room);
  if (phase === "lobby") return "Five to sixteen people. Some of them will be werewolves.";
  if (phase === "cards") return plays ? "Look at your card, and let nobody else see it." : "Look at your phones, and let nobody else see them.";
  if (phase === "night") return dead ? "You are dead. Say nothing to the living." : "Everybody is silent, and everybody chooses somebody.";
  if (phase === "day") return dead ? "You are dead. Say nothing to the living." : "Talk, and vote: who is a werewolf?";
  return news(room);
}

/** What a shared screen tells those who sit before it, in a sentence or two. */
export function story(room) {
  const { phase } = room.info;
  const { news: what, village = [], winner } = room.state;
  const living = village.filter(({ alive }) => alive).length;
  const name = what?.dead ? nameOf(room, what.dead) : null;
  if (phase === "cards") return "Evening comes over the village. Everybody has a card, and some have teeth.";
  if (phase === "night") return "The village sleeps. Somewhere a door opens, and steps go through the dark.";
  if (phase === "morning") return name ? `The cock crows. ${name} does not come to the well, and nobody asks why.` : "The cock crows, and all come to the well. Nobody is missing.";
  if (phase === "day") return `${living} stand in the square, and look at each other. Who was out last night?`;
  if (phase === "evening") return name ? `The rope is over the branch. ${name} says nothing more.` : "The rope stays where it is. All go home, and lock their doors.";
  if (phase === "over") return winner === "wolves" ? "No light burns in the village any more. The wolves howl." : "The last wolf is gone. The village dances until morning.";
  return "";
}

function news(room) {
  const { news: what, winner } = room.state;
  const name = what?.dead ? nameOf(room, what.dead) : null;
  if (winner && !what) return winner === "village" ? "No werewolf lives." : "The werewolves are as many as the others.";
  if (what?.of === "night") return name ? `${name} was killed in the night.` : "Nobody died in the night.";
  if (what?.of === "vote") return name ? `${name} is hanged.` : what.tied.length ? "Equal votes: nobody is hanged." : "Nobody is hanged.";
  return "";
}
