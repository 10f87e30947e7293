/** Refusals: what a request rejects with, and what its code says about trying again. */

/** Close codes after which no reconnect would help, and the error they end in. */
export const FINAL = new Map([[4001, "unauthenticated"], [4003, "forbidden"]]);

/** Error codes that go by themselves, or once somebody has mended something: seats are kept. */
export const PASSING = new Set(["rate_limited", "busy", "draining", "quarantined"]);

/** A refusal of the server or its game, with its stable `code`; or `closed` and `lost`, which only this client says. */
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
 * What a request of a room rejects with once its seat is given up or taken away.
 * @param {{ code: string }} room
 */
export function seatGone(room) {
  return new GameError("not_found", `The seat in ${room.code} is gone.`);
}
