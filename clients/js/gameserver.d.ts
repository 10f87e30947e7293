/** Types of gameserver.js, and what each part of it promises. */

/** A JSON value; bytes are `Uint8Array`. */
export type Value = null | boolean | number | string | Uint8Array | Value[] | { [key: string]: Value };

/** A document, and whatever else a game says: its shape is the game's. */
export type Doc = any;

export type Path = (string | number)[];
export type Status = "connecting" | "open" | "closed";

/**
 * A refusal. `code` is stable: one of the server's (`refused`, `not_found`, `room_full`, `wrong_password`,
 * `rate_limited`, ...) or of the game's own; or of this client: `closed` (there is no connection any more), `lost` (the
 * connection was lost, and nobody knows whether it was done), `unreachable` (no server answered in time, or the node that
 * has a room cannot be reached from here).
 */
export class GameError extends Error {
  constructor(code: string, message?: string, path?: string | null, room?: string | null, retry_ms?: number | null);
  readonly code: string;
  /** Where in what was sent the fault lies, such as `$.data.cell`. */
  readonly path: string | null;
  /** The code of the room that refused, or null: of what was refused before a room saw it, or outside all rooms. */
  readonly room: string | null;
  /** After so many milliseconds it is worth while to ask again; null: nobody knows. */
  readonly retry_ms: number | null;
}

export interface ConnectOptions {
  /**
   * `ws:`, `wss:`, `http:` or `https:`, or a path of the page's own host. By default `ws` beside this module, where the
   * page is there or below, as pages of the server are; else `/ws`.
   */
  url?: string;
  /** The name of a new guest, and the default name of seats. */
  name?: string;
  /** Who this is. A token given here is not written to storage; a guest's own is, so that a reload is the same guest. */
  token?: string | null;
  /** The same, good for one connection; later ones use the token that it bought. A function is asked for each. */
  ticket?: string | (() => string | Promise<string>) | null;
  /** Speak MessagePack instead of JSON: shorter, above all the patches of large or fast documents. By default false. */
  binary?: boolean;
  /** By default the global one; in node 20 that of npm's `ws`. */
  WebSocket?: unknown;
  /** Where a guest's token and the secrets of seats are kept: by default localStorage; null keeps them in memory. */
  storage?: Pick<Storage, "getItem" | "setItem"> | null;
  /**
   * Whose a guest's token is that is kept: by default the `browser`'s, so that all its tabs are one guest; or this `tab`'s
   * alone, so that two people play in one browser. It is kept over a reload in both cases.
   */
  session?: "browser" | "tab";
  /** How long to try for the first `welcome`, in ms; by default 30,000. `Infinity`: for as long as it takes. */
  timeout_ms?: number;
  /** Ends the attempt: `connect` rejects with its reason. Once it has resolved, the signal is not looked at any more. */
  signal?: AbortSignal;
}

