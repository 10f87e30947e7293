/** Types of gameserver.js, and what each part of it promises. */

/** A JSON value; bytes are `Uint8Array`. */
export type Value = null | boolean | number | string | Uint8Array | Value[] | { [key: string]: Value };

/** A document, and whatever else a game says: its shape is the game's. */
export type Doc = any;

export type Path = (string | number)[];
export type Status = "connecting" | "open" | "closed";

/**
 * A refusal. `code` is stable: one of the server's (`refused`, `not_found`, `room_full`, `wrong_password`,
 * `rate_limited`, ...); one of the game's own; or one of this client's: `closed` (there is no connection any more),
 * `lost` (the connection was lost, and it is not known whether it was done), `unreachable` (no server answered in time,
 * or the node that has a room cannot be reached from here).
 */
export class GameError extends Error {
  constructor(code: string, message?: string, path?: string | null, room?: string | null, retry_ms?: number | null);
  readonly code: string;
  /** Where the fault lies in the message that was sent, such as `$.data.cell`. */
  readonly path: string | null;
  /** The code of the room that refused; null: it was refused before a room saw it, or has to do with no room. */
  readonly room: string | null;
  /** After how many milliseconds it is worth while to ask again; null: that is not known. */
  readonly retry_ms: number | null;
}

export interface ConnectOptions {
  /**
   * `ws:`, `wss:`, `http:` or `https:`, or a path of the page's own host. By default `ws` in this module's folder, if
   * the page is in or below that folder, as pages of the server are; else `/ws`.
   */
  url?: string;
  /** The name of a new guest, and the default name of seats. */
  name?: string;
  /** Says who this is. A token given here is not stored; a guest's own is, so that a reload is the same guest. */
  token?: string | null;
  /** The same, for one connection; later ones use the token that it bought. A function is called for each of them. */
  ticket?: string | (() => string | Promise<string>) | null;
  /** Speak MessagePack, not JSON: shorter, above all for patches of large or fast documents. By default false. */
  binary?: boolean;
  /** The class to use; by default the global one. Node 20 has none: give it that of npm's `ws`. */
  WebSocket?: unknown;
  /** Where a guest's token and the secrets of seats are kept: by default localStorage; null keeps them in memory. */
  storage?: Pick<Storage, "getItem" | "setItem"> | null;
  /**
   * Who shares the guest's token that is kept: by default the whole `browser`, so that all its tabs are one guest; or
   * only this `tab`, so that two people can play in one browser. Both survive a reload.
   */
  session?: "browser" | "tab";
  /** How long to try for the first `welcome`, in ms; by default 30,000. `Infinity`: for as long as it takes. */
  timeout_ms?: number;
  /** Ends the attempt: `connect` rejects with its reason. After `connect` has resolved, it has no effect. */
  signal?: AbortSignal;
}

/**
 * Connect, trying again until the server says welcome. Rejects (`GameError`) if it does not admit this user, and with
 * the code `unreachable` if no server has answered in time.
 */
export function connect(options?: ConnectOptions): Promise<Client>;

export interface SeatOptions {
  /** What others see; by default the client's, or the user's. */
  name?: string;
  /** By default `player`. */
  role?: string;
  /** A small JSON object that others see: avatar, colour. */
  profile?: Record<string, unknown>;
}

export interface CreateOptions extends SeatOptions {
  options?: Record<string, unknown>;
  private?: boolean;
  password?: string;
}

export interface User {
  id: string;
  name: string;
  rights: string[];
}

/** One user's connection, and the rooms in which it holds seats. It reconnects by itself. */
export class Client {
  private constructor();
  readonly user: User;
  /** The server's latest; good for the HTTP calls. */
  readonly token: string;
  /**
   * The server's: `frame_bytes`, `depth`, `ping_s`, `queue_bytes`, `chat_chars`, `chat_data_bytes`, `name_chars`,
   * `rooms`, `message_bytes`.
   */
  readonly limits: Record<string, number>;
  readonly status: Status;
  /** Why the status is `closed`, or null. */
  readonly error: GameError | null;
  /** By code. */
  readonly rooms: Map<string, Room>;
  /** The chat outside rooms, in the places that this client hears. */
  readonly chat: Posts;

