/** Lines of chat, in rooms and outside, as pages have them. */

/** @import * as Api from "../gameserver.js" */

export const CHAT_LINES = 200; // kept of each channel

/**
 * A key that no other line has. The number alone would not do, since a room can begin to count anew.
 * @param {{ stream: string, n: number, at: number }} line
 */
export function nameOf({ stream, n, at }) {
  return `${stream} ${n} ${at}`;
}

/**
 * A line as pages get it, with all keys.
 * @param {any} told
 * @returns {any}
 */
export function cleaned({ op, room, ...line }) {
  return { ...line, data: line.data ?? null, emote: line.emote ?? false, mentions: line.mentions ?? [], edited: line.edited ?? null };
}

/**
 * Whether a line counts as one of its channel. What the game says to one seat is shown among the room's lines, but has
 * its number on another stream.
 * @param {Api.Line} line
 */
export function isCounted({ from, stream }) {
  return stream !== "seat" || from !== null;
}
