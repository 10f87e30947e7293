/**
 * A client of the game server, for pages and, with a WebSocket class, for node. One module, nothing else:
 *
 *     import { connect } from "../../gameserver.js";
 *     const client = await connect({ name: "Ann" });
 *     const room = await client.create("tictactoe");       // or client.join("K7QM"), client.match("tictactoe")
 *     room.on("$change", () => draw(room.state));
 *     await room.send("play", { cell: 4 });                // the reply; a GameError where the game refuses
 *
 * How a frame passes through: a `Connection` reads it and hands it to its `Client`. An answer settles its request's
 * promise; the rest goes to its `Room`, which checks the counter of every stream, keeps documents, seats, timers and
 * chat as the server has them, and calls its listeners. When a counter jumps, it asks for what is missing.
 *
 * A lost connection is dialled again after random, growing waits. Then `hello` says which user and which client this
 * is, each room is resumed from what it has seen, and requests without an answer are sent again under their old ids
 * (`Requests` says which). Chat outside rooms goes on from the last line that came.
 *
 * Built of clients/js/src by "make js": change it there.
 */

/** Lines of chat, in rooms and outside, as pages have them. */

const CHAT_LINES = 200; // kept of each channel

/**
 * A key that no other line has. The number alone would not do, since a room can begin to count anew.
 * @param {{ stream: string, n: number, at: number }} line
 */
function nameOf({ stream, n, at }) {
  return `${stream} ${n} ${at}`;
}

/**
 * A line as pages get it, with all keys.
 * @param {any} told
 * @returns {any}
 */
function cleaned({ op, room, ...line }) {
  return { ...line, data: line.data ?? null, emote: line.emote ?? false, mentions: line.mentions ?? [], edited: line.edited ?? null };
}

/**
 * Whether a line counts as one of its channel. What the game says to one seat is shown among the room's lines, but has
 * its number on another stream.
 * @param {Api.Line} line
 */
function isCounted({ from, stream }) {
  return stream !== "seat" || from !== null;
}

/** What is said in a room, channel by channel, and all that a seat may do there. */

/** @typedef {{ to: string, stream: string, title: string, closed: boolean, readonly: boolean, slow_s: number }} ToldChannel */

const TYPING_MS = 6000; // how long somebody counts as writing after the last message that said so
const TYPING_EVERY_MS = 3000; // the server drops what comes sooner than 2 s

/**
 * One channel: what its audience knows of it, with the lines that this seat heard there. `Chat` makes one for each that
 * the server names, and for each seat that a private line went to or came from; `Posts` one for each place outside rooms.
 */
class Channel {
  to;
  /** @type {string | null} */
  stream = null;
  title = "";
  closed = false;
  readonly = false;
  slow_s = 0;
  /** @type {any[]} */
  lines = [];
  read = 0;
  #chat;
  /** @type {Map<string, number>} */
  #typing = new Map();

  /**
   * @param {string} to
   * @param {Chat | Posts} chat
   */
  constructor(to, chat) {
    this.to = to;
    this.#chat = chat;
  }

  /**
   * Say a line here.
   * @param {string} text
   * @param {unknown} [data]
   */
  say(text, data) {
    return this.#chat.say(text, this.to, data);
  }

  /** How many lines of others came after the last that this seat has read. */
  get unread() {
    return this.lines.filter((line) => isCounted(line) && !this.#chat.isMine(line) && line.n > this.read).length;
  }

  /** The ids of the seats that are writing. */
  get typing() {
    const now = performance.now();
    return [...this.#typing].filter(([, until]) => until > now).map(([seat]) => seat);
  }

  /** @param {Partial<ToldChannel>} told */
  _set({ stream, title, closed, readonly, slow_s }) {
    Object.assign(this, { stream, title: title ?? "", closed: closed ?? false, readonly: readonly ?? false, slow_s: slow_s ?? 0 });
  }

  /**
   * @param {string} seat
   * @param {boolean} on
   */
  _writes(seat, on) {
    if (on) this.#typing.set(seat, performance.now() + TYPING_MS);
    else this.#typing.delete(seat);
  }
}

/** What is said in a room, channel by channel, and all that a seat may do there. */
class Chat {
  /** @type {Api.Line[]} */
  lines = [];
  /** @type {Map<string, Channel>} */
  channels = new Map();
  #client;
  #room;
  #said = { to: /** @type {string | null} */ (null), at: 0 }; // where we last said that we are writing

  /**
   * @param {Client} client
   * @param {Room} room
   */
  constructor(client, room) {
    this.#client = client;
    this.#room = room;
  }

  /**
   * Say a line; resolves with what a command answers, null for a line.
   * @param {string} text
   * @param {string} to
   * @param {unknown} [data]
   * @returns {Promise<any>}
   */
  say(text, to = "room", data) {
    this.#said = { to: null, at: 0 };
    return this.#client._ask("chat", this.#room, { text, to, data });
  }

  /**
   * Say what this seat does: "waves".
   * @param {string} text
   * @param {string} to
   * @param {unknown} [data]
   */
  emote(text, to = "room", data) {
    return this.say(`/me ${text}`, to, data);
  }

  /**
   * Change a line of one's own.
   * @type {Api.Chat["edit"]}
   */
  edit({ stream, n }, text, data) {
    return this.#client._ask("edit", this.#room, { stream, line: n, text, data });
  }

  /**
   * Take a line of one's own back.
   * @type {Api.Chat["unsay"]}
   */
  unsay({ stream, n }) {
    return this.#client._ask("unsay", this.#room, { stream, line: n });
  }

  /**
   * Report a line, or a seat (its id), to the moderators.
   * @type {Api.Chat["report"]}
   */
  report(what, reason = "") {
    const about = typeof what === "string" ? { seat: what } : { stream: what.stream, line: what.n };
    return this.#client._ask("report", this.#room, { ...about, reason });
  }

  /**
   * Hear nothing more of a seat's user, in any room; or hear it again.
   * @type {Api.Chat["block"]}
   */
  block(seat, on = true) {
    return this.#client._ask("block", this.#room, { seat, on });
  }

  /**
   * Call this with each key: the others are told now and then, and once when it is over.
   * @param {string} to
   * @param {boolean} on
   */
  typing(to = "room", on = true) {
    const now = performance.now();
    const same = this.#said.to === to && now - this.#said.at < TYPING_EVERY_MS;
    if (on ? same : this.#said.to !== to) return;
    this.#said = { to: on ? to : null, at: now };
    this.#client._tell("typing", this.#room, { to, on });
  }

  /**
   * Note that all that is there was read, or all up to a line.
   * @param {string} to
   * @param {number} upto
   */
  read(to = "room", upto = this.channels.get(to)?.lines.findLast(isCounted)?.n ?? 0) {
    const channel = this.channels.get(to);
    if (!channel || upto <= channel.read) return;
    channel.read = upto;
    this.#room._emit("$read", channel);
    this.#client._ask("read", this.#room, { to, upto }).catch(() => {}); // nothing else depends on it
  }

  /**
   * Whether this seat said it.
   * @param {Api.Line} line
   */
  isMine({ from }) {
    return from !== null && from.seat === this.#room.seat.id;
  }

  /**
   * The channel that a line belongs to: a private one is its other seat's; what the game tells this seat is the room's.
   * @param {Api.Line} line
   */
  of({ to, from }) {
    if (!to.startsWith("seat:")) return to;
    const { id } = this.#room.seat;
    if (to !== `seat:${id}`) return to;
    return from && from.seat !== id ? `seat:${from.seat}` : "room";
  }

  // What the room tells it

  /**
   * Take what `joined` has: lines and channels, or only channels, if the lines are known. Returns the new lines.
   * @param {any} joined
   * @returns {Api.Line[]}
   */
  _join({ chat, channels, read, recovered }) {
    /** @type {Api.Line[]} */
    const fresh = [];
    if (!recovered) {
      const known = new Map(this.lines.map((line) => [nameOf(line), line]));
      this.#drop(() => true);
      for (const to of [...this.channels.keys()]) if (!channels?.some((/** @type {ToldChannel} */ told) => told.to === to)) this.channels.delete(to);
      for (const channel of this.channels.values()) channel.read = 0;
      this._open(channels ?? []);
      for (const told of chat) {
        const old = known.get(nameOf(told));
        const line = this.#keep(old ? Object.assign(old, cleaned(told)) : cleaned(told));
        if (!old) fresh.push(line);
      }
    } else this._open(channels ?? []);
    for (const [to, upto] of Object.entries(read ?? {})) {
      const channel = this.#channel(to);
      channel.read = Math.max(/** @type {number} */ (upto), channel.read);
    }
    return fresh;
  }

  /** @param {ToldChannel[]} channels */
  _open(channels) {
    for (const told of channels) this.#channel(told.to)._set(told);
  }

  /**
   * Lines that are new; known ones are dropped.
   * @param {any[]} told
   * @returns {Api.Line[]}
   */
  _say(told) {
    const known = new Set(this.lines.map(nameOf));
    return told.filter((line) => !known.has(nameOf(line))).map((line) => this.#keep(cleaned(line)));
  }

  /**
   * Change a line, or take it back. Returns the line; undefined if it is not known here.
   * @param {any} edited
   * @returns {Api.Line | undefined}
   */
  _edit({ stream, line: n, text, data, at, mentions }) {
    const line = this.lines.findLast((each) => each.stream === stream && each.n === n);
    if (!line) return undefined;
    if ((text ?? null) === null) {
      this.#drop((each) => each === line);
      line.text = null;
    } else Object.assign(line, { text, data: data ?? null, edited: at, mentions: mentions ?? [] });
    return line;
  }

  /** @param {{ to: string, seat: string, on: boolean | null | undefined }} told */
  _typing({ to, seat, on }) {
    const channel = this.#channel(to === `seat:${this.#room.seat.id}` ? `seat:${seat}` : to);
    channel._writes(seat, on ?? true);
    return channel;
  }

  /** @param {{ to: string, upto: number }} told */
  _read({ to, upto }) {
    const channel = this.#channel(to);
    channel.read = Math.max(channel.read, upto);
    return channel;
  }

  /**
   * This seat is in an audience no longer: drop its lines and channels.
   * @param {string} stream
   */
  _forget(stream) {
    this.#drop((line) => line.stream === stream);
    for (const [to, channel] of [...this.channels]) if (channel.stream === stream) this.channels.delete(to);
  }

  /** @param {string} to */
  #channel(to) {
    let channel = this.channels.get(to);
    if (!channel) this.channels.set(to, (channel = new Channel(to, this)));
    return channel;
  }

  /** @param {Api.Line} line */
  #keep(line) {
    const channel = this.#channel(this.of(line));
    this.lines.push(line);
    channel.lines.push(line);
    if (line.from) channel._writes(line.from.seat, false);
    if (channel.lines.length > CHAT_LINES) {
      const [oldest] = channel.lines;
      this.#drop((each) => each === oldest);
    }
    return line;
  }

  /** @param {(line: Api.Line) => boolean} goes */
  #drop(goes) {
    for (const { lines } of [this, ...this.channels.values()]) {
      const stays = lines.filter((line) => !goes(line));
      lines.splice(0, lines.length, ...stays);
    }
  }
}

/** Where the server is, and how the code of a room is written. */

/** `ws` in this module's folder, if the page is in or below it (which may be under a path); else the host's `/ws`. */
function homeUrl() {
  const module = new URL(import.meta.url);
  const home = new URL(".", module).href;
  const isOwn = module.pathname.endsWith("/gameserver.js") && globalThis.location?.href.startsWith(home);
  return isOwn ? `${home}ws` : "/ws";
}

/**
 * The address of a WebSocket, made of what the page's author wrote.
 * @param {string} url
 */
function socketUrl(url) {
  const whole = new URL(url, globalThis.location?.href);
  whole.protocol = whole.protocol.replace("http", "ws");
  return whole.href;
}

/**
 * A code as the server writes it; people type it in any case, with spaces or dashes.
 * @param {string} code
 */
function canonical(code) {
  return String(code).toUpperCase().replace(/[\s-]/g, "");
}

/** How long to wait before something that failed is tried again. */

const FIRST_DELAY_MS = 250; // the limit of the first wait; it doubles with each failure
const LONGEST_DELAY_MS = 10_000;
const DETOURS = 3; // who is told to wait, or sent to a node that is not there, waits no longer than after so many

/**
 * A random time in ms, up to a limit that grows with the number of failures.
 *
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @param {number} failures
 */
function fullJitter(failures) {
  return Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 16));
}

/**
 * The same, but shorter, for whoever looks for a room: another node has it within a lease, and asking costs little.
 * @param {number} failures
 */
function shortJitter(failures) {
  return fullJitter(Math.min(failures, DETOURS));
}

/** The server's clock, as far as a client can know it. */

const CLOCK_SAMPLES = 8;

/** Of the last answers, the quickest is the best: it tells the time with an error of at most half its round trip. */
class ServerClock {
  /** @type {{ trip: number, offset: number }[]} */
  #samples = [];
  #best = { offset: performance.timeOrigin, trip: Infinity };

  now() {
    return performance.now() + this.#best.offset;
  }

  restart() {
    this.#samples = [];
  }

