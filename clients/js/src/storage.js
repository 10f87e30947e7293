/** What is stored, and outlives a page. */

/** @typedef {Pick<Storage, "getItem" | "setItem">} Store */
/** @typedef {{ code: string, game: string, role: string, user: string, secret: string }} KeptSeat */
/** @typedef {{ token: string | null, seats: KeptSeat[], read: { user: string, to: string, upto: number }[] }} Kept */

const SEATS_KEPT = 50;
const READ_KEPT = 100; // places outside rooms of which a browser remembers how far they were read

/** A guest's token, the secrets of seats, and what was read outside rooms, by server; in one value, so that two tabs do not mix theirs. */
export class Memory {
  #storage;
  #key;

  /**
   * @param {Store | null | undefined} storage
   * @param {string} url
   * @param {"browser" | "tab"} session
   */
  constructor(storage, url, session = "browser") {
    this.#storage = (storage === undefined ? pageStorage(session) : storage) ?? oneValue(); // lasts until the page is gone
    this.#key = `gameserver ${url}`;
  }

  get token() {
    return this.#read().token;
  }

  /** @param {string | null} token */
  set token(token) {
    this.#write({ ...this.#read(), token });
  }

  /** @param {string | undefined} user */
  seats(user) {
    return this.#read().seats.filter((seat) => seat.user === user);
  }

  /** @param {KeptSeat} seat */
  remember(seat) {
    const { seats, ...rest } = this.#without(seat.code, seat.role);
    this.#write({ ...rest, seats: [seat, ...seats].slice(0, SEATS_KEPT) });
  }

  /**
   * @param {string} code
   * @param {string} role
   */
  forget(code, role) {
    this.#write(this.#without(code, role));
  }

  /**
   * How far a user has read a place outside rooms.
   * @param {string} user
   * @param {string} to
   */
  read(user, to) {
    return this.#read().read.find((mark) => mark.user === user && mark.to === to)?.upto ?? 0;
  }

  /**
   * @param {string} user
   * @param {string} to
   * @param {number} upto
   */
  setRead(user, to, upto) {
    const { read, ...rest } = this.#read();
    const others = read.filter((mark) => mark.user !== user || mark.to !== to);
    this.#write({ ...rest, read: [{ user, to, upto }, ...others].slice(0, READ_KEPT) });
  }

  /**
   * @param {string} code
   * @param {string} role
   */
  #without(code, role) {
    const { seats, ...rest } = this.#read();
    return { ...rest, seats: seats.filter((seat) => seat.code !== code || seat.role !== role) };
  }

  /** @returns {Kept} */
  #read() {
    try {
      const { token = null, seats = [], read = [] } = JSON.parse(this.#storage.getItem(this.#key) ?? "{}") ?? {};
      return { token, seats, read };
    } catch {
      return { token: null, seats: [], read: [] };
    }
  }

  /** @param {Kept} value */
  #write(value) {
    try {
      this.#storage.setItem(this.#key, JSON.stringify(value));
    } catch {
      // Full or forbidden: after a reload this is a new guest; nothing else is lost.
    }
  }
}

/** @param {"browser" | "tab"} session */
function pageStorage(session) {
  try {
    return session === "tab" ? globalThis.sessionStorage : globalThis.localStorage;
  } catch {
    return null; // blocked by the browser's settings
  }
}

/**
 * A store that lasts as long as the page.
 * @returns {Store}
 */
function oneValue() {
  /** @type {string | null} */
  let kept = null;
  return { getItem: () => kept, setItem: (_, value) => void (kept = value) };
}