  /** Make a room and take a seat. Rejects with `lost` if the connection broke before the answer: the room may exist. */
  create(game: string, options?: CreateOptions): Promise<Room>;
  /** Take a seat in the room of this code, or the one that this user has there already. */
  join(code: string, options?: SeatOptions & { password?: string }): Promise<Room>;
  /** Take a seat in an open room with the options in `match`, or in a new one with these; rejects as `create`. */
  match(game: string, options?: SeatOptions & { match?: Record<string, unknown> }): Promise<Room>;
  /** Go back to a remembered seat (after a reload): the latest, or that of a `role`. Without one: `not_found`. */
  resume(code: string, options?: { role?: string }): Promise<Room>;
  /** The seats of this user whose secrets are in storage, the latest first. */
  remembered(): { code: string; game: string; role: string }[];
  /** Hear the lobby of a game, from now on and over reconnects; rejects with `bad_data` if there is no such game. */
  lobby(game: string): Promise<Channel<Post>>;
  /** Hear direct messages. With a user's id (`post.from.user`), resolves with the channel of that user. */
  direct(user: string): Promise<Channel<Post>>;
  direct(user?: null): Promise<null>;
  /** Hear what the operator announces. */
  announcements(): Promise<Channel<Post>>;
  /** The server's clock, ms since 1970. */
  now(): number;
  /** While it is `connecting`, dial now instead of at the next try; otherwise ask whether the server is still there. */
  reconnect(): void;
  /** End the connection for good. Seats are held as after a loss; unanswered requests reject with `closed`. */
  close(): void;

  /** Listen from now on; the returned function ends that. */
  on(type: "$status", listener: (status: Status, error: GameError | null) => void): () => void;
  /** Refusals that answer no request: of `room.tell`, and of a seat that is kept but cannot be given back at once. */
  on(type: "$error", listener: (error: GameError) => void): () => void;
  /** The user has other rights from now on. */
  on(type: "$user", listener: (user: User) => void): () => void;
  /** A line outside rooms, one that was said earlier too. */
  on(type: "$chat", listener: (post: Post) => void): () => void;
  /** A place is heard from now on, or no longer. */
  on(type: "$channels", listener: (channels: Map<string, Channel<Post>>) => void): () => void;
  on(type: "$read", listener: (channel: Channel<Post>) => void): () => void;
}

export interface Seat {
  id: string;
  number: number | null;
  name: string;
  role: string;
  online: boolean;
  host: boolean;
  profile: Record<string, Doc>;
  /** The groups of the seat, as far as this client may know of them. */
  groups: string[];
  gone: boolean;
  /** The level of the bot that sits here, or null. */
  bot: string | null;
  /** A bot moves here while its player is away. */
  stand_in: boolean;
  /** Its player is ready for the round to start. */
  ready: boolean;
  /** Whether the player has an account; a guest has only a name. */
  account: boolean;
}

export interface Info {
  status: "lobby" | "playing" | "over";
  phase: string | null;
  locked: boolean;
  paused: boolean;
  options: Record<string, Doc>;
  result: Doc;
  /** By open question, the ids of the seats that have answered, of those still here. */
  answered: Record<string, string[]>;
  /** By open question, the ids of the seats that are asked, of those still here. */
  asked: Record<string, string[]>;
  /** null where it is nobody's turn and nobody is waited for. */
  turn: Turn | null;
  /** Missing where there are none. */
  teams?: TeamInfo[];
  /** Who has won how often, in this room and those before it (`next`), most wins first; missing before two rounds. */
  evening?: { name: string; wins: number }[];
  /** The names of the groups of which everybody knows who is in them, teams too; missing where there are none. */
  groups?: string[];
}

/** Whose turn it is. `order`, `current` and `clocks` hold ids of seats, or `group:NAME` for a team. */
export interface Turn {
  order: string[];
  current: string | null;
  /** The ids of the seats that are waited for now. */
  active: string[];
  stage: string | null;
  number: number;
  round: number;
  prompt: Prompt | null;
  /** When the time of this turn or call is up, by the server's clock, ms since 1970; null: never, or it is stopped. */
  ends: number | null;
  clocks: Record<string, { left_ms: number; ends: number | null }>;
}

/** What the active are asked for, and the others told meanwhile; each `{name}` stands for one of `args`. */
export interface Prompt {
  text: string;
  others: string | null;
  args: Record<string, Doc>;
}

