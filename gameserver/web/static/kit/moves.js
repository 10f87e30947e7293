/** A button for each move that this seat has, in its group; for games that say their moves. */

export { moves as moveButtons } from "../play/moves.js";
