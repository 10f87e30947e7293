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
export const SAID = new Map(ARRAYS.filter(isClients).map((array) => [array.op, array]));

/** The messages of servers, by number. */
export const HEARD = new Map(ARRAYS.filter((array) => !isClients(array)).map((array) => [array.number, array]));
