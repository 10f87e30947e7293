/** The element `<game-chat>`: what it consists of, what it shows of a room, and what people can do with it. */

import { About } from "./about.js";
import { el } from "./el.js";
import { Log } from "./log.js";
import { makeParts } from "./parts.js";
import { dress } from "./sheet.js";
import { WORDS } from "./words.js";

/** @import * as Api from "../../gameserver.js" */
/** @import { AnyLine } from "./log.js" */

const LOOK_MS = 1000; // how often it looks who is still writing

export class GameChat extends HTMLElement {
  static observedAttributes = ["label", "channels"];

  /** @type {((line: AnyLine, element: HTMLElement) => void) | null} */
  decorate = null;
  /** @type {any} */
  #room = null;
  #words = WORDS;
  /** @type {(() => void)[]} */
  #ends = [];
  #to = "room";
  /** @type {Set<string>} */
  #opened = new Set(); // private talks without a line yet
  #log;
  #about;
  /** @type {AnyLine | null} */
  #editing = null;
  #due = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #looking = undefined;
  #parts;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    dress(root);
    this.#parts = makeParts({
      walk: (event) => this.#walk(event),
      begin: () => this.#begin(),
      key: (event) => this.#key(event),
      typed: () => this.#typed(),
      submit: (event) => void this.#submit(event),
      unsay: () => void this.#unsay(),
      cancel: () => this.#edit(null),
    });
    this.#log = new Log(this.#parts.log);
    this.#about = new About(() => this.#words, () => this.#room.chat, async (work, said) => {
      if ((await this.#try(work)) !== undefined) this.#parts.error.textContent = said;
    });
    this.#parts.typing.before(this.#about.element);
    root.append(this.#parts.section);
    this.#name();
  }

  get room() {
    return this.#room;
  }

  set room(room) {
    for (const end of this.#ends.splice(0)) end();
    this.#room = room ?? null;
    this.#opened.clear();
    this.#edit(null);
    if (this.isConnected) this.#listen();
    this.#drawSoon();
  }

  get words() {
    return this.#words;
  }

  set words(words) {
    this.#words = { ...WORDS, ...words };
    this.#name();
    this.#log.forget();
    this.#drawSoon();
  }

  get to() {
    return this.#to;
  }

  /**
   * Show a channel; with `seat:ID` or `user:ID`, this begins a private talk.
   * @param {string} to
   */
  open(to) {
    if (/^(seat|user):/.test(to)) this.#opened.add(to);
    this.#show(to);
  }

  /** @param {FocusOptions} [options] */
  focus(options) {
    this.#parts.field.focus(options);
  }

  connectedCallback() {
    this.#takeOver("room");
    this.#takeOver("words");
    this.#listen();
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS);
    this.#name();
    this.#drawSoon();
  }

  /**
   * Take over a property that the page has set before this module was loaded.
   * @param {"room" | "words"} name
   */
  #takeOver(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }

  disconnectedCallback() {
    for (const end of this.#ends.splice(0)) end();
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  attributeChangedCallback() {
    this.#name();
    this.#drawSoon();
  }

  #listen() {
    if (!this.#room || this.#ends.length) return;
    const draw = () => this.#drawSoon();
    const events = ["$chat", "$edited", "$channels", "$read", "$joined", "$seats", "$left", "$status"];
    this.#ends = events.map((event) => this.#room.on(event, draw));
    this.#ends.push(this.#room.on("$typing", () => this.#look()));
    document.addEventListener("visibilitychange", draw);
    this.#ends.push(() => document.removeEventListener("visibilitychange", draw));
  }

  // What is there

  #name() {
    const { title, label, field, send, unsay, cancel, log, section, private: seats } = this.#parts;
    const own = this.getAttribute("label") ?? this.#words.title;
    title.textContent = own;
    title.hidden = !own;
    section.setAttribute("aria-label", own || this.getAttribute("aria-label") || this.#words.title);
    label.textContent = this.#words.field;
    field.placeholder = this.#words.field;
    send.textContent = this.#editing ? this.#words.save : this.#words.send;
    unsay.textContent = this.#words.unsay;
    cancel.textContent = this.#words.cancel;
    seats.setAttribute("aria-label", this.#words.private);
    log.setAttribute("aria-label", own || this.#words.title);
  }

  /**
   * The channels to show, the room's first.
   * @returns {string[]}
   */
  #channels() {
    const only = this.getAttribute("channels")?.split(/\s+/).filter(Boolean);
    const known = [...(this.#room?.chat.channels.keys() ?? [])].filter((to) => to !== "seat");
    const all = [...new Set([...known, ...this.#opened])].filter((to) => !only || only.includes(to));
    // The room's channel gets no tab if it is empty and nobody may write there, as in games with chat only in groups.
    const room = this.#channel("room");
    const dead = all.length > 1 && room?.closed && !room.lines.length;
    return all.filter((to) => to !== "room" || !dead).sort((a, b) => Number(b === "room") - Number(a === "room"));
  }

  /** @returns {Api.Channel<any> | undefined} */
  #channel(to = this.#to) {
    return this.#room?.chat.channels.get(to);
  }

  /**
   * @param {string} to
   * @returns {string}
   */
  #titleOf(to) {
    if (to.startsWith("seat:")) return this.#room.seats.get(to.slice(5))?.name ?? this.#words.gone;
    const [kind, name] = to.split(/:(.*)/s);
    if (kind === "user") return this.#channel(to)?.lines.findLast(({ from }) => from?.user === name)?.from.name ?? name;
    if (kind === "lobby") return this.#channels().filter((each) => each.startsWith("lobby:")).length > 1 ? name : this.#words.lobby;
    return this.#channel(to)?.title || (to === "room" || to === "server" ? this.#words[to] : to.replace(/^[a-z]+:/, ""));
  }

  /**
   * Whether people may change this line: outside rooms nobody may.
   * @param {AnyLine} line
   */
  #mayEdit(line) {
    return Boolean(this.#room.chat.edit) && this.#room.chat.isMine(line);
  }

  // Drawing

  #drawSoon() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw() {
    if (!this.#room) return this.#log.clear();
    const channels = this.#channels();
    if (!channels.includes(this.#to)) {
      this.#to = channels[0] ?? "room";
      this.#edit(null);
    }
    if (this.#editing && this.#editing.text === null) this.#edit(null);
    this.#drawTabs(channels);
    this.#drawPrivate();
    this.#log.draw(this.#channel()?.lines ?? [], {
      words: this.#words,
      me: this.#room.seat?.id,
      seats: this.#room.seats,
      mayEdit: (line) => this.#mayEdit(line),
      edit: (line) => this.#edit(line),
      about: this.#room.chat.report ? (line, button) => this.#about.show(line, button) : null,
      decorate: this.decorate,
    });
    const { field, send, error } = this.#parts;
    const channel = this.#channel();
    const over = !channels.length || this.#room.left || this.#room.status === "closed";
    const silent = Boolean(channel?.closed || channel?.readonly || over);
    field.disabled = send.disabled = silent;
    field.placeholder = silent ? this.#words.closed : this.#words.field;
    if (silent) error.textContent = "";
    this.#look();
    if (this.#isSeen()) this.#room.chat.read(this.#to);
  }

  /** Whether the lines are visible: then they count as read. */
  #isSeen() {
    return this.isConnected && document.visibilityState === "visible" && (this.checkVisibility?.() ?? true);
  }

  /** @param {string[]} channels */
  #drawTabs(channels) {
    const { tablist, panel } = this.#parts;
    const focused = /** @type {HTMLElement | null | undefined} */ (this.shadowRoot?.activeElement)?.dataset.to;
    tablist.hidden = channels.length < 2;
    tablist.setAttribute("aria-label", this.#words.title);
    if (tablist.hidden) {
      tablist.replaceChildren();
      for (const name of ["role", "aria-labelledby"]) panel.removeAttribute(name);
      return;
    }
    tablist.replaceChildren(...channels.map((to, i) => this.#tab(to, i)));
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${channels.indexOf(this.#to)}`);
    if (focused) /** @type {HTMLElement[]} */ ([...tablist.children]).find((tab) => tab.dataset.to === focused)?.focus({ preventScroll: true });
  }

  /**
   * @param {string} to
   * @param {number} i
   */
  #tab(to, i) {
    const chosen = to === this.#to;
    const unread = chosen && this.#isSeen() ? 0 : (this.#channel(to)?.unread ?? 0);
    const tab = el("button", { type: "button", role: "tab", id: `tab-${i}`, "data-to": to, "aria-selected": String(chosen), "aria-controls": "panel", tabindex: chosen ? "0" : "-1", onclick: () => this.#show(to) }, el("bdi", {}, this.#titleOf(to)));
    if (unread) tab.append(el("span", { class: "count", "aria-hidden": "true" }, String(unread)), el("span", { class: "hidden" }, this.#words.unread(unread)));
    return tab;
  }

  /** Draw the list of players that one may write to in private, if the game allows that. */
  #drawPrivate() {
    const { private: select } = this.#parts;
    const only = this.hasAttribute("channels");
    select.hidden = only || !this.#room.chat.channels.has("seat");
    if (select.hidden || this.shadowRoot?.activeElement === select) return;
    const others = [...this.#room.seats.values()].filter(({ id, gone }) => !gone && id !== this.#room.seat.id);
    const option = (/** @type {Api.Seat} */ { id, name, account }) => el("option", { value: `seat:${id}`, dir: "auto" }, account ? `${name} (${this.#words.account})` : name);
    select.replaceChildren(el("option", { value: "" }, this.#words.private), ...others.map(option));
  }

  /** Show who is writing; that ends by itself. */
  #look() {
    if (!this.#room) return;
    const names = (this.#channel()?.typing ?? []).map((id) => this.#room.seats.get(id)?.name).filter(Boolean);
    const text = names.length ? this.#words.writing(names) : "";
    if (this.#parts.typing.textContent !== text) this.#parts.typing.textContent = text;
  }

  // What is done

  /** @param {string} to */
  #show(to) {
    if (to === this.#to) return;
    if (this.#room && this.#parts.field.value) this.#room.chat.typing?.(this.#to, false);
    this.#to = to;
    this.#edit(null);
    this.#about.hide();
    this.#log.restart();
    this.#parts.error.textContent = "";
    this.#draw();
  }

  #begin() {
    const { private: select, field } = this.#parts;
    const to = select.value;
    select.value = "";
    if (!to) return;
    this.open(to);
    field.focus();
  }

  /**
   * Source: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
   * @param {KeyboardEvent} event
   */
  #walk(event) {
    const channels = this.#channels();
    const turned = getComputedStyle(this).direction === "rtl" ? -1 : 1;
    /** @type {Record<string, number>} */
    const steps = { ArrowRight: turned, ArrowLeft: -turned };
    let at = channels.indexOf(this.#to) + (steps[event.key] ?? 0);
    if (event.key === "Home") at = 0;
    else if (event.key === "End") at = channels.length - 1;
    else if (!(event.key in steps)) return;
    event.preventDefault();
    this.#show(channels[(at + channels.length) % channels.length]);
    /** @type {HTMLElement | null} */ (this.#parts.tablist.querySelector("[aria-selected=true]"))?.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape" && this.#editing) this.#edit(null);
    else if (event.key === "ArrowUp" && !this.#parts.field.value && !this.#editing) {
      const mine = this.#channel()?.lines.findLast((line) => this.#mayEdit(line));
      if (!mine) return;
      event.preventDefault();
      this.#edit(mine);
    }
  }

  #typed() {
    if (this.#room && !this.#editing) this.#room.chat.typing?.(this.#to, this.#parts.field.value !== "");
  }

  /**
   * Change this line; or none any more.
   * @param {AnyLine | null} line
   */
  #edit(line) {
    const { field, cancel, unsay, send } = this.#parts;
    if (!line && !this.#editing) return;
    this.#editing = line;
    field.value = line?.text ?? "";
    cancel.hidden = unsay.hidden = !line;
    send.textContent = line ? this.#words.save : this.#words.send;
    if (line) field.focus();
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const { field } = this.#parts;
    const text = field.value.trim();
    const line = this.#editing;
    if (!text || !this.#room) return;
    const to = this.#to;
    const done = line ? this.#room.chat.edit(line, text, line.data ?? undefined) : this.#room.chat.say(text, to);
    this.#edit(null);
    field.value = "";
    const answer = await this.#try(done);
    if (answer === undefined && to === this.#to) field.value ||= text;
    else if (answer?.text) this.#parts.error.textContent = answer.text; // the result of a command
  }

  async #unsay() {
    const line = this.#editing;
    this.#edit(null);
    this.#parts.field.focus();
    await this.#try(this.#room.chat.unsay(line));
  }

  /**
   * The result of a promise; or undefined, with the reason shown above the field.
   * @param {Promise<any>} promise
   */
  async #try(promise) {
    const { error } = this.#parts;
    error.textContent = "";
    try {
      return (await promise) ?? null;
    } catch (failed) {
      error.textContent = this.#words.failed(/** @type {Error} */ (failed));
      return undefined;
    }
  }
}