/**
 * Connect, trying again until the server says welcome. Rejects (`GameError`) where it does not admit this user, and with
 * the code `unreachable` where no server has answered in time.
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

/** One user's connection, and the rooms in which it holds seats. It comes back by itself. */
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
  /** What is said outside rooms, in the places that this client hears. */
  readonly chat: Posts;

  /** Make a room and take a seat. Rejects with `lost` where the connection broke before the answer: it may exist. */
  create(game: string, options?: CreateOptions): Promise<Room>;
  /** Take a seat in the room of this code, or the one that this user has there already. */
  join(code: string, options?: SeatOptions & { password?: string }): Promise<Room>;
  /** Take a seat in an open room whose options hold `match`, or in a new one with these; rejects as `create`. */
  match(game: string, options?: SeatOptions & { match?: Record<string, unknown> }): Promise<Room>;
  /** Back to a remembered seat (after a reload), the latest one unless `role` says which; `not_found` where none is. */
  resume(code: string, options?: { role?: string }): Promise<Room>;
  /** The seats of this user whose secrets are in storage, the latest first. */
  remembered(): { code: string; game: string; role: string }[];
  /** Hear the lobby of a game, from now on and over reconnects; `bad_data` where there is no such game. */
  lobby(game: string): Promise<Channel<Post>>;
  /** Hear direct messages. With a user's id (`post.from.user`): the channel of that one. */
  direct(user: string): Promise<Channel<Post>>;
  direct(user?: null): Promise<null>;
  /** Hear what the operator announces. */
  announcements(): Promise<Channel<Post>>;
  /** The server's clock, ms since 1970. */
  now(): number;
  /** While it is `connecting`: dial now, instead of waiting for the next try. Otherwise ask whether anybody is there. */
  reconnect(): void;
  /** No further connection. Seats are held as after a loss; what is unanswered rejects with `closed`. */
  close(): void;

  /** The returned function ends it. */
  on(type: "$status", listener: (status: Status, error: GameError | null) => void): () => void;
  /** Refusals that answer no request: of `room.tell`, and of a seat that is kept, but cannot be had back at once. */
  on(type: "$error", listener: (error: GameError) => void): () => void;
  /** The user has other rights from now on. */
  on(type: "$user", listener: (user: User) => void): () => void;
  /** A line outside rooms, also those that were said before. */
  on(type: "$chat", listener: (post: Post) => void): () => void;
  /** A place is heard, or no more. */
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
  /** Those that this seat may know of. */
  groups: string[];
  gone: boolean;
  /** The level of the bot that sits here, or null. */
  bot: string | null;
  /** A bot moves here while its player is away. */
  stand_in: boolean;
  /** Its player is ready for the round to start. */
  ready: boolean;
  /** Whether whoever sits here has an account; a guest is known by a name alone. */
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
  /** Who has won how often, here and in the rooms that this one goes on from, most wins first; missing before two rounds. */
  evening?: { name: string; wins: number }[];
}

/** Whose turn it is. Those of `order`, `current` and `clocks` are ids of seats, or `group:NAME` for a team. */
export interface Turn {
  order: string[];
  current: string | null;
  /** The ids of the seats that are waited for now. */
  active: string[];
  stage: string | null;
  number: number;
  round: number;
  prompt: Prompt | null;
  /** When the time of this turn or call is up, by the server's clock, ms since 1970; null: never, or it stands still. */
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
  /** With what is settled filled in; each `{field}` stands for a choice. `Room.label` fills in the rest. */
  label: string | null;
  /** Moves of one group belong together. */
  group: string | null;
  /** By field, what may be chosen; missing or null: nothing is left open. */
  choices: Record<string, Choice> | null;
  /** The names of the fields that are seats. */
  seats: string[];
}

/** One of `of`, or so many of them, least and most; a whole number from the first up to before the last; null: anything. */
export type Choice = { of: Doc[] } | { some: [number, number]; of: Doc[] } | { range: [number, number] } | null;

/** A team as the server tells it; `Room.teams` has them with their seats. */
export interface TeamInfo {
  /** Its group's. */
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
  /** What is left now, in ms. */
  left(): number;
}

export interface Line {
  stream: string;
  n: number;
  from: { seat: string; name: string } | null;
  to: string;
  /** null once it was taken back; it is in no list then. */
  text: string | null;
  data: Doc;
  at: number;
  /** It says what its sender does. */
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
  /** Its number there. */
  n: number;
  /** null: the operator. */
  from: { user: string; name: string; account: boolean } | null;
}

/** A channel of a room's chat, as this seat hears it; or with posts, a place outside rooms. */
export interface Channel<L = Line> {
  /**
   * Its address: `room`, `group:NAME`, `channel:NAME`, or `seat:ID` for what was said in private with that seat;
   * outside rooms `lobby:GAME`, `server`, or `user:ID` for what was said in private with that user.
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
  /** Lines of others behind that. */
  readonly unread: number;
  /** The ids of the seats that are writing now. */
  readonly typing: string[];
  /** Say a line here: as `chat.say`. */
  say(text: string, data?: unknown): Promise<{ text: string } | null>;
}