/** What this seat may do now: a message of the game's, ready to be sent. */
export interface Move {
  type: string;
  /** The fields that are settled; a player is the id of a seat. */
  data: Record<string, Doc> | null;
  /** What is settled is filled in; each `{field}` stands for a choice. `Room.label` fills in the rest. */
  label: string | null;
  /** Moves of one group belong together. */
  group: string | null;
  /** By field, what may be chosen; missing or null: nothing is left open. */
  choices: Record<string, Choice> | null;
  /** The names of the fields that are seats. */
  seats: string[];
}

/**
 * One of `of`; or several of `of`, at least and at most so many; or a whole number of a range, whose end is not in it;
 * or, if null, anything.
 */
export type Choice = { of: Doc[] } | { some: [number, number]; of: Doc[] } | { range: [number, number] } | null;

/** A team as the server sends it; `Room.teams` has teams with their seats. */
export interface TeamInfo {
  /** The name of its group. */
  name: string;
  title: string;
  /** As CSS has it. */
  colour: string;
  score: number;
  /** Whether players choose their team; missing: they do not. */
  open?: boolean;
}

export interface Timer {
  name: string;
  stream: string;
  /** By the server's clock, ms since 1970; null while paused. */
  ends: number | null;
  paused_ms: number | null;
  /** What is left at this moment, in ms. */
  left(): number;
}

export interface Line {
  stream: string;
  n: number;
  from: { seat: string; name: string } | null;
  to: string;
  /** null once it was taken back; then it is in no list. */
  text: string | null;
  data: Doc;
  at: number;
  /** Whether it says what its sender does ("waves"). */
  emote: boolean;
  /** The seats that it mentions. */
  mentions: string[];
  /** When it was last changed, or null. */
  edited: number | null;
}

/** A line outside rooms. */
export interface Post extends Omit<Line, "from"> {
  /** Its place: `lobby:GAME`, `direct` or `server`. */
  stream: string;
  /** Its number in that place. */
  n: number;
  /** null: the operator. */
  from: { user: string; name: string; account: boolean } | null;
}

/** A channel of a room's chat, as this seat hears it; or, as `Channel<Post>`, a place outside rooms. */
export interface Channel<L = Line> {
  /**
   * Its address: `room`, `group:NAME`, `channel:NAME`, or `seat:ID` for the private talk with that seat; outside rooms
   * `lobby:GAME`, `server`, or `user:ID` for the private talk with that user.
   */
  readonly to: string;
  readonly stream: string | null;
  readonly title: string;
  /** Nobody may write. */
  readonly closed: boolean;
  /** The game alone may write. */
  readonly readonly: boolean;
  /** Seconds between two lines of one player. */
  readonly slow_s: number;
  /** The last 200, oldest first. */
  readonly lines: L[];
  /** How far this seat has read: a line's `n`. */
  readonly read: number;
  /** How many lines of others came after that. */
  readonly unread: number;
  /** The ids of the seats that are writing at the moment. */
  readonly typing: string[];
  /** Say a line here: as `chat.say`. */
  say(text: string, data?: unknown): Promise<{ text: string } | null>;
}

/** What is said in a room, channel by channel. */
export class Chat {
  private constructor();
  /** Of all channels together, 200 of each, as they came. */
  readonly lines: Line[];
  /** By address; if `seat` is among them, players may write to single seats. */
  readonly channels: Map<string, Channel>;
  /** `to` is `room`, `group:NAME`, `channel:NAME` or `seat:ID`. Resolves with what a command answers, null for a line. */
  say(text: string, to?: string, data?: unknown): Promise<{ text: string } | null>;
  /** Say what this seat does: `emote("waves")`. */
  emote(text: string, to?: string, data?: unknown): Promise<null>;
  /** Change a line of one's own, while the game lets one. */
  edit(line: Line, text: string, data?: unknown): Promise<null>;
  /** Take it back. */
  unsay(line: Line): Promise<null>;
  /** Call this with each key: others are told now and then. `on: false` says that it is over, as `say` does. */
  typing(to?: string, on?: boolean): void;
  /** Note how far this seat has read; by default all that is there. */
  read(to?: string, upto?: number): void;
  /** Report a line, or a seat by its id, to the moderators. */
  report(what: Line | string, reason?: string): Promise<null>;
  /** Hear nothing more of a seat's user, in any room; or, with `on: false`, hear them again. */
  block(seat: string, on?: boolean): Promise<null>;
  /** The address of the channel that a line stands in. */
  of(line: Line): string;
  /** Whether this seat said it. */
  isMine(line: Line): boolean;
}

