/** The colours of players, from 1 to 8: those that they have chosen, and free ones for all others. */

export const COLOURS = 8;

/** The room whose players this page shows. @type {{ seats: Map<string, any> } | null} */
let shown = null;

/** From now on colours are those of this room's players. */
export function colourPlayersOf(room) {
  shown = room;
}

/** The colour that a seat has chosen, or null. @param {{ profile?: any }} seat */
export function chosenColour({ profile }) {
  const chosen = profile?.colour;
  return Number.isInteger(chosen) && chosen >= 1 && chosen <= COLOURS ? chosen : null;
}

const byNumber = (number) => (number % COLOURS) + 1;

/**
 * The colours of a room's players by their seats' ids; every page comes to the same, whoever it is of. A chosen one stays
 * as it is. Whoever chose none has the one of their number if nobody chose it, else the next that fewest have.
 * @param {Iterable<{ id: string, number?: number | null, profile?: any }>} seats
 * @returns {Map<string, number>}
 */
export function coloursOf(seats) {
  const players = [...seats].filter(({ number }) => Number.isInteger(number)).sort((a, b) => a.number - b.number);
  const found = new Map();
  const counts = Array(COLOURS + 1).fill(0);
  const give = ({ id }, colour) => {
    found.set(id, colour);
    counts[colour] += 1;
  };
  for (const seat of players) if (chosenColour(seat)) give(seat, chosenColour(seat));
  for (const seat of players) if (!found.has(seat.id) && !counts[byNumber(seat.number)]) give(seat, byNumber(seat.number));
  for (const seat of players) {
    if (found.has(seat.id)) continue;
    const inTurn = Array.from({ length: COLOURS }, (_, i) => byNumber(seat.number + i));
    give(seat, inTurn.reduce((least, colour) => (counts[colour] < counts[least] ? colour : least)));
  }
  return found;
}

/** The colour of a seat, the same on every device. */
export function colourOf(seat) {
  const chosen = chosenColour(seat);
  if (chosen) return chosen;
  const given = shown?.seats.get(seat.id) === seat ? coloursOf(shown.seats.values()).get(seat.id) : undefined;
  return given ?? byNumber(seat.number ?? [...seat.id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0));
}
