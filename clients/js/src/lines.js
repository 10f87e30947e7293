/** Lines of chat, in rooms and outside, as pages have them. */

/** @import * as Api from "../gameserver.js" */

export const CHAT_LINES = 200; // kept of each channel

/**
 * What no other line has: its number alone would not do, since a room can begin anew.
 * @param {{ stream: string, n: number, at: number }} line
 */
export function nameOf({ stream, n, at }) {
  return `${stream} ${n} ${at}`;
}

/**
 * A line as pages have it: all keys are there.
 * @param {any} told
 * @returns {any}
 */
export function cleaned({ op, room, ...line }) {
  return { ...line, data: line.data ?? null, emote: line.emote ?? false, mentions: line.mentions ?? [], edited: line.edited ?? null };
}

/**
 * What the game tells one seat stands among the room's lines, but is counted on another stream.
 * @param {Api.Line} line
 */
export function isCounted({ from, stream }) {
  return stream !== "seat" || from !== null;
}
