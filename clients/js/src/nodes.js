/** The connections of one client: to the address it was given, and to each node that has a room for it. */

/** @import { Connection } from "./connection.js" */

/**
 * The URL of a node's WebSocket. The server writes the node's own (`https://games.example/n/a`), its WebSocket's, or
 * one relative to `home`, which this client was given.
 * @param {string} url
 * @param {string} home
 */
export function nodeUrl(url, home) {
  const whole = new URL(url, home);
  if (whole.protocol.startsWith("http")) {
    whole.protocol = whole.protocol.replace("http", "ws");
    if (!whole.pathname.endsWith("/ws")) whole.pathname = `${whole.pathname.replace(/\/$/, "")}/ws`;
  }
  return whole.href;
}

export class Nodes {
  /** The connection to the client's own address, as long as the client lives; on it goes what belongs to no room. */
  home;
  #make;
  /** @type {Map<string, Connection>} */
  #others = new Map();

  /**
   * @param {(url: string) => Connection} make
   * @param {string} url
   */
  constructor(make, url) {
    this.#make = make;
    this.home = make(url);
  }

  /** @returns {Connection[]} */
  get all() {
    return [this.home, ...this.#others.values()];
  }

  get others() {
    return this.#others.size > 0;
  }

  /**
   * The connection to a node; if there was none, one is dialled.
   * @param {string} url as the server wrote it
   */
  at(url) {
    const whole = nodeUrl(url, this.home.url);
    if (whole === this.home.url) return this.home;
    const known = this.#others.get(whole);
    if (known) return known;
    const made = this.#make(whole);
    this.#others.set(whole, made);
    made.start();
    return made;
  }

  /**
   * End the connection to a node that is not needed any more; home is never dropped.
   * @param {Connection} connection
   */
  drop(connection) {
    if (!this.#others.delete(connection.url)) return;
    const { socket } = connection;
    connection.end();
    socket?.close(1000);
  }
}
