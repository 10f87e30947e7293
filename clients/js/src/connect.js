/** The way in: a client that the server has admitted. */

import { Client } from "./client.js";

/** @import * as Api from "../gameserver.js" */

/**
 * Connect, again and again until the server says welcome; later losses are mended in the same way. See gameserver.d.ts
 * for the options. Rejects where the server does not admit this user.
 * @param {Api.ConnectOptions} options
 * @returns {Promise<Client & { token: string }>}
 */
export async function connect(options = {}) {
  const client = new Client(options);
  await client._connected;
  return /** @type {Client & { token: string }} */ (client);
}
