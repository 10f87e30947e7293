/** The way in: a client that the server has admitted. */

import { Client } from "./client.js";
import { GameError } from "./errors.js";

/** @import * as Api from "../gameserver.js" */

const CONNECT_MS = 30_000;

/**
 * Connect, again and again until the server says welcome; later losses are mended in the same way. See gameserver.d.ts
 * for the options. Rejects if the server does not admit this user, or if no server was reached in time.
 * @param {Api.ConnectOptions} options
 * @returns {Promise<Client & { token: string }>}
 */
export async function connect({ timeout_ms = CONNECT_MS, signal, ...options } = {}) {
  signal?.throwIfAborted();
  const client = new Client(options);
  const late = () => client._end(new GameError("unreachable", `No server has answered within ${timeout_ms / 1000} s.`));
  const abort = () => client.close();
  const timer = Number.isFinite(timeout_ms) ? setTimeout(late, timeout_ms) : undefined;
  signal?.addEventListener("abort", abort);
  try {
    await client._connected;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
  return /** @type {Client & { token: string }} */ (client);
}