/** What is said outside rooms, place by place. */
export class Posts {
  private constructor();
  /** By address: those that this client asked for, and `user:ID` for each who wrote to this user. */
  readonly channels: Map<string, Channel<Post>>;
  /** `to` is `lobby:GAME` or `user:ID`. Rejects with `lost` if the connection broke before the answer: it may be said. */
  say(text: string, to: string, data?: unknown): Promise<null>;
  /** Note how far this user has read; by default all that is there. Only this browser remembers it. */
  read(to: string, upto?: number): void;
  /** No longer hear a place: `lobby:GAME`, `direct` or `server`. */
  cease(to: string): void;
  /** The address of the channel that a line stands in. */
  of(line: Post): string;
  /** Whether this user said it. */
  isMine(line: Post): boolean;
}

export interface Team {
  /** Of its group. */
  name: string;
  title: string;
  /** As CSS has it. */
  colour: string;
  score: number;
  /** Whether players choose their team. */
  open: boolean;
  seats: Seat[];
}

export interface GameEvent<T = Doc> {
  type: string;
  data: T;
  stream: string;
  /** null: volatile. */
  n: number | null;
}

export interface Left {
  /** `left`, `kicked`, `banned`, `closed`, `next`, `moved`, or the code with which the seat was refused: `not_found`. */
  reason: string;
  message: string | null;
  /** If the reason is `next`: the code of the room in which all go on. */
  next?: string | null;
}

export interface Change {
  /** `room`, `seat`, `group:NAME` or `role:NAME`. */
  stream: string;
  /** The document after the change; null: it is gone. */
  doc: Doc | null;
  /** Where it may have changed; an empty path stands for the whole document. */
  paths: Path[];
}

export type HostAct = "end" | "again" | "pause" | "unpause" | "lock" | "unlock" | "kick" | "mute" | "pass";

/** A room as this seat knows it, kept up to date; everything in it changes in place. */
export class Room {
  private constructor();
  readonly code: string;
  readonly game: string;
  readonly seat: { id: string; number: number | null; role: string; hosts?: boolean };
  readonly info: Info;
  /** The document that everybody in the room sees. */
  readonly state: Doc;
  /** The document that only this seat sees. */
  readonly mine: Doc;
  /** By name, the documents of the groups that this seat is in. */
  readonly groups: Record<string, Doc>;
  /** By name, the documents of this seat's role. */
  readonly roles: Record<string, Doc>;
  /** By id. */
  readonly seats: Map<string, Seat>;
  /** In the game's order; empty if the game has no teams. */
  readonly teams: Team[];
  readonly me: Seat | undefined;
  readonly host: Seat | undefined;
  /** Whether this seat has the host's rights: it is the host, or a screen of whoever made the room. */
  readonly mayHost: boolean;
  /** By name, those that run or are paused. */
  readonly timers: Map<string, Timer>;
  readonly chat: Chat;
  /** Why this seat is gone, or null. */
  readonly left: Left | null;