  /**
   * A ping was sent at `at` by our clock, and answered at `now` by the server's. Returns how many samples there are.
   * @param {number} at
   * @param {number} now
   */
  take(at, now) {
    const heard = performance.now();
    const trip = heard - at;
    const sample = { trip, offset: now - (at + heard) / 2 };
    const apart = Math.abs(sample.offset - this.#best.offset);
    if (apart > (trip + this.#best.trip) / 2 + 2) this.restart(); // one of the clocks has stood still, or was set
    this.#samples = [...this.#samples, sample].slice(-CLOCK_SAMPLES);
    this.#best = this.#samples.reduce((best, other) => (other.trip < best.trip ? other : best));
    return this.#samples.length;
  }
}

/** Refusals: what requests reject with, and what the codes say about trying again. */

/** Close codes after which no reconnect would help, with the code of the error for each. */
const FINAL = new Map([[4001, "unauthenticated"], [4003, "forbidden"]]);

/** Codes of errors that pass by themselves, or once somebody has repaired something: seats are kept. */
const PASSING = new Set(["rate_limited", "busy", "draining", "quarantined"]);

/** A refusal of the server or its game, with its stable `code`; or one of this client itself, such as `closed`. */
class GameError extends Error {
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
function seatGone(room) {
  return new GameError("not_found", `The seat in ${room.code} is gone.`);
}

/**
 * Is anybody there? A silent server is sent pings, and the connection is given up if no answer comes. After a sleep of
 * the machine, or when somebody looks at the page again, a ping is sent at once. When the browser says that it is
 * offline, the connection is given up at once. The answers set the server's clock.
 *
 * If a request gets no answer, its node may hang: 7 s after it was sent, at the latest, the connection is given up, and
 * by then others have the node's rooms.
 */

/** Requests whose answers may be large: whole rooms, with their chat. */
const LARGE = new Set(["create", "match", "join", "resume", "listen"]);

const TICK_MS = 500;
const LATE_MS = 1500; // if ticks are so far apart, the page was busy, and has yet to read what came meanwhile
const SLEPT_MS = 5000; // if ticks are so far apart, the machine slept, or the page was frozen
const PING_MS = 15_000; // between the pings of a quiet connection
const DOUBT_MS = 2000; // if a request is unanswered and nothing has come for so long, a ping is sent
const WAKE_MS = 3000; // the most silence after a ping that follows a sleep: the connection is probably dead

class Liveness {
  #connection;
  #clock;
  #pending;
  #patience;
  #onDoubt;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticker;
  #tickedAt = Date.now();
  #heardAt = 0;
  /** @type {number | null} */
  #pingedAt = null;
  #silence_ms = 0; // the most silence after this ping
  #largeAt = 0; // when the oldest unanswered request was sent whose answer may be large; 0: there is none
  #pongAt = 0;
  #page = new AbortController();

  /**
   * @param {Connection} connection
   * @param {ServerClock} clock
   * @param {Patience} patience
   * @param {{ pending: () => Iterable<Request>, onDoubt: () => void }} owner its requests without an answer; what to call
   *   when the server is silent
   */
  constructor(connection, clock, patience, { pending, onDoubt }) {
    this.#connection = connection;
    this.#clock = clock;
    this.#patience = patience;
    this.#pending = pending;
    this.#onDoubt = onDoubt;
  }

  /** Watch from now on. */
  start() {
    this.#watchPage();
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Watch no more. */
  end() {
    clearInterval(this.#ticker);
    this.#page.abort();
  }

  /** A frame came. */
  heard() {
    this.#heardAt = performance.now();
  }

  /** Forget a ping: the connection that it was sent on is gone. */
  forget() {
    this.#pingedAt = null;
    this.#largeAt = 0;
  }

  /** Send a ping, unless one is unanswered. */
  ping() {
    if (this.#pingedAt === null) this.#ping();
  }

  /** @param {{ at: number, now: number }} pong */
  onPong({ at, now }) {
    const samples = this.#clock.take(at, now);
    if (at !== this.#pingedAt) return; // the answer to an older ping, of before a sleep
    this.#pongAt = performance.now();
    this.#pingedAt = null;
    if (samples < CLOCK_SAMPLES / 2) this.#ping();
  }

  #watchPage() {
    const { signal } = this.#page;
    /** @type {[EventTarget | undefined, string][]} */
    const events = [[globalThis.document, "visibilitychange"], [globalThis, "pageshow"], [globalThis, "online"]];
    for (const [target, type] of events) {
      target?.addEventListener?.(type, () => this.wake(), { signal });
    }
    // The socket would not notice for half a minute. A server that can be reached, as on this machine, is dialled again.
    globalThis.addEventListener?.("offline", () => this.#connection.socket && this.#connection.hangUp(), { signal });
  }

  /** Somebody looks at the page again, or the network is back: do not wait for timers that run already. */
  wake() {
    const connection = this.#connection;
    if (globalThis.document?.visibilityState === "hidden") return;
    if (connection.isWelcome) this.#ping(true);
    else if (connection.isWaiting) connection.dial();
    else if (connection.socket && performance.now() - connection.dialledAt > WAKE_MS) connection.hangUp(0);
  }

  #tick() {
    const apart_ms = Date.now() - this.#tickedAt;
    this.#tickedAt = Date.now();
    const now = performance.now();
    const connection = this.#connection;
    this.#lookForLarge();
    if (apart_ms > SLEPT_MS) return this.wake();
    if (apart_ms > LATE_MS) return;
    if (!connection.isWelcome) {
      if (!connection.socket || now - connection.dialledAt <= this.#patience.dial_ms) return;
      this.#patience.lostDialling();
      connection.giveUp();
    } else if (this.#pingedAt !== null) {
      if (now - Math.max(this.#pingedAt, this.#heardAt) <= this.#silence_ms) return;
      if (this.#largeAt) this.#patience.lostLarge();
      connection.giveUp();
    } else if (this.#doubts(now)) {
      this.#ping();
      this.#onDoubt();
    } else if (now - this.#pongAt > PING_MS) this.#ping();
  }

  #lookForLarge() {
    const said = [...this.#pending()].filter(({ op, saidAt }) => saidAt && LARGE.has(op)).map(({ saidAt }) => saidAt);
    if (this.#largeAt && !said.length) this.#patience.answered(this.#heardAt - this.#largeAt);
    this.#largeAt = said.length ? Math.min(...said) : 0;
  }

  /** @param {number} now */
  #doubts(now) {
    /** @param {Request} request */
    const unheard = ({ saidAt }) => Boolean(saidAt) && now - Math.max(saidAt, this.#heardAt) > DOUBT_MS;
    return [...this.#pending()].some(unheard);
  }

  #ping(hasSlept = false) {
    this.#lookForLarge();
    const behind = this.#largeAt > 0; // the pong comes after earlier answers, which alone may be large
    this.#silence_ms = hasSlept ? WAKE_MS : this.#patience.silence_ms(behind);
    this.#pingedAt = performance.now();
    this.#connection.say({ op: "ping", at: this.#pingedAt });
  }
}

/**
 * One WebSocket after another: it dials, says hello, reads frames, and dials again after random, growing waits. Its
 * owner knows what messages mean, and which rooms and requests need the connection.
 */

/** @typedef {Record<string, any> & { op: string }} Message */
/** @typedef {WebSocket & { terminate?: () => void }} Socket */

/**
 * What a connection calls when something happens, and asks its owner for.
 * @typedef {object} Owner
 * @property {() => object | Promise<object>} who the fields of `hello` that say who this is
 * @property {() => string | undefined} key which client this is, as the server has named it
 * @property {(message: any, connection: Connection) => void} onMessage
 * @property {(connection: Connection) => void} onLost it is over, and the next is about to be dialled
 * @property {(connection: Connection) => boolean} onUnreachable nobody answers there; returns whether to dial again
 * @property {(error: GameError) => void} onRefused there can be no further connection
 * @property {(connection: Connection) => Iterable<Request>} pending its requests without an answer
 * @property {(connection: Connection) => void} onDoubt the server owes an answer, and is silent
 */

const STEADY_MS = 10_000; // after a connection that lasted so long, the waits begin anew

class Connection {
  /** @type {Socket | null} */
  socket = null;
  isWelcome = false;
  dialledAt = 0;
  helloAt = 0;
  url;
  clock = new ServerClock(); // that of the server at its other end

  #owner;
  #form;
  #WebSocket;
  #liveness;
  #patience;
  #ended = false;
  welcomedAt = 0;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #redial = null;
  /** @type {((frame: any) => any) | undefined} */
  #reader;
  /** @type {any[]} */
  #inbox = [];
  /** @type {ReturnType<typeof setTimeout> | null} */
  #handing = null;

  /**
   * @param {Owner} owner
   * @param {{ url: string, WebSocket: any, form: Form, patience: Patience }} how
   */
  constructor(owner, { url, WebSocket, form, patience }) {
    this.#owner = owner;
    this.url = url;
    this.#WebSocket = WebSocket;
    this.#form = form;
    this.#patience = patience;
    const [pending, onDoubt] = [() => owner.pending(this), () => owner.onDoubt(this)];
    this.#liveness = new Liveness(this, this.clock, patience, { pending, onDoubt });
  }

  start() {
    this.#liveness.start();
    this.dial();
  }

  /** Whether it waits before it dials again. */
  get isWaiting() {
    return this.#redial !== null;
  }

  dial() {
    this.#stopWaiting();
    this.#redial = null;
    this.dialledAt = performance.now();
    /** @type {Socket} */
    let socket;
    try {
      socket = new this.#WebSocket(this.url, this.#form.subprotocol);
    } catch (error) {
      const why = /** @type {Error} */ (error).message;
      setTimeout(() => this.#cannotDial(why)); // later, since whoever makes this connection does not have it yet
      return;
    }
    this.socket = socket;
    this.#reader = this.#form.reader();
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.hello();
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onerror = () => {}; // `close` follows
    socket.onclose = ({ code, reason }) => {
      const final = FINAL.get(code);
      if (final) this.#owner.onRefused(new GameError(final, reason || `The server closed with ${code}.`));
      else this.hangUp();
    };
  }

  /** @param {string} why */
  #cannotDial(why) {
    if (this.#ended || !this.#owner.onUnreachable(this)) return;
    this.#owner.onRefused(new GameError("closed", `${this.url} cannot be dialled: ${why}`));
  }

  /** Say who this is: when the socket opens, and again, as a new guest, if the server does not know the token. */
  hello() {
    this.helloAt = performance.now();
    const who = this.#owner.who();
    if (who instanceof Promise) this.#helloLater(who);
    else this.#sayHello(who);
  }

  /**
   * Say hello once a ticket is bought.
   * @param {Promise<object>} asked
   */
  async #helloLater(asked) {
    const { socket } = this;
    try {
      const who = await asked;
      if (socket === this.socket) this.#sayHello(who);
    } catch (failed) {
      if (socket !== this.socket) return;
      const error = /** @type {GameError | undefined} */ (failed);
      if (error?.code !== "unauthenticated") return this.hangUp();
      this.#owner.onRefused(new GameError(error.code, error.message));
    }
  }

  /** @param {object} who */
  #sayHello(who) {
    this.say({ op: "hello", ...who, client: this.#owner.key(), ops: this.#form.ops });
  }

  /**
   * The server has said welcome: requests may be sent from now on.
   * @param {number} now its clock
   */
  welcomed(now) {
    this.isWelcome = true;
    this.#patience.welcomed(performance.now() - this.dialledAt);
    this.clock.restart();
    this.clock.take(this.helloAt, now);
    this.welcomedAt = performance.now();
  }

  /** Dial now instead of later; or, if there is a socket, ask whether the server is still there. */
  wake() {
    this.#liveness.wake();
  }

  /** Ask whether the server is still there, and for its time. */
  ping() {
    this.#liveness.ping();
  }

  /** @param {{ at: number, now: number }} pong */
  onPong(pong) {
    this.#liveness.onPong(pong);
  }

  /** Give up a silent server: to dial the same node again would not help. */
  giveUp() {
    this.hangUp(undefined, true);
  }

  /** End this connection, even if its socket has not closed; tell the owner, and dial again. */
  hangUp(delay_ms = fullJitter(this.#failures), isSilent = false) {
    this.#letGo();
    const { onLost, onUnreachable } = this.#owner;
    if ((isSilent || !this.welcomedAt) && !onUnreachable(this)) return;
    if (this.welcomedAt && performance.now() - this.welcomedAt >= STEADY_MS) this.#failures = 0;
    this.#failures += 1;
    this.welcomedAt = 0;
    this.#stopWaiting();
    this.#redial = setTimeout(() => this.dial(), delay_ms);
    onLost(this);
  }

  /** Dial no more; the socket stays open, so that the owner can still close it with a code. */
  end() {
    this.#ended = true;
    this.#letGo();
    this.#stopWaiting();
    this.#liveness.end();
  }

  #stopWaiting() {
    clearTimeout(this.#redial ?? undefined);
  }

  #letGo() {
    const { socket } = this;
    this.socket = null;
    this.isWelcome = false;
    this.#liveness.forget();
    this.#inbox = [];
    clearTimeout(this.#handing ?? undefined);
    this.#handing = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (this.#ended) return;
    if (socket.terminate) socket.terminate(); // npm's ws would wait half a minute for the close frame of a dead peer
    else socket.close();
  }

  /** @param {Message} message */
  say(message) {
    this.write(this.#form.encode(message));
  }

  /** @param {any} frame */
  write(frame) {
    if (this.socket?.readyState === 1) this.socket.send(frame);
  }

  /** Read on later, so that whoever awaits a room can add listeners first: npm's ws brings many frames in one go. */
  handOver() {
    this.#handing = setTimeout(() => {
      this.#handing = null;
      this.#readInbox();
    });
  }

  /** @param {any} frame */
  #receive(frame) {
    this.#liveness.heard();
    this.#inbox.push(frame);
    this.#readInbox();
  }

  #readInbox() {
    try {
      while (this.#inbox.length && this.#handing === null) this.#owner.onMessage(this.#reader?.(this.#inbox.shift()), this);
    } catch (error) {
      console.error("The server said what this protocol does not have.", error);
      this.hangUp();
    }
  }
}

/** Listeners by type: what clients and rooms have in common. */

/** @typedef {(...values: any[]) => void} Listener */

class Emitter {
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

/**
 * Where requests and rooms go when the server that was asked cannot serve them: to the node that has the room; back to
 * the first address, if that node cannot be reached; or to the same server again after a while. The caller notices only
 * that it takes longer. What fails for long is reported once, by `$error`.
 */

/** How often a request or a room was sent elsewhere, or had to wait. */
class Detour {
  hops = 0; // redirects that were followed in a row
  waits = 0;
  misses = 0; // nodes in a row that could not be reached
  matches = 0; // rooms that a match offered, and in which there was no seat
}

const HOPS = 3;
const MISSES = 8; // by then a node that died has lost its lease, and nobody is sent there any more
const MATCHES = 10;

/** Requests that may be sent again, to any node, until one answers. */
const ANYWHERE = new Set(["create", "match", "join", "resume"]);

/** Refusals by a room that a match has offered, after which it looks for another. */
const NO_ROOM = new Set(["room_full", "room_locked", "room_over", "not_found"]);

class Following {
  #client;
  #nodes;
  #requests;

  /**
   * @param {Client} client
   * @param {Nodes} nodes
   * @param {Requests} requests
   */
  constructor(client, nodes, requests) {
    this.#client = client;
    this.#nodes = nodes;
    this.#requests = requests;
  }

  /**
   * Send a request on to the node that has its room, or go on to the room that came after it.
   * @param {any} message
   * @param {Connection} from
   */
  onRedirect({ id, room, url }, from) {
    const request = this.#requests.get(id);
    if (!request) return;
    if (request.room && request.room.code !== room) {
      this.#requests.take(request.id);
      return this.#client._goOn(request.room, { reason: "next", message: null, next: room });
    }
    if (request.room) return this.#redirectRoom(request, request.room, url, from);
    const { detour } = request;
    const { fields } = request;
    if (fields.room === undefined || canonical(fields.room) !== room) {
      const { name, role, password, profile } = fields;
      this.#requests.become(request, "join", { room, name, role, password, profile });
    }
    if (detour.hops++ < HOPS) this.#requests.sendTo(request, this.#at(url, from));
    else this.#goHome(request);
  }

  /**
   * @param {Request} request
   * @param {Room} room
   * @param {string | null} url
   * @param {Connection} from
   */
  #redirectRoom(request, room, url, from) {
    this.#requests.take(request.id); // it is asked anew where the room is
    if (room._detour.hops++ < HOPS) this.#moveRoom(room, this.#at(url, from));
    else this.#bringHome(room);
  }

  /**
   * @param {string | null} url none: that of the server that sent the message
   * @param {Connection} from
   */
  #at(url, from) {
    return url ? this.#nodes.at(url) : from;
  }

  /**
   * Take a room to another connection, and ask for the seat there; its requests are sent once the seat is given back.
   * @param {Room} room
   * @param {Connection} way
   */
  #moveRoom(room, way) {
    this.carry(room, way);
    if (way.isWelcome) this.#client._resume(room);
  }

  /**
   * Look for a room that its node has let go; the seat in it is held.
   * @param {Room} room
   * @param {string | null | undefined} url where the room is; none: ask the same server again
   * @param {Connection} from
   */
  onMoved(room, url, from) {
    this.#moveRoom(room, url ? this.#nodes.at(url) : from);
    this.sweep();
    this.#client._tellStatus();
  }

  /**
   * Move a seat to another connection, on which nothing was sent for it yet.
   * @param {Room} room
   * @param {Connection} way
   */
  carry(room, way) {
    room._detach();
    if (room._way !== way) {
      this.#requests.stopResuming(room);
      room._way = way;
    }
    this.#requests.sayAgain(room);
  }

  /**
   * Whether a refused request is sent again, at once or later, instead of failing.
   * @param {Request} request
   * @param {GameError} error
   */
  saysAgain(request, error) {
    if (request.room || !ANYWHERE.has(request.op)) return false;
    const { detour } = request;
    if (error.code === "busy" && error.retry_ms !== null) {
      if (!detour.waits) this.#tell(error, request.fields.room);
      this.#requests.sayLater(request, request.way, error.retry_ms + shortJitter(detour.waits++));
      return true;
    }
    if (error.code === "draining") {
      const { way } = request;
      this.#requests.sayLater(request, way, fullJitter(detour.waits++));
      // The next connection may reach another server.
      if (![...this.#client.rooms.values()].some((room) => room._way === way)) way.hangUp();
      return true;
    }
    if (request.fields.room && request.sought && NO_ROOM.has(error.code) && detour.matches++ < MATCHES) {
      this.#requests.become(request, "match", request.sought);
      detour.hops = 0;
      this.#requests.sayLater(request, this.#nodes.home, fullJitter(detour.matches - 1));
      return true;
    }
    return false;
  }

  /**
   * A node does not answer: send its requests and rooms to the first address, which may know a better one.
   * @param {Connection} connection
   */
  onUnreachable(connection) {
    const why = `The node at ${connection.url} cannot be reached from here.`;
    for (const room of this.#client.rooms.values()) {
      if (room._way !== connection) continue;
      if (++room._detour.misses === MISSES) this.#tell(new GameError("unreachable", why), room.code);
      this.#bringHome(room);
    }
    for (const request of this.#requests.of(connection)) {
      if (++request.detour.misses >= MISSES) this.#requests.fail(request, new GameError("unreachable", why, null, request.fields.room ?? null));
      else this.#goHome(request);
    }
    this.#nodes.drop(connection);
  }

  /** Close the connections to nodes that no room and no request needs. */
  sweep() {
    if (!this.#nodes.others) return;
    const used = new Set([...this.#client.rooms.values()].map((room) => room._way));
    for (const connection of this.#nodes.all) {
      if (!used.has(connection) && !this.#requests.of(connection).length) this.#nodes.drop(connection);
    }
  }

  /** @param {Request} request */
  #goHome(request) {
    const { detour } = request;
    detour.hops = 0;
    this.#requests.sayLater(request, this.#nodes.home, shortJitter(Math.max(detour.misses, ++detour.waits)));
  }

  /** @param {Room} room */
  #bringHome(room) {
    const { home } = this.#nodes;
    room._detour.hops = 0;
    this.carry(room, home);
    room._retry = setTimeout(() => home.isWelcome && this.#client._resume(room), shortJitter(room._failures++));
  }

  /**
   * @param {GameError} error
   * @param {string | null | undefined} room
   */
  #tell(error, room) {
    this.#client._emit("$error", new GameError(error.code, error.message, null, error.room ?? room ?? null, error.retry_ms));
  }
}

/** Documents: JSON trees that are changed in place, by patches, or by merging a whole new document. */

const SET = 0;
const DELETE = 1;
const SPLICE = 2;
const KEY = 3; // `packed.js` turns these two into the others
const COLUMNS = 4;

/**
 * Apply one op of a patch in place; throws if the patch was made for another tree.
 * @param {any} doc
 * @param {any[]} op
 */
function applyOp(doc, [kind, path, ...rest]) {
  if (kind === SPLICE) {
    const [index, count, items] = rest;
    const list = follow(doc, path);
    if (!Array.isArray(list)) throw new RangeError("only a list is spliced");
    const tail = list.splice(index).slice(count);
    for (const item of items) list.push(item);
    for (const item of tail) list.push(item);
    return;
  }
  const parent = follow(doc, path.slice(0, -1));
  const key = path.at(-1);
  if (kind === SET && (!Array.isArray(parent) || Object.hasOwn(parent, key))) put(parent, key, rest[0]);
  else if (kind === DELETE && !Array.isArray(parent) && Object.hasOwn(parent, key)) delete parent[key];
  else throw new RangeError(`no such op, or nothing at ${path}`);
}

/**
 * Own keys only: a player may be called `__proto__`.
 * @param {any} value
 * @param {Path} path
 */
function follow(value, path) {
  for (const key of path) {
    if (!Object.hasOwn(value, key)) throw new RangeError(`there is no ${key}`);
    value = value[key];
  }
  return value;
}

/**
 * @param {any} target
 * @param {string | number} key
 * @param {any} value
 */
function put(target, key, value) {
  if (key !== "__proto__") target[key] = value;
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * Make `known` equal to `told`, in place where possible; adds to `paths` the places where they differed.
 * @param {any} known
 * @param {any} told
 * @param {Path} path
 * @param {Path[]} paths
 * @returns {any}
 */
function merge(known, told, path = [], paths = []) {
  if (isDict(known) && isDict(told)) {
    for (const key of Object.keys(known)) {
      if (Object.hasOwn(told, key)) continue;
      delete known[key];
      paths.push([...path, key]);
    }
    for (const [key, value] of Object.entries(told)) {
      if (Object.hasOwn(known, key)) put(known, key, merge(known[key], value, [...path, key], paths));
      else {
        put(known, key, value);
        paths.push([...path, key]);
      }
    }
    return known;
  }
  if (Array.isArray(known) && Array.isArray(told)) {
    if (known.length !== told.length) paths.push(path);
    known.length = Math.min(known.length, told.length);
    told.forEach((value, i) => (known[i] = i < known.length ? merge(known[i], value, [...path, i], paths) : value));
    return known;
  }
  if (Object.is(known, told) || sameBytes(known, told)) return known;
  paths.push(path);
  return told;
}

/** @param {any} value */
function isDict(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/**
 * @param {any} a
 * @param {any} b
 */
function sameBytes(a, b) {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return false;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * What a room knows of turns, and of the moves that its seat has; and what a player does with them. `Room` inherits
 * from this. Turns come with `info`, moves as messages of their own.
 */

const FIELD = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

class TurnTaking extends Emitter {
  /** @type {Api.Info} */
  info = /** @type {any} */ ({});
  /** @type {Map<string, Api.Seat>} */
  seats = new Map();
  /** @type {Api.Room["seat"]} */
  seat;
  /** @type {Api.Move[]} */
  moves = [];
  moreMoves = false;
  mayUndo = false;
  /** @type {Api.Room["translate"]} */
  translate = (text) => text;

  _client;
  /** @type {Api.Prompt | null} for this seat alone */
  #whisper = null;
  #shownTurn = "null";

  /**
   * @param {Client} client
   * @param {Api.Room["seat"]} seat
   */
  constructor(client, seat) {
    super();
    this._client = client;
    this.seat = seat;
  }

  get turn() {
    return this.info.turn ?? null;
  }

  get isActive() {
    return Boolean(this.turn?.active.includes(this.seat.id));
  }

  get prompt() {
    const prompt = this.#whisper ?? this.turn?.prompt;
    if (!prompt) return null;
    const text = this.#whisper || this.isActive ? prompt.text : prompt.others;
    const shown = Object.entries(prompt.args).map(([field, value]) => [field, this.name(value)]);
    return text === null ? null : filled(this.translate(text), Object.fromEntries(shown));
  }

  /** @type {Api.Room["label"]} */
  label(move, choices = {}) {
    const { type, label, seats } = move;
    const known = Object.entries({ ...move.data, ...choices });
    // A text that looks like the id of a seat is one only if its field is in `seats`.
    const shown = known.map(([field, value]) => [field, seats.includes(field) ? this.name(value) : plainly(value, this.translate)]);
    if (label !== null) return filled(this.translate(label), Object.fromEntries(shown));
    return [this.translate(titled(type)), ...shown.map(([, text]) => text)].join(" ");
  }

  /** @type {Api.Room["name"]} */
  name(value) {
    if (Array.isArray(value)) return value.map((item) => this.name(item)).join(", ");
    if (typeof value === "string") return this.seats.get(value)?.name ?? this.#groupName(value) ?? (this.#isName(value) ? value : this.translate(value));
    return plainly(value, this.translate);
  }

  /** @type {Api.Room["play"]} */
  play(move, choices = {}) {
    const data = { ...move.data };
    for (const [field, value] of Object.entries(choices)) data[field] = idOf(value);
    const asked = { type: move.type, data, turn: this.turn?.number };
    return this._client._ask("send", this._room, asked);
  }

  /** @type {Api.Room["undo"]} */
  undo() {
    return this._client._ask("undo", this._room);
  }

  /** @type {Api.Room["ready"]} */
  ready(on = true) {
    return this._client._ask("ready", this._room, { on });
  }

  /** @type {Api.Room["bot"]} */
  bot({ level, name, seat } = {}) {
    return this._client._ask("bot", this._room, { level, name, seat: idOf(seat) });
  }

  /** @returns {Room} */
  get _room() {
    return /** @type {any} */ (this);
  }

  /** @param {string} text */
  #isName(text) {
    return [...this.seats.values()].some(({ name }) => name === text);
  }

  /** @param {string} key */
  #groupName(key) {
    const [, name] = /^group:(.*)$/s.exec(key) ?? [];
    if (name === undefined) return null;
    return this.info.teams?.find((team) => team.name === name)?.title ?? name;
  }

  /**
   * Take the newest moves; none, if there is no message of any. `_tellMoves` tells listeners.
   * @param {any} told
   */
  _takeMoves(told) {
    const { moves, more, prompt, undo } = told ?? {};
    this.moves = moves ?? [];
    this.moreMoves = more ?? false;
    this.mayUndo = undo ?? false;
    this.#whisper = prompt ?? null;
  }

  _tellMoves() {
    this._emit("$moves", this.moves);
  }

  /** @param {Api.Info} info */
  _takeInfo(info) {
    this.info = merge(this.info, info);
  }

  /** Tell listeners that `info` may have changed, and, if it has, that the turn has. */
  _tellInfo() {
    this._emit("$info", this.info);
    const shown = JSON.stringify(this.turn);
    if (shown === this.#shownTurn) return;
    this.#shownTurn = shown;
    this._emit("$turn", this.turn);
  }
}

/**
 * A value that is no seat, as a text for people.
 * @param {any} value
 * @param {(text: string) => string} translate
 * @returns {string}
 */
function plainly(value, translate) {
  if (Array.isArray(value)) return value.map((item) => plainly(item, translate)).join(", ");
  if (typeof value === "boolean") return translate(value ? "yes" : "no");
  if (typeof value === "string") return translate(value);
  if (value === null || typeof value !== "object") return String(value);
  return "id" in value && "name" in value ? String(value.name) : JSON.stringify(value);
}

/**
 * @param {string} text
 * @param {Record<string, string>} known
 */
function filled(text, known) {
  return text.replace(FIELD, (place, field) => (Object.hasOwn(known, field) ? known[field] : place));
}

/** @param {any} value */
function idOf(value) {
  return value?.id !== undefined && value.name !== undefined ? value.id : value;
}

/** @param {string} type */
function titled(type) {
  const text = type.replaceAll("_", " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What the host of a room may do. */

class Hosting extends TurnTaking {
  /**
   * Begin the game, as the host.
   * @returns {Promise<any>}
   */
  start() {
    return this._client._ask("start", this._room);
  }

  /**
   * Do what a host may besides starting.
   * @type {Api.Room["asHost"]}
   */
  asHost(act, seat) {
    return this._client._ask("host", this._room, { act, seat });
  }

  /**
   * Give the room other options, between two rounds.
   * @type {Api.Room["setOptions"]}
   */
  setOptions(options) {
    return this._client._ask("options", this._room, { options });
  }

  /**
   * Go on with everybody in a new room.
   * @type {Api.Room["nextGame"]}
   */
  async nextGame(game, options) {
    await this._client._ask("next", this._room, { game, options });
    const next = await this._room._following;
    if (!next) throw new GameError("not_found", "There is no next room.");
    return next;
  }
}

/** A room as this seat knows it: documents, seats, timers and chat, kept as the server has them, message by message. */

/** @typedef {Omit<Api.Timer, "left">} ToldTimer */

class Room extends Hosting {
  /** @type {Record<string, Api.Doc>} */
  groups = Object.create(null);
  /** @type {Record<string, Api.Doc>} */
  roles = Object.create(null);
  /** @type {Map<string, Api.Timer>} */
  timers = new Map();
  /** @type {Api.Left | null} */
  left = null;
  /** @type {Room | null} */
  next = null;

  // Set by the client, and by `_join`. Attached: requests may be sent. Deaf: `joined` is awaited, and nothing counts
  // before it. Broken: the documents differ from the server's, and only whole ones help.
  _attached = false;
  _deaf = false;
  _broken = false;
  _failures = 0;
  /** @type {Promise<Room> | null} the next room, once all are on the way there */
  _following = null;
  _detour = new Detour();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  _retry = undefined;
  /** @type {Map<string, Api.Doc>} */
  #docs = new Map();
  /** @type {Map<string, Api.Timer>} */
  #timers = new Map();
  /** @type {string | undefined} */
  #epoch;
  /** @type {Map<string, number>} */
  #counts = new Map();
  /** @type {Set<string>} */
  #public = new Set();
  #isToldPublic = false;

  /**
   * @param {Client} client
   * @param {any} joined
   * @param {Connection} way to the node that has the room
   */
  constructor(client, { room, game, seat: { resume, ...seat } }, way) {
    super(client, seat);
    this._way = way;
    /** @type {string} */
    this.code = room;
    /** @type {string} */
    this.game = game;
    /** @type {string} */
    this._secret = resume;
    this.chat = new Chat(client, this);
  }

  /** The document that everybody in the room sees. */
  get state() {
    return this.#docs.get("room");
  }

  /** The document that only this seat sees. */
  get mine() {
    return this.#docs.get("seat");
  }

  /** @returns {Api.Seat | undefined} */
  get me() {
    return this.seats.get(this.seat.id);
  }

  get host() {
    return [...this.seats.values()].find((seat) => seat.host);
  }

  get mayHost() {
    return Boolean(this.me?.host || this.seat.hosts);
  }

  /**
   * The teams with the seats in each, in the game's order; empty if the game has none.
   * @returns {Api.Team[]}
   */
  get teams() {
    const seats = [...this.seats.values()];
    const { teams = [] } = /** @type {{ teams?: Omit<Api.Team, "seats" | "open">[] }} */ (this.info);
    return teams.map((team) => ({ open: false, ...team, seats: seats.filter(({ groups }) => groups.includes(team.name)) }));
  }

  /**
   * Go into a team, if the game lets players choose; the host may also put another seat (its id) into one.
   * @type {Api.Room["joinTeam"]}
   */
  joinTeam(team, seat) {
    return this._client._ask("team", this, { team, seat });
  }

  now() {
    return this._way.clock.now();
  }

  /**
   * Send a message of the game's own; resolves with the game's reply, applied exactly once.
   * @param {string} type
   * @param {unknown} [data]
   * @returns {Promise<any>}
   */
  send(type, data) {
    return this._client._ask("send", this, { type, data });
  }

  /**
   * Send without an id: no reply, sent once or not at all. Refusals come as the client's `$error`.
   * @type {Api.Room["tell"]}
   */
  tell(type, data) {
    this._client._tell("send", this, { type, data });
  }

  /**
   * Give up the seat, for all its tabs.
   * @type {Api.Room["leave"]}
   */
  leave() {
    return this._client._ask("leave", this);
  }

  // What the client tells it

  get _seen() {
    return { epoch: this.#epoch, ...Object.fromEntries(this.#counts) };
  }

  _detach() {
    clearTimeout(this._retry);
    this._attached = this._deaf = false;
  }

  /**
   * The seat was given, or given back. If `recovered`, what was missed follows; else everything is in `joined`.
   * @param {any} joined
   */
  _join({ recovered, seat: { resume, ...seat }, seen: { epoch, ...counts }, info, docs, seats, timers, moves, ...said }) {
    /** @type {Api.Change[]} */
    const news = [];
    this.seat = seat;
    this._secret = resume;
    this.#epoch = epoch;
    this.#counts = new Map(Object.entries(/** @type {Record<string, number>} */ (counts)));
    if (!recovered) {
      for (const stream of [...this.#docs.keys()]) if (!Object.hasOwn(docs, stream)) news.push(this.#setDoc(stream, null));
      for (const id of this.seats.keys()) if (!seats.some((/** @type {Api.Seat} */ told) => told.id === id)) this.seats.delete(id);
      this.#public.clear();
      this.#timers.clear();
    }
    for (const [stream, doc] of Object.entries(docs)) news.push(this.#setDoc(stream, doc));
    for (const told of seats) this.#mergeSeat("seat", told);
    for (const timer of timers) this.#setTimer(timer);
    this.#showTimers();
    this._takeInfo(info);
    this.#takePublic();
    this._takeMoves(moves);
    const lines = this.chat._join({ recovered, ...said });
    this._attached = true;
    this._deaf = this._broken = false;
    this._failures = 0;
    this._detour = new Detour();
    for (const change of news) if (change.paths.length) this._emit("$change", change);
    this._emit("$seats", seats);
    this._tellInfo();
    this._tellMoves();
    this._emit("$timers", this.timers);
    this._emit("$channels", this.chat.channels);
    for (const line of lines) this._emit("$chat", line);
    this._emit("$joined", { recovered });
  }

  /**
   * Take a message of one of this room's streams; an unknown one is only counted, as `skip` is.
   * @param {any} message
   */
  _hear(message) {
    const { op, stream, n } = message;
    if (n === undefined || n === null) {
      if (op === "event") this.#onEvent(message);
      else if (op === "typing") this._emit("$typing", this.chat._typing(message));
      else if (op === "read") this._emit("$read", this.chat._read(message));
      else if (op === "moves") this.#onMoves(message);
    } else if (!this._deaf && this.#counted(op, stream, n)) {
      if (op === "event") this.#onEvent(message);
      else if (op === "patch") this.#onPatch(message);
      else if (op === "doc") this.#onDoc(message);
      else if (op === "seats") this.#onSeats(message);
      else if (op === "room") this.#onInfo(message);
      else if (op === "timer") this.#onTimer(message);
      else if (op === "chat") for (const line of this.chat._say([message])) this._emit("$chat", line);
      else if (op === "edited") this.#onEdited(message);
      else if (op === "channels") this.#onChannels(message.channels);
    }
  }

  /**
   * Whether this is the stream's next message; if one is missing, asks for all that is missing.
   * @param {string} op
   * @param {string} stream
   * @param {number} n
   */
  #counted(op, stream, n) {
    if (op === "doc") return true; // it sets the counter itself
    const known = this.#counts.get(stream);
    if (known === undefined && (op === "seats" || op === "room")) return true; // sent before the stream's first document
    if (known !== undefined && n <= known) return false;
    if (known === undefined || n !== known + 1) {
      this._client._resume(this);
      return false;
    }
    this.#counts.set(stream, n);
    return true;
  }

  /** @param {any} message */
  #onInfo({ info }) {
    this._takeInfo(info);
    this.#takePublic();
    this._tellInfo();
  }

  /** Note which groups are public. A server of an older release does not say; there they are those named on `room`. */
  #takePublic() {
    const { groups = [] } = this.info;
    if (!groups.length && !this.#isToldPublic) return;
    this.#isToldPublic = true;
    this.#public = new Set(groups);
  }

  /** @param {any} message */
  #onMoves(message) {
    if (this._deaf) return; // those in `joined` will be newer
    this._takeMoves(message);
    this._tellMoves();
  }

  /** @param {any} message */
  #onEvent({ stream, n, type, data }) {
    const event = { type, data, stream, n: n ?? null };
    if (type !== "*" && !type.startsWith("$")) this._emit(type, data, event); // those names are this client's own
    this._emit("*", data, event);
  }

  /** @param {any} message */
  #onPatch({ stream, ops }) {
    const doc = this.#docs.get(stream);
    try {
      for (const op of ops) applyOp(doc, op);
    } catch {
      this._broken = true;
      return this._client._resume(this);
    }
    this._emit("$change", { stream, doc, paths: ops.map((/** @type {any[]} */ [, path]) => path) });
  }

  /** @param {any} message */
  #onDoc({ stream, n, doc, chat, channels }) {
    const change = this.#setDoc(stream, doc);
    if (doc === null) this.#forgetStream(stream);
    else this.#counts.set(stream, n);
    if (doc !== null && channels?.length) this.chat._open(channels);
    const lines = doc === null ? [] : this.chat._say(chat ?? []);
    if (change.paths.length) this._emit("$change", change);
    if (doc === null) {
      this._emit("$seats", [...this.seats.values()]);
      this._emit("$timers", this.timers);
    }
    if (doc === null || channels?.length) this._emit("$channels", this.chat.channels);
    for (const line of lines) this._emit("$chat", line);
  }

  /** @param {any} message */
  #onEdited(message) {
    const line = this.chat._edit(message);
    if (line) this._emit("$edited", line);
  }

  /** @param {ToldChannel[]} channels */
  #onChannels(channels) {
    this.chat._open(channels);
    this._emit("$channels", this.chat.channels);
  }

  /**
   * Take a whole document, or none any more (null); a known one is changed in place.
   * @param {string} stream
   * @param {any} doc
   * @returns {Api.Change}
   */
  #setDoc(stream, doc) {
    const known = this.#docs.get(stream);
    /** @type {Api.Path[]} */
    const paths = [];
    if (known && doc) merge(known, doc, [], paths);
    else if (known || doc) paths.push([]);
    const now = doc && (known ?? doc);
    if (now) this.#docs.set(stream, now);
    else this.#docs.delete(stream);
    const [, kind, name] = /^(group|role):(.*)$/s.exec(stream) ?? [];
    const docs = kind === "group" ? this.groups : kind === "role" ? this.roles : undefined;
    if (docs && now) docs[name] = now;
    else if (docs) delete docs[name];
    return { stream, doc: now, paths: this._broken ? [[]] : paths };
  }

  /**
   * This seat is in a group no longer: forget what is known of it.
   * @param {string} stream
   */
  #forgetStream(stream) {
    this.#counts.delete(stream);
    this.chat._forget(stream);
    for (const [key, timer] of [...this.#timers]) if (timer.stream === stream) this.#timers.delete(key);
    this.#showTimers();
    const name = stream.replace(/^group:/, "");
    if (this.#public.has(name)) return;
    for (const seat of this.seats.values()) seat.groups = seat.groups.filter((group) => group !== name);
  }

  /** @param {{ stream: string, seats: Api.Seat[] }} message */
  #onSeats({ stream, seats }) {
    for (const seat of seats) this.#mergeSeat(stream, seat);
    this._emit("$seats", seats);
  }

  /**
   * Take a seat as one stream has it, with the groups that the stream's audience may know: on `room` the public ones,
   * on `group:NAME` that one too, on `seat` and in `joined` all that this client may know. Its other groups stay.
   * @param {string} stream
   * @param {Api.Seat} told
   */
  #mergeSeat(stream, told) {
    if (told.gone) return void this.seats.delete(told.id);
    const before = this.seats.get(told.id);
    const known = before?.groups ?? [];
    let groups = told.groups;
    if (stream === "room") {
      for (const name of groups) this.#public.add(name);
      groups = [...groups, ...known.filter((name) => this.#isPrivate(name))];
    } else if (stream !== "seat") {
      const name = stream.replace(/^group:/, "");
      groups = [...known.filter((other) => other !== name), ...groups.filter((group) => group === name)];
    }
    this.seats.set(told.id, Object.assign(before ?? {}, told, { account: told.account ?? false, groups: [...new Set(groups)].sort() }));
  }

  /**
   * Whether a group is known only to its members: it was never named on `room`.
   * @param {string} name
   */
  #isPrivate(name) {
    return !this.#public.has(name) && this.me?.groups.includes(name);
  }

  /** @param {ToldTimer} timer */
  #onTimer(timer) {
    this.#setTimer(timer);
    this.#showTimers();
    this._emit("$timers", this.timers);
  }

  /** @param {ToldTimer} timer */
  #setTimer({ stream, name, ends, paused_ms }) {
    const key = `${stream} ${name}`;
    if (ends === null && paused_ms === null) return void this.#timers.delete(key);
    const left = () => paused_ms ?? Math.max(0, /** @type {number} */ (ends) - this.now());
    this.#timers.set(key, { stream, name, ends, paused_ms, left });
  }

  /** Fill `timers`, by name; if two streams have a timer of one name, this seat's own counts. */
  #showTimers() {
    this.timers.clear();
    const own = (/** @type {Api.Timer} */ { stream }) => Number(stream === "seat");
    for (const timer of [...this.#timers.values()].sort((a, b) => own(a) - own(b))) this.timers.set(timer.name, timer);
  }
}

/** The rooms in which a client holds seats: how it gets a seat, gets it back after a loss, and loses it. */

class HeldRooms {
  /** @type {Map<string, Room>} */
  rooms = new Map();
  #client;
  #memory;
  #requests;
  #following;

  /**
   * @param {Client} client
   * @param {Memory} memory
   * @param {Requests} requests
   * @param {Following} following
   */
  constructor(client, memory, requests, following) {
    this.#client = client;
    this.#memory = memory;
    this.#requests = requests;
    this.#following = following;
  }

  /**
   * The rooms whose seats are on this connection.
   * @param {Connection} way
   */
  on(way) {
    return [...this.rooms.values()].filter((room) => room._way === way);
  }

  /**
   * Go back to a seat whose secret is in storage.
   * @param {string} code
   * @param {string} [role]
   * @returns {Promise<Room>}
   */
  async remember(code, role) {
    const room = canonical(code);
    const held = this.rooms.get(room);
    if (held && (!role || role === held.seat.role)) return held;
    const seats = this.#memory.seats(this.#client.user?.id);
    const seat = seats.find((kept) => kept.code === room && (!role || role === kept.role));
    if (!seat) throw new GameError("not_found", `No seat in ${room} is remembered here.`);
    try {
      const there = await this.#client._ask("resume", null, { room, resume: seat.secret, role: seat.role });
      if (there.code !== room) this.#memory.forget(seat.code, seat.role); // all have gone on
      return there;
    } catch (error) {
      if (/** @type {GameError} */ (error).code === "not_found") this.#memory.forget(seat.code, seat.role);
      throw error;
    }
  }

  /**
   * Ask for what this room has missed, or for the whole room; nothing more of it counts until `joined`.
   * @param {Room} room
   */
  resume(room) {
    room._deaf = true;
    clearTimeout(room._retry);
    // One at a time: what a second answer replays would be applied twice.
    if (this.#requests.all().some((request) => request.room === room && request.op === "resume")) return;
    const seen = room._broken ? undefined : room._seen;
    const asked = this.#client._ask("resume", room, { resume: room._secret, seen });
    asked.catch((error) => this.#notResumed(room, error));
  }

  /**
   * @param {Room} room
   * @param {GameError} error
   */
  #notResumed(room, error) {
    const client = this.#client;
    if (client.error || room.left) return;
    if (PASSING.has(error.code)) {
      const again = () => room._way.isWelcome && this.resume(room);
      if (!room._detour.waits++) client._emit("$error", new GameError(error.code, error.message, null, room.code, error.retry_ms));
      const spread_ms = error.code === "busy" ? fullJitter(0) : 0; // so that not all who are told the same come at once
      const jitter = error.retry_ms === null ? fullJitter : shortJitter;
      room._retry = setTimeout(again, Math.max((error.retry_ms ?? 0) + spread_ms, jitter(room._failures++)));
    } else {
      this.leave(room, { reason: error.code, message: error.message });
    }
  }

  /**
   * Forget a room in which the seat is gone for good.
   * @param {Room} room
   * @param {Api.Left} left
   */
  leave(room, left) {
    if (room.left) return;
    if (this.rooms.get(room.code) === room) this.rooms.delete(room.code);
    this.#memory.forget(room.code, room.seat.role);
    room._detach();
    room.left = left;
    this.#requests.settleUnsaid(room);
    this.#following.sweep();
    this.#client._tellStatus();
    room._emit("$left", left);
  }

  /**
   * All who were in a room go on in another: take a seat there with the same role.
   * @param {Room} room
   * @param {Api.Left & { next: string }} left
   */
  goOn(room, left) {
    if (room.left) return;
    const there = this.#client._ask("join", null, { room: left.next, role: room.seat.role });
    room._following = there;
    there.then(
      (next) => {
        room.next = next;
        room._emit("$next", next, null);
      },
      (error) => room._emit("$next", null, error),
    );
    this.leave(room, left);
  }

  /**
   * @param {any} joined
   * @param {Connection} from
   */
  onJoined(joined, from) {
    const request = this.#requests.take(joined.id);
    let room = this.rooms.get(joined.room);
    if (!room && !request) return;
    if (room && room._way !== from) this.#following.carry(room, from); // the seat is on this connection now
    else if (room && joined.recovered && !room._deaf) {
      room._broken = true; // a `join` was answered in between: this replay is too old
      return this.resume(room);
    }
    if (!room) this.rooms.set(joined.room, (room = new Room(this.#client, joined, from)));
    this.#requests.skipTo(joined.last_id);
    const { code, game } = room;
    this.#memory.remember({ code, game, role: joined.seat.role, user: this.#client.user.id, secret: joined.seat.resume });
    room._join(joined);
    this.#requests.sayWaiting(room, from);
    this.#following.sweep();
    this.#client._tellStatus();
    if (!request) return;
    request.resolve(room);
    if (!request.room) from.handOver();
  }

  /**
   * @param {any} message
   * @param {Connection} from
   */
  onLeft({ room: code, reason, message, next, url }, from) {
    const room = this.rooms.get(code);
    if (room?._way !== from) return;
    if (reason === "moved") this.#following.onMoved(room, url, from);
    else if (next) this.goOn(room, { reason, message: message ?? null, next });
    else this.leave(room, { reason, message: message ?? null });
  }

  /**
   * Give a message to its room, unless it is from a node that had the room earlier.
   * @param {any} message
   * @param {Connection} from
   */
  hear(message, from) {
    const room = this.rooms.get(message.room);
    if (room?._way === from) room._hear(message);
  }
}

/** Messages as JSON. Bytes are `{"$bytes": base64}`; real keys that start with `$` are doubled. */

/**
 * How messages are written.
 * @typedef {object} Form
 * @property {string} subprotocol
 * @property {number | undefined} ops the last patch op that `reader` knows, where the server asks for it
 * @property {(message: { op: string, [field: string]: any }) => any} encode a message as a frame; throws `bad_data`
 * @property {(frame: any) => number} size of a frame in bytes
 * @property {() => (frame: any) => any} reader makes messages of one connection's frames
 */

/** @type {Form} */
const JSON_FORM = {
  subprotocol: "gameserver.v1.json",
  ops: undefined,
  encode: (message) => JSON.stringify(wrapped(message, "$")),
  size: (frame) => new TextEncoder().encode(frame).length,
  reader: () => decode,
};

/**
 * A value as the wire has it; throws for what JSON cannot hold. JSON.stringify would make null of NaN, and the server
 * could not tell which request holds half a surrogate pair.
 * @param {any} value
 * @param {string} path
 * @returns {any}
 */
function wrapped(value, path) {
  if (typeof value?.toJSON === "function") value = value.toJSON();
  if (value instanceof ArrayBuffer) value = new Uint8Array(value);
  if (value instanceof Uint8Array) return { $bytes: btoa(Array.from(value, (b) => String.fromCharCode(b)).join("")) };
  if (Array.isArray(value)) return value.map((item, i) => wrapped(item, `${path}[${i}]`));
  if (typeof value === "object" && value !== null) {
    const entry = (/** @type {[string, any]} */ [key, item]) => [key.startsWith("$") ? `$${key}` : key, wrapped(item, `${path}.${key}`)];
    return Object.fromEntries(Object.entries(value).map(entry));
  }
  checkFits(value, path);
  return value;
}

/**
 * @param {any} value
 * @param {string} path
 */
function checkFits(value, path) {
  const unfit =
    (typeof value === "number" && !Number.isFinite(value)) ||
    (typeof value === "string" && value.isWellFormed?.() === false) ||
    ["bigint", "function", "symbol"].includes(typeof value);
  if (unfit) throw new GameError("bad_data", `JSON cannot hold ${String(value)}.`, path);
}

/** @param {string} frame */
function decode(frame) {
  const message = JSON.parse(frame);
  return frame.includes('"$') ? unwrapped(message) : message;
}

/**
 * @param {any} value
 * @returns {any}
 */
function unwrapped(value) {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$bytes === "string") return Uint8Array.from(atob(value.$bytes), (char) => char.charCodeAt(0));
  const entry = (/** @type {[string, any]} */ [key, item]) => [key.startsWith("$$") ? key.slice(1) : key, unwrapped(item)];
  return Object.fromEntries(Object.entries(value).map(entry));
}

/** The connections of one client: to the address it was given, and to each node that has a room for it. */

/**
 * The URL of a node's WebSocket. The server writes the node's own (`https://games.example/n/a`), its WebSocket's, or
 * one relative to `home`, which this client was given.
 * @param {string} url
 * @param {string} home
 */
function nodeUrl(url, home) {
  const whole = new URL(url, home);
  if (whole.protocol.startsWith("http")) {
    whole.protocol = whole.protocol.replace("http", "ws");
    if (!whole.pathname.endsWith("/ws")) whole.pathname = `${whole.pathname.replace(/\/$/, "")}/ws`;
  }
  return whole.href;
}

class Nodes {
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

/** Messages as arrays: the number of each, and the names of its fields in order, as in the server's table. */

/** @typedef {{ number: number, op: string, names: string[] }} MessageArray */

const ARRAYS = /** @type {[number, string, string][]} */ ([
  [1, "hello", "token ticket guest client ops"],
  [2, "create", "id game options private password name role profile"],
  [3, "join", "id room name role password profile game match"],
  [4, "resume", "id room resume seen"],
  [5, "send", "id type data room turn"],
  [6, "chat", "id text to data room"],
  [7, "start", "id room"],
  [8, "leave", "id room"],
  [9, "ping", "at"],
  [10, "typing", "to on room id"],
  [11, "read", "id to upto room"],
  [12, "edit", "id stream line text data room"],
  [13, "unsay", "id stream line room"],
  [14, "report", "id stream line seat reason room"],
  [15, "block", "id user seat on room"],
  [16, "team", "id team seat room"],
  [17, "listen", "id to on seen"],
  [18, "host", "id room act seat"],
  [19, "undo", "id room"],
  [20, "ready", "id on room"],
  [21, "welcome", "user token client now limits"],
  [22, "joined", "id room game seat recovered last_id info docs seats timers chat seen keys channels read moves"],
  [23, "ok", "id data room"],
  [24, "error", "id code message path room retry_ms"],
  [25, "event", "room stream n type data"],
  [26, "patch", "room stream n ops"],
  [27, "doc", "room stream n doc chat keys channels"],
  [28, "seats", "room stream n seats"],
  [29, "room", "room stream n info"],
  [30, "timer", "room stream n name ends paused_ms"],
  [31, "chat", "room stream n from to text data at emote mentions edited"],
  [32, "skip", "room stream n"],
  [33, "left", "room reason message next url"],
  [34, "redirect", "id room url"],
  [35, "pong", "at now"],
  [36, "edited", "room stream n line text data at mentions"],
  [37, "typing", "room stream seat to on"],
  [38, "read", "room to upto"],
  [39, "channels", "room stream n channels"],
  [40, "post", "to line from text data at"],
  [41, "bot", "id room level name seat"],
  [42, "moves", "room moves more prompt undo"],
  [43, "options", "id room options"],
  [44, "next", "id room game options"],
  [45, "user", "user"],
]).map(([number, op, names]) => ({ number, op, names: names.split(" ") }));

/** @param {MessageArray} array */
const isClients = ({ number }) => number <= 20 || [41, 43, 44].includes(number);

/** The messages of clients, by op. */
const SAID = new Map(ARRAYS.filter(isClients).map((array) => [array.op, array]));

/** The messages of servers, by number. */
const HEARD = new Map(ARRAYS.filter((array) => !isClients(array)).map((array) => [array.number, array]));

/**
 * MessagePack: the values of JSON, and bytes.
 *
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */

class Packer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  bytes() {
    return this.#bytes.slice(0, this.#at);
  }

  /**
   * Make room for so many more bytes; returns where they begin.
   * @param {number} count
   */
  #take(count) {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#at);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  /** @param {number} byte */
  #byte(byte) {
    this.#bytes[this.#take(1)] = byte;
  }

  /**
   * Write the head of a value that has a length: one byte if that is below `small`, else the first of three that holds
   * it.
   * @param {number} length
   * @param {number} fixed
   * @param {number} small
   * @param {[number | null, number, number]} heads
   */
  head(length, fixed, small, [one, two, four]) {
    if (length < small) this.#byte(fixed | length);
    else if (one !== null && length < 0x100) {
      this.#byte(one);
      this.#byte(length);
    } else if (length < 0x10000) {
      this.#byte(two);
      this.#view.setUint16(this.#take(2), length);
    } else {
      this.#byte(four);
      this.#view.setUint32(this.#take(4), length);
    }
  }

  /** @param {number} value */
  number(value) {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#integer(value);
    else if (Math.fround(value) === value) {
      this.#byte(0xca);
      this.#view.setFloat32(this.#take(4), value);
    } else {
      this.#byte(0xcb);
      this.#view.setFloat64(this.#take(8), value);
    }
  }

  /** @param {number} value */
  #integer(value) {
    if (value >= -32 && value < 128) this.#byte(value & 0xff);
    else if (value >= 2 ** 32) this.#long(0xcf, value);
    else if (value >= 0) this.head(value, 0, 0, [0xcc, 0xcd, 0xce]);
    else if (value >= -128) this.#view.setInt16(this.#take(2), 0xd000 | (value & 0xff));
    else if (value >= -32768) {
      this.#byte(0xd1);
      this.#view.setInt16(this.#take(2), value);
    } else if (value >= -2147483648) {
      this.#byte(0xd2);
      this.#view.setInt32(this.#take(4), value);
    } else this.#long(0xd3, value);
  }

  /**
   * @param {number} head
   * @param {number} value
   */
  #long(head, value) {
    this.#byte(head);
    this.#view.setBigInt64(this.#take(8), BigInt(value));
  }

  /**
   * Write a value as JSON would have it, and bytes as they are.
   * @param {any} value
   * @param {string} path where it stands, for the error
   */
  value(value, path) {
    if (typeof value?.toJSON === "function") value = value.toJSON();
    if (value instanceof ArrayBuffer) value = new Uint8Array(value);
    checkFits(value, path);
    if (value === null || value === undefined) this.#byte(0xc0);
    else if (typeof value === "boolean") this.#byte(value ? 0xc3 : 0xc2);
    else if (typeof value === "number") this.number(value);
    else if (typeof value === "string") this.#text(value);
    else if (value instanceof Uint8Array) {
      this.head(value.length, 0, 0, [0xc4, 0xc5, 0xc6]);
      const at = this.#take(value.length);
      this.#bytes.set(value, at);
    } else if (Array.isArray(value)) {
      this.head(value.length, 0x90, 16, [null, 0xdc, 0xdd]);
      for (let i = 0; i < value.length; i++) this.value(value[i], `${path}[${i}]`);
    } else {
      const entries = Object.entries(value).filter(([, item]) => item !== undefined);
      this.head(entries.length, 0x80, 16, [null, 0xde, 0xdf]);
      for (const [key, item] of entries) {
        this.#text(key);
        this.value(item, `${path}.${key}`);
      }
    }
  }

  /** @param {string} text */
  #text(text) {
    const bytes = new TextEncoder().encode(text);
    this.head(bytes.length, 0xa0, 32, [0xd9, 0xda, 0xdb]);
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Unpacker {
  #bytes;
  #view;
  #at = 0;

  /** @param {ArrayBuffer} frame */
  constructor(frame) {
    this.#bytes = new Uint8Array(frame);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
  }

  /**
   * Read a message's array; throws if the frame is none.
   * @returns {any[]}
   */
  whole() {
    const value = this.#value();
    if (this.#at !== this.#bytes.length || !Array.isArray(value)) throw new SyntaxError("a message is one array");
    return value;
  }

  /** @returns {any} */
  #value() {
    const head = this.#view.getUint8(this.#at++);
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 15);
    if (head < 0xa0) return this.#list(head & 15);
    if (head < 0xc0) return this.#text(head & 31);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return this.#take(this.#unsigned(head - 0xc4)).slice();
      case 0xca: return this.#view.getFloat32(this.#skip(4));
      case 0xcb: return this.#view.getFloat64(this.#skip(8));
      case 0xcc: case 0xcd: case 0xce: return this.#unsigned(head - 0xcc);
      case 0xcf: return Number(this.#view.getBigUint64(this.#skip(8)));
      case 0xd0: return this.#view.getInt8(this.#skip(1));
      case 0xd1: return this.#view.getInt16(this.#skip(2));
      case 0xd2: return this.#view.getInt32(this.#skip(4));
      case 0xd3: return Number(this.#view.getBigInt64(this.#skip(8)));
      case 0xd9: case 0xda: case 0xdb: return this.#text(this.#unsigned(head - 0xd9));
      case 0xdc: case 0xdd: return this.#list(this.#unsigned(head - 0xdb));
      case 0xde: case 0xdf: return this.#map(this.#unsigned(head - 0xdd));
      default: throw new SyntaxError(`${head} begins no value`);
    }
  }

  /** @param {number} count */
  #skip(count) {
    this.#at += count;
    return this.#at - count;
  }

  /**
   * A number of 1, 2 or 4 bytes: two to the `power`.
   * @param {number} power
   */
  #unsigned(power) {
    if (power === 0) return this.#view.getUint8(this.#skip(1));
    return power === 1 ? this.#view.getUint16(this.#skip(2)) : this.#view.getUint32(this.#skip(4));
  }

  /** @param {number} count */
  #take(count) {
    if (this.#at + count > this.#bytes.length) throw new SyntaxError("a frame ends too early");
    return this.#bytes.subarray(this.#skip(count), this.#at);
  }

  /** @param {number} count */
  #text(count) {
    return UTF8.decode(this.#take(count));
  }

  /**
   * @param {number} count
   * @returns {any[]}
   */
  #list(count) {
    const list = [];
    for (let i = 0; i < count; i++) list.push(this.#value());
    return list;
  }

  /**
   * @param {number} count
   * @returns {Record<string, any>}
   */
  #map(count) {
    /** @type {Record<string, any>} */
    const map = {};
    for (let i = 0; i < count; i++) {
      const key = this.#value();
      if (typeof key !== "string") throw new SyntaxError("a key is a text");
      put(map, key, this.#value());
    }
    return map;
  }
}

/** Messages as MessagePack: each is an array of its number and its fields; nil stands for a field that is absent. */

/** @type {Form} */
const PACKED = {
  subprotocol: "gameserver.v1.msgpack",
  ops: 4, // the last patch op that `reader` knows
  encode({ op, ...fields }) {
    const { number, names } = /** @type {MessageArray} */ (SAID.get(op));
    const array = names.map((name) => fields[name]);
    while (array.length && (array.at(-1) ?? null) === null) array.pop();
    const packer = new Packer();
    packer.head(array.length + 1, 0x90, 16, [null, 0xdc, 0xdd]);
    packer.number(number);
    array.forEach((value, i) => packer.value(value, `$.${names[i]}`));
    return packer.bytes();
  },
  size: (frame) => frame.length,

  /** A reader of one connection's frames; it keeps the keys that patches write as numbers. */
  reader() {
    const keys = new Map();
    return (frame) => {
      const [number, ...fields] = new Unpacker(frame).whole();
      const { op, names } = HEARD.get(number) ?? { op: `number ${number}`, names: [] };
      /** @type {Record<string, any>} */
      const message = { op };
      names.forEach((name, i) => i < fields.length && (message[name] = fields[i]));
      const { room, stream } = message;
      if (op === "joined") {
        for (const known of [...keys.keys()]) if (known.startsWith(`${room} `)) keys.delete(known);
        for (const [name, told] of Object.entries(message.keys ?? {})) keys.set(`${room} ${name}`, told);
      } else if (op === "doc") {
        keys.set(`${room} ${stream}`, message.keys ?? []);
      } else if (op === "patch") {
        if (!keys.has(`${room} ${stream}`)) keys.set(`${room} ${stream}`, []);
        message.ops = expanded(message.ops, keys.get(`${room} ${stream}`));
      }
      return message;
    };
  },
};

/**
 * A patch in the ops that `applyOp` knows: with keys in full, and with one op for each of the sets in an op 4.
 * @param {any[][]} ops
 * @param {string[]} keys those of the stream; a patch may add to them
 * @returns {any[][]}
 */
function expanded(ops, keys) {
  const named = (/** @type {any} */ key) => {
    if (!(key < 0)) return key;
    if (-1 - key >= keys.length) throw new RangeError(`there is no key ${key}`);
    return keys[-1 - key];
  };
  const plain = [];
  for (const [kind, path, ...rest] of ops) {
    if (kind === KEY) keys.push(path);
    else if (kind !== COLUMNS) plain.push([kind, path.map(named), ...rest]);
    else {
      const [fields, scales, rows] = [rest[0].map(named), rest[1], rest[2]];
      const container = path.map(named);
      for (let at = 0; at < rows.length; at += 1 + fields.length) {
        const child = named(rows[at]);
        fields.forEach((/** @type {any} */ field, /** @type {number} */ i) => {
          const scale = scales?.[i] ?? null;
          const value = rows[at + 1 + i];
          plain.push([SET, [...container, child, field], scale === null ? value : value / scale]);
        });
      }
    }
  }
  return plain;
}

/**
 * How long a client waits for a silent server. A node that hangs is left within the time in which others take its
 * rooms. In case a slow line was the reason, the next try gets twice the time. Once an answer comes within the first
 * time limit, the line is good, and that limit holds again.
 */

const DIAL_MS = 5000; // from dialling to `welcome`
const SILENCE_MS = 4000; // after a ping
const LARGE_MS = 8000; // the same for a large answer, which is heard only when all of it is there
const LONGEST_MS = 20_000;
const LARGEST = 4;

class Patience {
  #dials = 1;
  #large = 1;

  get dial_ms() {
    return Math.min(LONGEST_MS, this.#dials * DIAL_MS);
  }

  /** @param {boolean} isLarge */
  silence_ms(isLarge) {
    return isLarge ? Math.min(LONGEST_MS, this.#large * LARGE_MS) : SILENCE_MS;
  }

  /** A connection was given up before its welcome: allow twice the time. */
  lostDialling() {
    this.#dials = Math.min(LARGEST, 2 * this.#dials);
  }

  /** A connection was given up that owed a large answer: allow twice the time. */
  lostLarge() {
    this.#large = Math.min(LARGEST, 2 * this.#large);
  }

  /** @param {number} ms how long a welcome took */
  welcomed(ms) {
    if (ms < DIAL_MS) this.#dials = 1;
  }

  /** @param {number} ms how long a large answer took */
  answered(ms) {
    if (ms < LARGE_MS) this.#large = 1;
  }
}

/** Chat outside rooms: lobbies, direct messages, and the operator's announcements. */

/**
 * A place that is listened to: a lobby, all direct messages, or the announcements.
 * @typedef {object} Place
 * @property {string} to
 * @property {number} seen the number of the last line that came
 * @property {any[] | null} early lines that came before the answer to `listen`; null: it is not awaited
 * @property {number} failures
 * @property {ReturnType<typeof setTimeout> | undefined} retry
 * @property {Promise<void>} heard
 * @property {() => void} resolve
 * @property {(error: GameError) => void} reject
 */

/**
 * The lobbies of games, direct messages and the operator's announcements. The server numbers the lines of each place
 * that a client listens to. All direct messages of a user are one place there, and here one channel for each other
 * user.
 */
class Posts {
  /** @type {Map<string, Channel>} */
  channels = new Map();
  #client;
  #memory;
  /** @type {Map<string, Place>} */
  #places = new Map();

  /**
   * @param {Client} client
   * @param {Memory} memory
   */
  constructor(client, memory) {
    this.#client = client;
    this.#memory = memory;
  }

  /**
   * Say a line to `lobby:GAME` or `user:ID`. Unlike a room's, it is not sent again after a loss, since the server would
   * not know that it is the same: this rejects with the code `lost`.
   * @param {string} text
   * @param {string} to
   * @param {unknown} [data]
   * @returns {Promise<any>}
   */
  say(text, to, data) {
    return this.#client._ask("chat", null, { text, to, data });
  }

  /**
   * Note that all that is there was read, or all up to a line. Only this browser remembers it.
   * @param {string} to
   * @param {number} upto
   */
  read(to, upto = this.channels.get(to)?.lines.at(-1)?.n ?? 0) {
    const channel = this.channels.get(to);
    if (!channel || upto <= channel.read) return;
    channel.read = upto;
    this.#memory.setRead(this.#client.user.id, to, upto);
    this.#client._emit("$read", channel);
  }

  /**
   * No longer hear a place, and drop its lines: the address of a lobby, `direct` or `server`.
   * @param {string} to
   */
  cease(to) {
    const place = this.#places.get(to);
    if (!place) return;
    this.#drop(place, new GameError("closed", `${to} is not listened to any more.`));
    if (this.#client._isWelcome) this.#client._ask("listen", null, { to, on: false }).catch(() => {});
    this.#client._emit("$channels", this.channels);
  }

  /**
   * Whether this user said it.
   * @param {Api.Post} line
   */
  isMine({ from }) {
    return from !== null && from.user === this.#client.user?.id;
  }

  /**
   * The channel that a line belongs to: a direct one is that of the other user.
   * @param {Api.Post} line
   */
  of({ to, from }) {
    return to.startsWith("user:") && from && from.user !== this.#client.user.id ? `user:${from.user}` : to;
  }

  // What the client tells it

  /** @param {string} to */
  async _hear(to) {
    await this.#place(to).heard;
    return this.#channel(to, to);
  }

  /** @param {string | null} user */
  async _direct(user) {
    await this.#place("direct").heard;
    return user === null ? null : this.#channel(`user:${user}`, "direct");
  }

  /** Listen to all places again, on a new connection. */
  _listenAgain() {
    for (const place of this.#places.values()) this.#listen(place);
  }

  /** @param {any} message */
  _onPost({ op, ...post }) {
    const place = this.#places.get(post.to.startsWith("user:") ? "direct" : post.to);
    if (!place) return; // it ended while this was under way
    if (place.early) place.early.push(post);
    else this.#take(place, [post]);
  }

  /** @param {GameError} error */
  _end(error) {
    for (const place of this.#places.values()) {
      clearTimeout(place.retry);
      place.reject(error);
    }
  }

  /** @param {string} to */
  #place(to) {
    const known = this.#places.get(to);
    if (known) return known;
    const place = /** @type {Place} */ ({ to, seen: 0, early: null, failures: 0, retry: undefined });
    place.heard = new Promise((resolve, reject) => Object.assign(place, { resolve, reject }));
    place.heard.catch(() => {});
    this.#places.set(to, place);
    if (this.#client.error) this.#drop(place, this.#client.error);
    else if (this.#client._isWelcome) this.#listen(place);
    return place;
  }

  /**
   * Listen to a place. Lines that come before the answer are kept until then: the answer may hold older ones.
   * @param {Place} place
   */
  #listen(place) {
    clearTimeout(place.retry);
    place.early = [];
    const asked = this.#client._ask("listen", null, { to: place.to, seen: place.seen || null });
    asked.then((told) => this.#onHeard(place, told), (error) => this.#onUnheard(place, error));
  }

  /**
   * @param {Place} place
   * @param {{ line: number, lines: any[] }} told
   */
  #onHeard(place, { line, lines }) {
    if (this.#places.get(place.to) !== place) return;
    const posts = [...lines, ...(place.early ?? [])];
    place.early = null;
    place.failures = 0;
    if (place.seen > line) this.#forget(place); // the server counts anew, since it has another store
    if (place.to !== "direct") this.#channel(place.to, place.to);
    this.#take(place, posts);
    place.seen = Math.max(place.seen, line);
    this.#client._emit("$channels", this.channels);
    place.resolve();
  }

  /**
   * @param {Place} place
   * @param {GameError} error
   */
  #onUnheard(place, error) {
    if (this.#client.error || this.#places.get(place.to) !== place) return;
    if (PASSING.has(error.code)) {
      const again = () => this.#client._isWelcome && this.#listen(place);
      place.retry = setTimeout(again, fullJitter(place.failures++));
    } else this.#drop(place, error);
  }

  /**
   * @param {Place} place
   * @param {any[]} posts
   */
  #take(place, posts) {
    for (const { line: n, ...post } of posts) {
      if (n <= place.seen) continue;
      place.seen = n;
      const line = cleaned({ stream: place.to, n, ...post, from: post.from ? { account: false, ...post.from } : null });
      const { lines } = this.#channel(this.of(line), place.to);
      if (lines.push(line) > CHAT_LINES) lines.shift();
      this.#client._emit("$chat", line);
    }
  }

  /**
   * @param {string} to
   * @param {string} stream
   */
  #channel(to, stream) {
    let channel = this.channels.get(to);
    if (!channel) {
      this.channels.set(to, (channel = new Channel(to, this)));
      channel._set({ stream, readonly: to === "server" });
      channel.read = this.#memory.read(this.#client.user.id, to);
    }
    return channel;
  }

  /**
   * Forget the lines of a place, since the server counts anew.
   * @param {Place} place
   */
  #forget(place) {
    place.seen = 0;
    for (const [to, channel] of this.channels) {
      if (channel.stream !== place.to) continue;
      channel.lines.length = channel.read = 0;
      this.#memory.setRead(this.#client.user.id, to, 0);
    }
  }

  /**
   * @param {Place} place
   * @param {GameError} error
   */
  #drop(place, error) {
    clearTimeout(place.retry);
    this.#places.delete(place.to);
    for (const [to, channel] of [...this.channels]) if (channel.stream === place.to) this.channels.delete(to);
    place.reject(error);
  }
}

/**
 * Requests without an answer. Their ids come from one counter. What was sent on a lost connection is sent again under
 * its old id: the server applies what is `REMEMBERED` once; join, resume, read and leave do no harm if sent twice;
 * create and match are sent again only if they were never written, since one whose answer was lost may have made a
 * room: it rejects with the code `lost`, as does a line outside rooms.
 */

/**
 * @typedef {object} Request
 * @property {number} id
 * @property {string} op
 * @property {Room | null} room
 * @property {Record<string, any>} fields
 * @property {any} frame
 * @property {Connection} way the connection that it is sent by, if it is no room's
 * @property {boolean} waits it was refused for the moment, and a timer sends it again
 * @property {Detour} detour
 * @property {Record<string, any> | null} sought the fields of a `match` that has become a `join`
 * @property {(value?: any) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {Socket | null} socket the one that it was last sent on
 * @property {number} saidAt when, by `performance.now()`; 0: not on this connection
 */

/** Requests of a room that the server applies once for each id, however often they are sent. */
const REMEMBERED = new Set(["send", "chat", "start", "edit", "unsay", "report", "block", "team", "host", "undo", "ready", "bot", "options", "next"]);

class Requests {
  most_bytes = Infinity; // that the server takes in one frame
  /** @type {GameError | null} */
  #ended = null;
  #form;
  #lastId = 0;
  /** @type {Map<number, Request>} */
  #requests = new Map();

  /** @param {Form} form */
  constructor(form) {
    this.#form = form;
  }

  /** All requests, by id, in a list of their own: some may be settled while somebody goes through it. */
  all() {
    return [...this.#requests.values()];
  }

  /**
   * The requests that are sent by this connection.
   * @param {Connection} way
   */
  of(way) {
    return this.all().filter((request) => wayOf(request) === way);
  }

  /**
   * Send a request, now or as soon as it may be sent, until it is answered.
   * @param {string} op
   * @param {Room | null} room
   * @param {Record<string, any>} fields `room` names a room in which this client has no seat yet
   * @param {Connection} way the connection to send it by, if it is no room's
   * @returns {Promise<any>}
   */
  ask(op, room, fields, way) {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      if (room?.left && op === "leave") return resolve(undefined);
      if (room?.left) throw seatGone(room);
      const id = this.#lastId + 1;
      const frame = this.#encode(op, id, room, fields);
      const most = this.most_bytes;
      if (frame.length * 3 > most && this.#form.size(frame) > most) throw new GameError("too_large");
      /** @type {Request} */
      const request = { id, op, room, fields, frame, way, resolve, reject, socket: null, saidAt: 0, waits: false, detour: new Detour(), sought: null };
      this.#lastId = id;
      this.#requests.set(id, request);
      if (this.#maySay(request)) this.#say(request);
    });
  }

  /**
   * @param {string} op
   * @param {number} id
   * @param {Room | null} room
   * @param {Record<string, any>} fields
   */
  #encode(op, id, room, fields) {
    return this.#form.encode({ op: op === "match" ? "join" : op, id, room: room?.code, ...fields });
  }

  /**
   * Send without an id: no reply, sent once or not at all.
   * @param {string} op
   * @param {Room} room
   * @param {Record<string, any>} fields
   */
  tell(op, room, fields) {
    const frame = this.#form.encode({ op, room: room.code, ...fields });
    if (room._way.isWelcome && room._attached) room._way.write(frame);
  }

  /** @param {Request} request */
  #maySay(request) {
    const { op, room, waits } = request;
    return !waits && wayOf(request).isWelcome && (!room || op === "resume" || room._attached);
  }

  /** @param {Request} request */
  #say(request) {
    const way = wayOf(request);
    request.socket = way.socket;
    request.saidAt = performance.now();
    way.write(request.frame);
  }

  /**
   * Send, by id, what was not sent on this connection yet: no id is applied after a higher one.
   * @param {Room | null} room
   * @param {Connection} way
   */
  sayWaiting(room, way) {
    for (const request of this.#requests.values()) {
      const unsaid = request.room === room && wayOf(request) === way && request.socket !== way.socket;
      if (unsaid && this.#maySay(request)) this.#say(request);
    }
  }

  /**
   * Send a request by this connection instead, as soon as it is open.
   * @param {Request} request that has no room
   * @param {Connection} way
   */
  sendTo(request, way) {
    this.#requests.set(request.id, request); // if its answer was taken, it waits for another one
    Object.assign(request, { way, socket: null, saidAt: 0, waits: false });
    if (this.#maySay(request)) this.#say(request);
  }

  /**
   * Do as `sendTo` does, after a while.
   * @param {Request} request
   * @param {Connection} way
   * @param {number} delay_ms
   */
  sayLater(request, way, delay_ms) {
    this.#requests.set(request.id, request);
    Object.assign(request, { way, socket: null, saidAt: 0, waits: true });
    setTimeout(() => this.#requests.get(request.id) === request && this.sendTo(request, way), delay_ms);
  }

  /**
   * Turn a request into another, which settles the same promise; it is not sent yet.
   * @param {Request} request
   * @param {string} op
   * @param {Record<string, any>} fields
   */
  become(request, op, fields) {
    this.#requests.delete(request.id);
    if (request.op === "match") request.sought = request.fields;
    this.#lastId += 1; // the old one may have been answered
    Object.assign(request, { id: this.#lastId, op, fields, frame: this.#encode(op, this.#lastId, null, fields) });
    this.#requests.set(request.id, request);
  }

  /**
   * Use no id up to this one: another tab of this client may have used them.
   * @param {number} id
   */
  skipTo(id) {
    this.#lastId = Math.max(this.#lastId, id);
  }

  /** @param {number} id */
  get(id) {
    return this.#requests.get(id);
  }

  /**
   * The request of this id, which is forgotten, since it is answered now.
   * @param {number} id
   */
  take(id) {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }

  /**
   * @param {Request} request
   * @param {GameError} error
   */
  fail(request, error) {
    this.#requests.delete(request.id);
    request.reject(error);
  }

  /**
   * A connection was lost: drop or fail what may not be sent again; the rest waits for the next connection.
   * @param {Connection} way
   */
  lose(way) {
    for (const request of this.of(way)) this.#lose(request);
  }

  /** @param {Request} request */
  #lose(request) {
    const { id, op, room, socket } = request;
    request.saidAt = 0;
    if ((op === "resume" && room) || op === "listen") this.#requests.delete(id); // ours; the next connection begins with another
    else if ((op === "create" || op === "match") && socket) {
      const text = `The connection was lost before ${op} was answered: it may have made a room.`;
      this.fail(request, new GameError("lost", text));
    } else if (op === "chat" && !room && socket) {
      this.fail(request, new GameError("lost", "The connection was lost before the line was confirmed: it may have been said."));
    } else if (room?.left) this.#settle(request, room);
  }

  /**
   * Settle a request of a seat that is gone, since the server will not answer it.
   * @param {Request} request
   * @param {Room} room
   */
  #settle(request, room) {
    this.#requests.delete(request.id);
    if (request.op === "leave") request.resolve();
    else if (request.op === "next" && room.left?.next) request.resolve({ room: room.left.next }); // it was done already
    else request.reject(seatGone(room));
  }

  /**
   * A seat is gone: settle its requests that were not sent on this connection.
   * @param {Room} room
   */
  settleUnsaid(room) {
    for (const request of this.all()) {
      if (request.room === room && request.socket !== room._way.socket) this.#settle(request, room);
    }
  }

  /**
   * Have all requests of a seat sent again, once the seat that was lost with its connection is back.
   * @param {Room} room
   */
  sayAgain(room) {
    for (const request of this.all()) {
      if (request.room === room && request.op !== "resume") Object.assign(request, { socket: null, saidAt: 0 });
    }
  }

  /**
   * Forget a request for this seat: the client will ask for it on another connection.
   * @param {Room} room
   */
  stopResuming(room) {
    for (const request of this.all()) {
      if (request.room === room && request.op === "resume") this.#requests.delete(request.id);
    }
  }

  /**
   * Fail what was sent to a server that has forgotten this client: it might be applied a second time.
   * @param {Connection} way
   */
  failUncertain(way) {
    for (const request of this.of(way)) {
      if (!request.socket || !request.room || !REMEMBERED.has(request.op)) continue;
      this.fail(request, new GameError("lost", "The server forgot this client: it is not known whether this was done."));
    }
  }

  /**
   * Fail all requests: no answer will come any more.
   * @param {GameError} error
   */
  end(error) {
    this.#ended = error;
    for (const request of this.#requests.values()) request.reject(error);
    this.#requests.clear();
  }
}

/** @param {Request} request */
function wayOf({ room, way }) {
  return room?._way ?? way;
}

/** What is stored, and outlives a page. */

/** @typedef {Pick<Storage, "getItem" | "setItem">} Store */
/** @typedef {{ code: string, game: string, role: string, user: string, secret: string }} KeptSeat */
/** @typedef {{ token: string | null, seats: KeptSeat[], read: { user: string, to: string, upto: number }[] }} Kept */

const SEATS_KEPT = 50;
const READ_KEPT = 100; // places outside rooms of which a browser remembers how far they were read

/** A guest's token, the secrets of seats, and what was read outside rooms, by server; in one value, so that two tabs do not mix theirs. */
class Memory {
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

/**
 * A client of the game server: one user's connections, one to each node that runs a room of theirs, and the rooms in
 * which they hold seats. An answer settles its request; the rest goes to its `Room`, or to the chat outside rooms.
 */

class Client extends Emitter {
  user = /** @type {Api.User} */ (/** @type {unknown} */ (null));
  token;
  /** @type {Api.Client["limits"]} */
  limits = {};
  /** @type {Api.Status} */
  status = "connecting";
  /** @type {GameError | null} */
  error = null;
  /** @type {Map<string, Room>} */
  rooms;
  chat;

  #options;
  #memory;
  #keepsToken; // a guest whose token is kept; accounts are not written to storage
  /** @type {string | undefined} */
  #key; // in memory only: to duplicate a tab copies all that it has stored
  #nodes;
  #requests;
  #following;
  #held;
  /** @type {{ resolve: () => void, reject: (error: GameError) => void } | undefined} */
  #settleConnected;

  /** @param {Api.ConnectOptions} options */
  constructor(options) {
    super();
    this.#options = options;
    const WebSocket = options.WebSocket ?? globalThis.WebSocket;
    if (!WebSocket) throw new TypeError("There is no WebSocket here: pass one, such as that of npm's ws.");
    const form = options.binary ? PACKED : JSON_FORM;
    const url = socketUrl(options.url ?? homeUrl());
    this.#memory = new Memory(options.storage, url, options.session);
    this.#keepsToken = !options.token && !options.ticket;
    this.token = options.token ?? (this.#keepsToken ? this.#memory.token : null);
    this.chat = new Posts(this, this.#memory);
    /** @type {Promise<void>} */
    this._connected = new Promise((resolve, reject) => (this.#settleConnected = { resolve, reject }));
    this._connected.catch(() => {});
    const owner = this.#owner();
    this.#requests = new Requests(form);
    const how = { WebSocket, form, patience: new Patience() };
    this.#nodes = new Nodes((there) => new Connection(owner, { url: there, ...how }), url);
    this.#following = new Following(this, this.#nodes, this.#requests);
    this.#held = new HeldRooms(this, this.#memory, this.#requests, this.#following);
    this.rooms = this.#held.rooms;
    this.#nodes.home.start();
  }

  /**
   * What connections call when something happens, and ask this client for.
   * @returns {Owner}
   */
  #owner() {
    return {
      who: () => this.#who(),
      key: () => this.#key,
      onMessage: (message, connection) => void this.#hear(message, connection),
      onLost: (connection) => this.#onLost(connection),
      onUnreachable: (connection) => this.#onUnreachable(connection),
      onRefused: (error) => this._end(error),
      pending: (connection) => this.#requests.of(connection),
      // If a node is silent and gone, its rooms are found by way of home: check that home still answers.
      onDoubt: (connection) => connection !== this.#nodes.home && this.#nodes.home.isWelcome && this.#nodes.home.ping(),
    };
  }

  /** The server's clock, ms since 1970. */
  now() {
    return this.#nodes.home.clock.now();
  }

  /**
   * Make a room, and take a seat in it.
   * @type {Api.Client["create"]}
   */
  create(game, { options, private: hidden, password, ...seat } = {}) {
    return this._ask("create", null, { game, options, private: hidden, password, ...this.#seat(seat) });
  }

  /**
   * Take a seat in the room of this code, or the one that this user has there already.
   * @type {Api.Client["join"]}
   */
  join(code, { password, ...seat } = {}) {
    return this._ask("join", null, { room: String(code).trim(), password, ...this.#seat(seat) });
  }

  /**
   * Take a seat in an open room with these options, or in a new one.
   * @type {Api.Client["match"]}
   */
  match(game, { match = {}, ...seat } = {}) {
    return this._ask("match", null, { game, match, ...this.#seat(seat) });
  }

  /**
   * Go back to a seat whose secret is in storage, as after a reload. Rejects with `not_found` if there is none.
   * @param {string} code
   * @param {{ role?: string }} which
   */
  async resume(code, { role } = {}) {
    return this.#held.remember(code, role);
  }

  /** The seats of this user whose secrets are in storage, the latest first. */
  remembered() {
    return this.#memory.seats(this.user?.id).map(({ code, game, role }) => ({ code, game, role }));
  }

  /**
   * Hear the lobby of a game, and write there; resolves with its channel, each time the same one.
   * @param {string} game
   */
  lobby(game) {
    return this.chat._hear(`lobby:${game}`);
  }

  /**
   * Hear direct messages to this user; resolves with the channel of the user that is named, or null if none is.
   * @overload
   * @param {string} user
   * @returns {Promise<Channel>}
   * @overload
   * @param {null} [user]
   * @returns {Promise<null>}
   * @param {string | null} user
   * @returns {Promise<any>}
   */
  direct(user = null) {
    return this.chat._direct(user);
  }

  /** Hear the operator's announcements; resolves with their channel. */
  announcements() {
    return this.chat._hear("server");
  }

  /** Dial now instead of at the next try; or, if there is a connection, ask whether it still stands. */
  reconnect() {
    if (this.status !== "closed") for (const connection of this.#nodes.all) connection.wake();
  }

  /** End the connection for good. Seats are held as after a loss; `room.leave()` gives one up. */
  close() {
    this._end(new GameError("closed", "The client was closed."));
  }

  /**
   * @param {Room} room
   * @param {Api.Left & { next: string }} left
   */
  _goOn(room, left) {
    this.#held.goOn(room, left);
  }

  /** @param {Api.SeatOptions} options */
  #seat({ name = this.#options.name, role, profile }) {
    return { name, role, profile };
  }

  // What rooms and chats ask of it

  /**
   * Send a request until it is answered. `fields.room` names a room in which this client has no seat yet.
   * @param {string} op
   * @param {Room | null} room
   * @param {Record<string, any>} [fields]
   */
  _ask(op, room, fields = {}) {
    const held = fields?.room && this.rooms.get(canonical(fields.room)); // another seat there: its node has the room
    return this.#requests.ask(op, room, fields, held ? held._way : this.#nodes.home);
  }

  /**
   * Send without an id: no reply, sent once or not at all.
   * @param {string} op
   * @param {Room} room
   * @param {Record<string, any>} fields
   */
  _tell(op, room, fields) {
    this.#requests.tell(op, room, fields);
  }

  /** Whether messages that belong to no room may be sent at the moment. */
  get _isWelcome() {
    return this.#nodes.home.isWelcome;
  }

  /**
   * Ask for what this room has missed, or for the whole room; nothing more of it counts until `joined`.
   * @param {Room} room
   */
  _resume(room) {
    this.#held.resume(room);
  }

  // What the connection tells it

  /** Who this is. A `ticket` that is a function gives each connection its own, so that no token has to last. */
  #who() {
    const { ticket, name } = this.#options;
    if (typeof ticket === "function") return (async () => ({ ticket: await ticket() }))();
    return this.token ? { token: this.token } : ticket ? { ticket } : { guest: { name: name || "Guest" } };
  }

  /** @param {Connection} connection */
  #onLost(connection) {
    for (const room of this.#held.on(connection)) room._detach();
    this.#requests.lose(connection);
    this._tellStatus();
  }

  /**
   * A node does not answer. Returns whether to dial again: home is dialled for as long as this client lives.
   * @param {Connection} connection
   */
  #onUnreachable(connection) {
    if (connection === this.#nodes.home) return true;
    this.#requests.lose(connection);
    this.#following.onUnreachable(connection);
    this._tellStatus();
    return false;
  }

  /**
   * End the client: there will be no further connection, and the present one is closed.
   * @param {GameError} error
   */
  _end(error) {
    if (this.status === "closed") return;
    this.error = error;
    this.status = "closed";
    for (const connection of this.#nodes.all) {
      const { socket } = connection;
      connection.end();
      socket?.close(1000);
    }
    for (const room of this.rooms.values()) room._detach();
    this.#requests.end(error);
    this.chat._end(error);
    this.#settleConnected?.reject(error);
    this._emit("$status", "closed", error);
  }

  /** Set the status: `open` while all rooms can be played in, or, if there are none, while one could be entered. */
  _tellStatus() {
    const ways = [...this.rooms.values()].map((room) => room._way);
    const isOpen = (ways.length ? ways : [this.#nodes.home]).every((way) => way.isWelcome);
    const status = isOpen ? "open" : "connecting";
    if (this.status === status || this.status === "closed") return;
    this.status = status;
    this._emit("$status", status, null);
  }

  // What the server says

  /**
   * @param {any} message
   * @param {Connection} from
   */
  #hear(message, from) {
    switch (message.op) {
      case "welcome": return this.#onWelcome(message, from);
      case "joined": return this.#held.onJoined(message, from);
      case "ok": return this.#onOk(message);
      case "error": return this.#onError(message, from);
      case "left": return this.#held.onLeft(message, from);
      case "redirect": return this.#following.onRedirect(message, from);
      case "pong": return from.onPong(message);
      case "post": return this.chat._onPost(message);
      case "user": return this.#onUser(message);
      default: return this.#held.hear(message, from);
    }
  }

  /**
   * @param {any} message
   * @param {Connection} from
   */
  #onWelcome({ user, token, client, now, limits }, from) {
    if (this.#key && this.#key !== client) this.#requests.failUncertain(from);
    this.#key = client;
    Object.assign(this, { user, token, limits });
    this.#requests.most_bytes = this.limits.frame_bytes ?? Infinity;
    if (this.#keepsToken) this.#memory.token = token;
    from.welcomed(now);
    for (const room of this.#held.on(from)) this._resume(room);
    if (from === this.#nodes.home) this.chat._listenAgain();
    this.#requests.sayWaiting(null, from);
    from.ping();
    this._tellStatus();
    this.#settleConnected?.resolve();
  }

  /** @param {{ user: Api.User }} message */
  #onUser({ user }) {
    this.user = user;
    this._emit("$user", user);
  }

  /** @param {any} message */
  #onOk({ id, data }) {
    const request = this.#requests.take(id);
    if (!request) return;
    if (request.op === "leave") this.#onLeave(request);
    else request.resolve(data ?? null);
    if (!request.room || request.room.left) this.#following.sweep();
  }

  /** @param {Request} request */
  #onLeave({ room, resolve }) {
    if (room) this.#held.leave(room, { reason: "left", message: null });
    resolve();
  }

  /**
   * @param {any} message
   * @param {Connection} from
   */
  #onError({ id, code, message, path, room, retry_ms }, from) {
    const error = new GameError(code, message, path, room, retry_ms ?? null);
    const request = this.#requests.take(id);
    if (request?.op === "leave" && code === "not_found") this.#onLeave(request); // it was done earlier
    else if (request) {
      if (this.#following.saysAgain(request, error)) return;
      request.reject(error);
      this.#following.sweep();
    } else if (from.isWelcome) this._emit("$error", error);
    else if (PASSING.has(code)) from.hangUp();
    else if (code === "unauthenticated" && this.#keepsToken && this.token && !this.user) {
      this.token = this.#memory.token = null; // the token is too old, or another server's: become a new guest
      from.hello();
    } else this._end(error);
  }
}

/** The way in: a client that the server has admitted. */

const CONNECT_MS = 30_000;

/**
 * Connect, again and again until the server says welcome; later losses are mended in the same way. See gameserver.d.ts
 * for the options. Rejects if the server does not admit this user, or if no server was reached in time.
 * @param {Api.ConnectOptions} options
 * @returns {Promise<Client & { token: string }>}
 */
async function connect({ timeout_ms = CONNECT_MS, signal, ...options } = {}) {
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

export { Channel, Chat, Client, GameError, Posts, Room, connect };
