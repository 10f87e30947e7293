/** Listeners by type: what clients and rooms have in common. */

/** @typedef {(...values: any[]) => void} Listener */

export class Emitter {
  /** @type {Map<string, Set<{ listener: Listener }>>} */
  #listeners = new Map();

  /**
   * Call `listener` with each event of this type from now on; returns a function that ends this.
   * @param {string} type
   * @param {Listener} listener
   * @returns {() => void}
   */
  on(type, listener) {
    const listeners = this.#listeners.get(type) ?? new Set();
    const entry = { listener };
    this.#listeners.set(type, listeners.add(entry));
    return () => void listeners.delete(entry);
  }

  /**
   * Call all listeners; one that throws harms neither the others nor the connection.
   * @param {string} type
   * @param {any[]} values
   */
  _emit(type, ...values) {
    for (const { listener } of [...(this.#listeners.get(type) ?? [])]) {
      try {
        listener(...values);
      } catch (error) {
        (globalThis.reportError ?? console.error)(error);
      }
    }
  }
}
