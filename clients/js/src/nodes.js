/** The connections of one client: to the address it was given, and to each node that has a room for it. */

/** @import { Connection } from "./connection.js" */

/**
 * A node's WebSocket, of the address as the server wrote it: of the node itself (`https://games.example/n/a`), of its
 * WebSocket, or relative to the one we know.
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
  /** The one that is there from first to last: what belongs to no room is said here. */
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
   * The connection to a node; dialled, where there was none.
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
   * There is nothing more to be said to this node. The way home is never given up.
   * @param {Connection} connection
   */
  drop(connection) {
    if (!this.#others.delete(connection.url)) return;
    const { socket } = connection;
    connection.end();
    socket?.close(1000);
  }
}
