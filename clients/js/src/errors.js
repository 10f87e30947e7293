/** Refusals: what requests reject with, and what the codes say about trying again. */

/** Close codes after which no reconnect would help, with the code of the error for each. */
export const FINAL = new Map([[4001, "unauthenticated"], [4003, "forbidden"]]);

/** Codes of errors that pass by themselves, or once somebody has repaired something: seats are kept. */
export const PASSING = new Set(["rate_limited", "busy", "draining", "quarantined"]);

/** A refusal of the server or its game, with its stable `code`; or one of this client itself, such as `closed`. */
export class GameError extends Error {
  /**
   * @param {string} code
   * @param {string} [message]
   * @param {string | null} [path]
   * @param {string | null} [room]
   * @param {number | null} [retry_ms]
   */
  constructor(code, message, path = null, room = null, retry_ms = null) {
    super(message || code);
    this.name = "GameError";
    this.code = code;
    this.path = path;
    this.room = room;
    this.retry_ms = retry_ms;
  }
}

/**
 * The error of a room's requests once its seat was given up or taken away.
 * @param {{ code: string }} room
 */
export function seatGone(room) {
  return new GameError("not_found", `The seat in ${room.code} is gone.`);
}