/** What is said in a room, channel by channel. */
export class Chat {
  private constructor();
  /** Of all channels together, 200 of each, as they came. */
  readonly lines: Line[];
  /** By address; `seat` among them says that seats may be written to. */
  readonly channels: Map<string, Channel>;
  /** `to` is `room`, `group:NAME`, `channel:NAME` or `seat:ID`. Resolves with what a command answers, null for a line. */
  say(text: string, to?: string, data?: unknown): Promise<{ text: string } | null>;
  /** Say what this seat does: `emote("waves")`. */
  emote(text: string, to?: string, data?: unknown): Promise<null>;
  /** Change a line of one's own, while the game lets one. */
  edit(line: Line, text: string, data?: unknown): Promise<null>;
  /** Take it back. */
  unsay(line: Line): Promise<null>;
  /** Call it with each key: others are told now and then. `on: false` once it is over; `say` does that. */
  typing(to?: string, on?: boolean): void;
  /** This seat has read so far, by default all that is there. */
  read(to?: string, upto?: number): void;
  /** Bring a line or a seat's id to those who moderate. */
  report(what: Line | string, reason?: string): Promise<null>;
  /** Hear nothing more of a seat's user; or hear it again. */
  block(seat: string, on?: boolean): Promise<null>;
  /** The address of the channel that a line stands in. */
  of(line: Line): string;
  /** Whether this seat said it. */
  isMine(line: Line): boolean;
}

/** What is said outside rooms, place by place. */
export class Posts {
  private constructor();
  /** By address: those that were asked for, and `user:ID` of whoever wrote to this user. */
  readonly channels: Map<string, Channel<Post>>;
  /** `to` is `lobby:GAME` or `user:ID`. Rejects with `lost` where the connection broke before the answer: it may be said. */
  say(text: string, to: string, data?: unknown): Promise<null>;
  /** This user has read so far, by default all that is there. This browser remembers it, no other one hears of it. */
  read(to: string, upto?: number): void;
  /** Hear a place no more: `lobby:GAME`, `direct` or `server`. */
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
  /** With `next`: the code of the room in which all go on. */
  next?: string | null;
}

export interface Change {
  /** `room`, `seat`, `group:NAME` or `role:NAME`. */
  stream: string;
  /** As it is now; null when it is gone. */
  doc: Doc | null;
  /** What may differ; an empty path is the whole document. */
  paths: Path[];
}

export type HostAct = "end" | "again" | "pause" | "unpause" | "lock" | "unlock" | "kick" | "mute" | "pass";

