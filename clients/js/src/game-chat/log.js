/** The lines of one channel as the chat shows them: drawn once, then added to, and drawn anew if a line has changed. */

import { el } from "./el.js";

/** @import * as Api from "../../gameserver.js" */
/** @import { WORDS } from "./words.js" */

/** @typedef {Api.Line | Api.Post} AnyLine */

/**
 * How lines are to be drawn at the moment.
 * @typedef {object} Look
 * @property {typeof WORDS} words
 * @property {string | undefined} me the id of the seat that looks on
 * @property {Map<string, Api.Seat> | undefined} seats those of the room, if it is a room's chat
 * @property {(line: AnyLine) => boolean} mayEdit
 * @property {(line: AnyLine) => void} edit
 * @property {((line: AnyLine, button: HTMLElement) => void) | null} about what may be done about lines of others
 * @property {((line: AnyLine, element: HTMLElement) => void) | null} decorate
 */

const AT_END_PX = 40; // so near the end, it scrolls to new lines

/**
 * Whether its author has an account: outside rooms the line says so; in a room the seat, as long as it is there.
 * @param {AnyLine} line
 * @param {Map<string, Api.Seat> | undefined} seats
 */
function isAccounts({ from }, seats) {
  if (!from) return false;
  return "account" in from ? from.account : Boolean(seats?.get(from.seat)?.account);
}

export class Log {
  #element;
  /** @type {AnyLine[]} */
  #drawn = []; // the lines that are shown
  /** @type {WeakMap<AnyLine, { node: HTMLParagraphElement, version: string | null }>} */
  #nodes = new WeakMap();

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /** Remove everything. */
  clear() {
    this.#element.replaceChildren();
  }

  /** Begin anew: what is drawn next is another channel. */
  restart() {
    this.#drawn = [];
  }

  /** Make every line anew, as for another language. */
  forget() {
    this.restart();
    this.clear();
    this.#nodes = new WeakMap();
  }

  /**
   * @param {AnyLine[]} lines
   * @param {Look} look
   */
  draw(lines, look) {
    const log = this.#element;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < AT_END_PX;
    const goesOn = this.#drawn.length > 0 && this.#drawn.every((line, i) => line === lines[i]);
    const node = (/** @type {AnyLine} */ line) => this.#node(line, look);
    if (goesOn) log.append(...lines.slice(this.#drawn.length).map(node));
    else log.replaceChildren(...(lines.length ? lines.map(node) : [el("p", { class: "empty" }, look.words.nothing)]));
    for (const line of lines) node(line); // those that were changed
    this.#drawn = [...lines];
    if (atEnd || !goesOn) log.scrollTop = log.scrollHeight;
  }

  /**
   * The paragraph of a line, made once, and filled anew if the line has changed.
   * @param {AnyLine} line
   * @param {Look} look
   */
  #node(line, { words, me, seats, mayEdit, edit, about, decorate }) {
    const made = this.#nodes.get(line) ?? { node: el("p", { part: "line" }), version: null };
    const { node } = made;
    this.#nodes.set(line, made);
    const account = isAccounts(line, seats);
    const version = `${line.edited} ${account} ${line.text}`;
    if (made.version === version) return node;
    made.version = version;
    const classes = [!line.from && "game", line.emote && "emote", me && line.mentions.includes(me) && "mentioned"];
    node.className = ["line", ...classes.filter(Boolean)].join(" ");
    /** @type {HTMLElement[]} */
    const children = [el("span", { class: "text", part: "text", dir: "auto" }, String(line.text))];
    const mark = () => el("span", { class: "account", part: "account", title: words.account }, el("span", { "aria-hidden": "true" }, "@"), el("span", { class: "hidden" }, ` ${words.account}`));
    if (line.from) children.unshift(el("bdi", { class: "from", part: "from" }, line.from.name), ...(account ? [mark()] : []), el("span", { class: "hidden" }, ": "));
    if (line.edited) children.push(el("span", { class: "note" }, words.edited));
    if (mayEdit(line)) children.push(el("button", { type: "button", "aria-label": `${words.edit}: ${line.text}`, onclick: () => edit(line) }, words.edit));
    else if (about && line.from) {
      const more = el("button", { type: "button", "aria-label": `${words.more}: ${line.text}`, onclick: () => about(line, more) }, "…");
      children.push(more);
    }
    node.replaceChildren(...children);
    decorate?.(line, node);
    return node;
  }
}