  /** Send a message of the game's own. Resolves with the reply; over reconnects too, it is applied exactly once. */
  send<T = Doc>(type: string, data?: unknown): Promise<T>;
  /** The same without an id: no reply, sent once or not at all (dropped while there is no connection). */
  tell(type: string, data?: unknown): void;
  /** Start the game, as the host. */
  start(): Promise<Doc>;
  /**
   * As the host: `end` the round, play `again`, `pause`, `unpause`, `lock`, `unlock`; or, with the id of a seat, `kick`
   * or `mute` somebody, or `pass` the right on. Rejects with `forbidden` if the game's `host_may` leaves it out.
   */
  asHost(act: HostAct, seat?: string): Promise<null>;
  /** As the host, in the lobby or once the game is over: set all of the room's options, as for `create`. */
  setOptions(options: Record<string, unknown>): Promise<null>;
  /**
   * As the host: go on with everybody in a new room, with another game or the same. Resolves with that room; all other
   * clients go there as well, each by itself.
   */
  nextGame(game: string, options?: Record<string, unknown>): Promise<Room>;
  /** The room in which this client goes on with all who were here, once it has its seat there; or null. */
  readonly next: Room | null;
  /** Go into a team, if the game lets players choose; the host may also put another seat (its id) into one. */
  joinTeam(team: string, seat?: string): Promise<null>;
  /** Whose turn it is; null if it is nobody's and nobody is waited for. */
  readonly turn: Turn | null;
  /** Whether this seat is waited for. */
  readonly isActive: boolean;
  /** What this seat may do now, in the game's order; empty if the game does not list it. */
  readonly moves: Move[];
  /** Whether there are more moves than these. */
  readonly moreMoves: boolean;
  /** The text that says what this seat, or others, are asked for; filled in, with the names of players. */
  readonly prompt: string | null;
  /** Whether `undo` would take something back. */
  readonly mayUndo: boolean;
  /**
   * Make a move; `choices` has what it leaves open. Resolves with the reply. It is good for the present turn alone: if
   * that is over when the message comes to the server, this rejects with `not_your_turn`.
   */
  play<T = Doc>(move: Pick<Move, "type" | "data">, choices?: Record<string, unknown>): Promise<T>;
  /** Take back this seat's last moves, if they may be; rejects with `cannot_undo`, whose message says why not. */
  undo(): Promise<Doc>;
  /** Be ready for the game to start, or not yet. */
  ready(on?: boolean): Promise<null>;
  /**
   * Without a seat, as the host in the lobby: have a bot of this level play; resolves with the id of its seat. With a
   * seat: hand it to a bot of this level; without a level, give it back to its player, or remove the bot that has it.
   */
  bot(which?: { level?: string | null; name?: string; seat?: string | Seat }): Promise<string | null>;
  /** The text on a button for this move, with the names of players; what is not chosen yet stays `{field}`. */
  label(move: Move, choices?: Record<string, unknown>): string;
  /**
   * For a page in another language: called with each text of a prompt or label before names are filled in, and with
   * each value that is filled in and is no name. By default it returns them unchanged.
   */
  translate: (text: string) => string;
  /** A value of a move or prompt as text: a seat or a team by its name, lists with commas. */
  name(value: unknown): string;

  /** Give up the seat, for all its tabs; resolves also if it is gone already. */
  leave(): Promise<void>;
  /** The server's clock, ms since 1970, offset by ping. */
  now(): number;

  /** Listen from now on; the returned function ends that. */
  on(type: "$change", listener: (change: Change) => void): () => void;
  /** The seats that changed; all of them after a group's end or a new connection. */
  on(type: "$seats", listener: (changed: Seat[]) => void): () => void;
  on(type: "$info", listener: (info: Info) => void): () => void;
  /** The turn, those who are waited for, the prompt or a clock has changed. Comes after `$info`. */
  on(type: "$turn", listener: (turn: Turn | null) => void): () => void;
  /** This seat's moves, its own prompt, or whether it may undo, have changed. */
  on(type: "$moves", listener: (moves: Move[]) => void): () => void;
  on(type: "$timers", listener: (timers: Map<string, Timer>) => void): () => void;
  on(type: "$chat", listener: (line: Line) => void): () => void;
  /** A line was changed, or, with `text: null`, taken back. */
  on(type: "$edited", listener: (line: Line) => void): () => void;
  /** Channels came or went, or were closed, made read-only, or slowed. */
  on(type: "$channels", listener: (channels: Map<string, Channel>) => void): () => void;
  /** `$read`: this seat has read, here or on another device. `$typing`: somebody is writing, or has stopped. */
  on(type: "$read" | "$typing", listener: (channel: Channel) => void): () => void;
  /** The seat was given back after a loss; unless `recovered`, events may have been missed. */
  on(type: "$joined", listener: (joined: { recovered: boolean | null }) => void): () => void;
  on(type: "$left", listener: (left: Left) => void): () => void;
  /** After `$left` with the reason `next`: this client has its seat in the next room, or gets none. */
  on(type: "$next", listener: (next: Room | null, error: GameError | null) => void): () => void;
  /** A game's events by type; `*` is all of them. */
  on<T = Doc>(type: string, listener: (data: T, event: GameEvent<T>) => void): () => void;
}