/** A room as this seat knows it, kept up to date; all of it changes in place. */
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
  /** In the game's order; none where it has no teams. */
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

  /** A message of the game's own. Resolves with the reply; survives a reconnect, applied exactly once. */
  send<T = Doc>(type: string, data?: unknown): Promise<T>;
  /** Without an id: no reply, said once or not at all (dropped while there is no connection). */
  tell(type: string, data?: unknown): void;
  /** As the host. */
  start(): Promise<Doc>;
  /**
   * As the host: `end` the round, play `again`, `pause`, `unpause`, `lock`, `unlock`; or, with the id of a seat, `kick` and
   * `mute` somebody, or `pass` the right on. `forbidden` where the game's `host_may` leaves it out.
   */
  asHost(act: HostAct, seat?: string): Promise<null>;
  /** As the host, in the lobby or once the game is over: all of the room's options, as for `create`. */
  setOptions(options: Record<string, unknown>): Promise<null>;
  /**
   * As the host: go on with everybody in a new room, with another game or the same. Resolves with that room; all other
   * clients go there as well, each by itself.
   */
  nextGame(game: string, options?: Record<string, unknown>): Promise<Room>;
  /** The room in which this client goes on with all who were here, once it has its seat there; or null. */
  readonly next: Room | null;
  /** Into a team, where the game lets players choose; as the host, also somebody else (the id of a seat). */
  joinTeam(team: string, seat?: string): Promise<null>;
  /** Whose turn it is; null where it is nobody's and nobody is waited for. */
  readonly turn: Turn | null;
  /** Whether this seat is waited for. */
  readonly isActive: boolean;
  /** What this seat may do now, in the game's order; none where the game does not say. */
  readonly moves: Move[];
  /** There are more moves than these. */
  readonly moreMoves: boolean;
  /** What this seat is asked for, or told while others are; filled in, with the names of players. */
  readonly prompt: string | null;
  /** Whether `undo` would take something back. */
  readonly mayUndo: boolean;
  /**
   * Make a move; `choices` has what it leaves open. Resolves with the reply. It is good for the turn of this moment alone:
   * if that is over by the time the server hears of it, this rejects with `not_your_turn`.
   */
  play<T = Doc>(move: Pick<Move, "type" | "data">, choices?: Record<string, unknown>): Promise<T>;
  /** Take back this seat's last moves of a kind that may be; `cannot_undo` says why not. */
  undo(): Promise<Doc>;
  /** Be ready for the game to start, or not yet. */
  ready(on?: boolean): Promise<null>;
  /**
   * Without a seat, as the host in the lobby: have a bot of this level play; resolves with the id of its seat. With one:
   * hand it to a bot of this level; without a level give it back to its player, or remove the bot that has it.
   */
  bot(which?: { level?: string | null; name?: string; seat?: string | Seat }): Promise<string | null>;
  /** What to write on a button for this move, with the names of players; what is not chosen yet stays `{field}`. */
  label(move: Move, choices?: Record<string, unknown>): string;
  /**
   * Called with each text of a prompt or label before names are filled in, and with what is filled in that is no name, for a
   * page in another language; as it is made, it leaves them as they are.
   */
  translate: (text: string) => string;
  /** How to show a value of a move or prompt: a seat or a team by name, lists with commas. */
  name(value: unknown): string;

  /** Give up the seat, for all its tabs; where it is gone already, that is done. */
  leave(): Promise<void>;
  /** The server's clock, ms since 1970, offset by ping. */
  now(): number;

  /** The returned function ends it. */
  on(type: "$change", listener: (change: Change) => void): () => void;
  /** The seats that changed; all of them after a group's end or a new connection. */
  on(type: "$seats", listener: (changed: Seat[]) => void): () => void;
  on(type: "$info", listener: (info: Info) => void): () => void;
  /** It is another's turn, others are waited for, there is another prompt, or a clock was set. After `$info`. */
  on(type: "$turn", listener: (turn: Turn | null) => void): () => void;
  /** This seat has other moves, another prompt of its own, or may undo, or not any more. */
  on(type: "$moves", listener: (moves: Move[]) => void): () => void;
  on(type: "$timers", listener: (timers: Map<string, Timer>) => void): () => void;
  on(type: "$chat", listener: (line: Line) => void): () => void;
  /** A line says something else now, or with `text: null` nothing any more. */
  on(type: "$edited", listener: (line: Line) => void): () => void;
  /** Channels came, went, or are closed, silent, slow. */
  on(type: "$channels", listener: (channels: Map<string, Channel>) => void): () => void;
  /** This seat has read, here or on another device; somebody is writing, or has stopped. */
  on(type: "$read" | "$typing", listener: (channel: Channel) => void): () => void;
  /** The seat was given back after a loss; unless `recovered`, events may have been missed. */
  on(type: "$joined", listener: (joined: { recovered: boolean | null }) => void): () => void;
  on(type: "$left", listener: (left: Left) => void): () => void;
  /** After `$left` with the reason `next`: this client has its seat in the next room, or gets none there. */
  on(type: "$next", listener: (next: Room | null, error: GameError | null) => void): () => void;
  /** A game's events by type; `*` is all of them. */
  on<T = Doc>(type: string, listener: (data: T, event: GameEvent<T>) => void): () => void;
}
