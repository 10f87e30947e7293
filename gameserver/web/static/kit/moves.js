/** A button for each move that this seat has, in its group; for games that list their moves. */

export { moves as moveButtons } from "../play/moves.js";
