/**
 * <game-chat>: a room's chat, for any page. One module, nothing else:
 *
 *     import "../../game-chat.js";
 *     const chat = document.createElement("game-chat");
 *     chat.room = room;                                   // of gameserver.js
 *     document.querySelector("main").append(chat);
 *
 * A tab for each channel, with what is unread; lines, who is writing, a field. Enter says a line, the up arrow in the
 * empty field changes one's last, Escape gives that up; the arrow keys go from tab to tab. What people write is put in as
 * text, and nothing else: no markup of theirs ever becomes an element, and a text that runs from right to left turns
 * neither the name before it nor the next line.
 *
 * Attributes   label     what stands above it, "Chat"; empty: nothing, and `aria-label` is for screen readers
 *              channels  addresses, with spaces: only these; by default all that this seat hears
 * Properties   room      a Room; or a Client, for what is said outside rooms: lobbies, direct messages, announcements;
 *                        null empties it
 *              words     {send: "Senden", …}: texts in another language, those of WORDS below
 *              decorate  (line, element) => …: called for each line that is drawn, for a game's own `line.data`
 *              to        the address of the channel that is shown
 * Methods      open(to)  show a channel: also "seat:ID" or outside rooms "user:ID", to begin a private talk
 * Looks        --game-chat-ink, -muted, -ground, -line, -edge, -accent, -on-accent, -bad, -focus, -radius, -font, -height
 *              (of the lines); by default the colours of /static/style.css where it is, else the system's. ::part(title), (tabs),
 *              (log), (line), (from), (text), (form), (field), (send)
 */

const WORDS = {
  title: "Chat",
  room: "Everybody",
  lobby: "Lobby",
  server: "Announcements",
  field: "Say something",
  private: "Private line to…",
  send: "Send",
  save: "Save",
  cancel: "Cancel",
  unsay: "Take back",
  edit: "Edit",
  edited: "(edited)",
  nothing: "Nothing said yet.",
  closed: "Nobody may write here now.",
  gone: "somebody who left",
  unread: (n) => `${n} unread`,
  writing: (names) => (names.length > 2 ? "Several people are writing…" : `${names.join(" and ")} ${names.length > 1 ? "are" : "is"} writing…`),
};

const AT_END_PX = 40; // so near the end one reads along
const LOOK_MS = 1000; // how often "is writing" is looked at, which ends by itself

/* By our own name, else as /static/style.css calls it, else the system's. */
const TOKENS = {
  ink: "var(--ink, CanvasText)",
  muted: "var(--muted, CanvasText)",
  ground: "var(--card, Canvas)",
  line: "var(--line, GrayText)",
  edge: "var(--edge, GrayText)",
  accent: "var(--accent, LinkText)",
  "on-accent": "var(--on-accent, Canvas)",
  bad: "var(--bad, CanvasText)",
  focus: "var(--focus, Highlight)",
};
const token = (name) => `var(--game-chat-${name}, ${TOKENS[name]})`;

const SHEET = `
:host { display: flex; flex-direction: column; min-width: 0; min-height: 0; text-align: start; font-family: var(--game-chat-font, inherit); color: ${token("ink")}; }
:host([hidden]) { display: none; }
*, *::before { box-sizing: border-box; }
[hidden] { display: none !important; }
section { display: flex; flex-direction: column; gap: .6rem; min-height: 0; flex: 1; }
h2 { margin: 0; font-size: 1.15em; line-height: 1.2; }
.tabs { display: flex; flex-wrap: wrap; gap: .35rem; align-items: center; }
button, select, input { font: inherit; color: inherit; border-radius: var(--game-chat-radius, .55rem); border: 1px solid ${token("line")}; background: transparent; min-height: 2.4em; padding: .3em .7em; max-width: 100%; }
button { cursor: pointer; }
button:disabled { cursor: default; opacity: .6; }
:focus-visible { outline: 3px solid ${token("focus")}; outline-offset: 2px; }
[role=tab] { display: flex; align-items: center; gap: .4em; max-width: 14em; }
[role=tab] > bdi { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
[role=tab][aria-selected=true] { font-weight: 700; border-color: currentColor; border-width: 2px; }
.count { background: ${token("accent")}; color: ${token("on-accent")}; border-radius: 1em; padding: 0 .5em; font-size: .85em; font-weight: 700; }
.panel { display: flex; flex-direction: column; gap: .35rem; min-height: 0; flex: 1; }
[role=log] { height: var(--game-chat-height, 16rem); overflow-y: auto; overscroll-behavior: contain; border: 1px solid ${token("line")}; border-radius: var(--game-chat-radius, .55rem); background: ${token("ground")}; padding: .5em .6em; flex: 1 0 auto; }
.line { margin: 0 0 .3em; display: flex; flex-wrap: wrap; column-gap: .5em; align-items: baseline; overflow: hidden; overflow-wrap: anywhere; line-height: 1.4; }
.from { font-weight: 700; }
.text { min-width: 0; white-space: pre-wrap; unicode-bidi: isolate; flex: 0 1 auto; margin: 0; }
.game, .note, .empty, .typing { color: ${token("muted")}; }
.emote .text, .empty { font-style: italic; }
.mentioned { border-inline-start: 4px solid ${token("accent")}; padding-inline-start: .4em; }
.line button { min-height: 1.7em; padding: 0 .5em; font-size: .8em; color: ${token("muted")}; }
.typing { margin: 0; min-height: 1.4em; font-size: .85em; }
.error { margin: 0; color: ${token("bad")}; }
.error:empty { display: none; }
form { display: flex; flex-wrap: wrap; gap: .4rem; }
input { flex: 1 1 8rem; min-width: 0; background: ${token("ground")}; border-color: ${token("edge")}; }
input::placeholder { color: ${token("muted")}; opacity: 1; }
.send { background: ${token("accent")}; color: ${token("on-accent")}; border-color: transparent; font-weight: 700; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (forced-colors: active) { .count, .send { border: 1px solid; } }
`;

/** An element; text is text only. */
function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

let sheet = null; // one for all of a page; made by a script, so that a policy against inline styles lets it be

class GameChat extends HTMLElement {
  static observedAttributes = ["label", "channels"];

  decorate = null;
  #room = null;
  #words = WORDS;
  #ends = [];
  #to = "room";
  #opened = new Set(); // private talks without a line yet
  #drawn = []; // the lines that stand in the log
  #nodes = new WeakMap();
  #editing = null;
  #due = false;
  #looking = null;
  #parts = {};

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(SHEET);
    root.adoptedStyleSheets = [sheet];
    this.#build(root);
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
    this.#drawn = [];
    this.#parts.log.replaceChildren();
    this.#nodes = new WeakMap();
    this.#drawSoon();
  }

  get to() {
    return this.#to;
  }

  /** Show a channel; a private talk is begun with it. */
  open(to) {
    if (/^(seat|user):/.test(to)) this.#opened.add(to);
    this.#show(to);
  }

  focus(options) {
    this.#parts.field.focus(options);
  }

  connectedCallback() {
    for (const name of ["room", "words"]) this.#takeOver(name);
    this.#listen();
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS);
    this.#name();
    this.#drawSoon();
  }

  /** A page may have set a property before this module was there. */
  #takeOver(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }

  disconnectedCallback() {
    for (const end of this.#ends.splice(0)) end();
    clearInterval(this.#looking);
    this.#looking = null;
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

  #build(root) {
    const parts = this.#parts;
    parts.title = el("h2", { part: "title", id: "title" });
    parts.tablist = el("div", { role: "tablist", part: "tabs", class: "tabs", onkeydown: (event) => this.#walk(event) });
    parts.private = el("select", { onchange: () => this.#begin() });
    parts.log = el("div", { role: "log", part: "log", tabindex: "0", "aria-live": "polite", "aria-relevant": "additions" });
    parts.typing = el("p", { class: "typing", "aria-live": "off" });
    parts.error = el("p", { class: "error", role: "alert" });
    parts.label = el("label", { for: "field", class: "hidden" });
    parts.field = el("input", { id: "field", part: "field", autocomplete: "off", dir: "auto", enterkeyhint: "send", onkeydown: (event) => this.#key(event), oninput: () => this.#typed() });
    parts.send = el("button", { type: "submit", class: "send", part: "send" });
    parts.unsay = el("button", { type: "button", hidden: true, onclick: () => this.#unsay() });
    parts.cancel = el("button", { type: "button", hidden: true, onclick: () => this.#edit(null) });
    parts.form = el("form", { part: "form", onsubmit: (event) => this.#submit(event) }, parts.label, parts.field, parts.send, parts.cancel, parts.unsay);
    parts.panel = el("div", { class: "panel", id: "panel" }, parts.log, parts.typing, parts.error, parts.form);
    parts.section = el("section", {}, parts.title, el("div", { class: "tabs" }, parts.tablist, parts.private), parts.panel);
    root.append(parts.section);
    this.#name();
  }

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

  /** The channels to show, the room's first. */
  #channels() {
    const only = this.getAttribute("channels")?.split(/\s+/).filter(Boolean);
    const known = [...(this.#room?.chat.channels.keys() ?? [])].filter((to) => to !== "seat");
    const all = [...new Set([...known, ...this.#opened])].filter((to) => !only || only.includes(to));
    // A room's own channel in which nothing is and nobody may write, as where a game talks in groups alone, is no tab.
    const dead = (to) => to === "room" && all.length > 1 && this.#channel(to)?.closed && !this.#channel(to).lines.length;
    return all.filter((to) => !dead(to)).sort((a, b) => Number(b === "room") - Number(a === "room"));
  }

  #channel(to = this.#to) {
    return this.#room?.chat.channels.get(to);
  }

  #titleOf(to) {
    if (to.startsWith("seat:")) return this.#room.seats.get(to.slice(5))?.name ?? this.#words.gone;
    const [kind, name] = to.split(/:(.*)/s);
    if (kind === "user") return this.#channel(to)?.lines.findLast(({ from }) => from?.user === name)?.from.name ?? name;
    if (kind === "lobby") return this.#channels().filter((each) => each.startsWith("lobby:")).length > 1 ? name : this.#words.lobby;
    return this.#channel(to)?.title || (["room", "server"].includes(to) ? this.#words[to] : to.replace(/^[a-z]+:/, ""));
  }

  /** Whether people may change this line: outside rooms nobody may. */
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
    if (!this.#room) return void this.#parts.log.replaceChildren();
    const channels = this.#channels();
    if (!channels.includes(this.#to)) {
      this.#to = channels[0] ?? "room";
      this.#edit(null);
    }
    if (this.#editing && this.#editing.text === null) this.#edit(null);
    this.#drawTabs(channels);
    this.#drawPrivate();
    this.#drawLines();
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

  /** Whether somebody sees the lines: then they are read. */
  #isSeen() {
    return this.isConnected && document.visibilityState === "visible" && (this.checkVisibility?.() ?? true);
  }

  #drawTabs(channels) {
    const { tablist, panel } = this.#parts;
    const focused = this.shadowRoot.activeElement?.dataset.to;
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
    if (focused) [...tablist.children].find((tab) => tab.dataset.to === focused)?.focus({ preventScroll: true });
  }

  #tab(to, i) {
    const chosen = to === this.#to;
    const unread = chosen && this.#isSeen() ? 0 : (this.#channel(to)?.unread ?? 0);
    const tab = el("button", { type: "button", role: "tab", id: `tab-${i}`, "data-to": to, "aria-selected": String(chosen), "aria-controls": "panel", tabindex: chosen ? "0" : "-1", onclick: () => this.#show(to) }, el("bdi", {}, this.#titleOf(to)));
    if (unread) tab.append(el("span", { class: "count", "aria-hidden": "true" }, String(unread)), el("span", { class: "hidden" }, this.#words.unread(unread)));
    return tab;
  }

  /** Whom one may write to alone, where the game lets seats be written to. */
  #drawPrivate() {
    const { private: select } = this.#parts;
    const only = this.hasAttribute("channels");
    select.hidden = only || !this.#room.chat.channels.has("seat");
    if (select.hidden || this.shadowRoot.activeElement === select) return;
    const others = [...this.#room.seats.values()].filter(({ id, gone }) => !gone && id !== this.#room.seat.id);
    const option = ({ id, name }) => el("option", { value: `seat:${id}`, dir: "auto" }, name);
    select.replaceChildren(el("option", { value: "" }, this.#words.private), ...others.map(option));
  }

  #drawLines() {
    const { log } = this.#parts;
    const lines = this.#channel()?.lines ?? [];
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < AT_END_PX;
    const goesOn = this.#drawn.length > 0 && this.#drawn.every((line, i) => line === lines[i]);
    if (goesOn) log.append(...lines.slice(this.#drawn.length).map((line) => this.#node(line)));
    else log.replaceChildren(...(lines.length ? lines.map((line) => this.#node(line)) : [el("p", { class: "empty" }, this.#words.nothing)]));
    for (const line of lines) this.#node(line); // those that were changed
    this.#drawn = [...lines];
    if (atEnd || !goesOn) log.scrollTop = log.scrollHeight;
  }

  /** The paragraph of a line, made once, and filled anew where the line says something else. */
  #node(line) {
    const node = this.#nodes.get(line) ?? el("p", { part: "line" });
    this.#nodes.set(line, node);
    const version = `${line.edited} ${line.text}`;
    if (node.version === version) return node;
    node.version = version;
    const me = this.#room.seat?.id;
    const classes = [!line.from && "game", line.emote && "emote", line.mentions.includes(me) && "mentioned"];
    node.className = ["line", ...classes.filter(Boolean)].join(" ");
    const children = [el("span", { class: "text", part: "text", dir: "auto" }, line.text)];
    if (line.from) children.unshift(el("bdi", { class: "from", part: "from" }, line.from.name), el("span", { class: "hidden" }, ": "));
    if (line.edited) children.push(el("span", { class: "note" }, this.#words.edited));
    if (this.#mayEdit(line)) children.push(this.#editButton(line));
    node.replaceChildren(...children);
    this.decorate?.(line, node);
    return node;
  }

  #editButton(line) {
    return el("button", { type: "button", "aria-label": `${this.#words.edit}: ${line.text}`, onclick: () => this.#edit(line) }, this.#words.edit);
  }

  /** Who is writing; it ends by itself. */
  #look() {
    if (!this.#room) return;
    const names = (this.#channel()?.typing ?? []).map((id) => this.#room.seats.get(id)?.name).filter(Boolean);
    const text = names.length ? this.#words.writing(names) : "";
    if (this.#parts.typing.textContent !== text) this.#parts.typing.textContent = text;
  }

  // What is done

  #show(to) {
    if (to === this.#to) return;
    if (this.#room && this.#parts.field.value) this.#room.chat.typing?.(this.#to, false);
    this.#to = to;
    this.#edit(null);
    this.#drawn = [];
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

  /** Source: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ */
  #walk(event) {
    const channels = this.#channels();
    const turned = getComputedStyle(this).direction === "rtl" ? -1 : 1;
    const steps = { ArrowRight: turned, ArrowLeft: -turned };
    let at = channels.indexOf(this.#to) + (steps[event.key] ?? 0);
    if (event.key === "Home") at = 0;
    else if (event.key === "End") at = channels.length - 1;
    else if (!(event.key in steps)) return;
    event.preventDefault();
    this.#show(channels[(at + channels.length) % channels.length]);
    this.#parts.tablist.querySelector("[aria-selected=true]")?.focus();
  }

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

  /** Change this line; or none any more. */
  #edit(line) {
    const { field, cancel, unsay, send } = this.#parts;
    if (!line && !this.#editing) return;
    this.#editing = line;
    field.value = line?.text ?? "";
    cancel.hidden = unsay.hidden = !line;
    send.textContent = line ? this.#words.save : this.#words.send;
    if (line) field.focus();
  }

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
    else if (answer?.text) this.#parts.error.textContent = answer.text; // what came of a command
  }

  async #unsay() {
    const line = this.#editing;
    this.#edit(null);
    this.#parts.field.focus();
    await this.#try(this.#room.chat.unsay(line));
  }

  /** The result, or undefined with the reason above the field. */
  async #try(promise) {
    const { error } = this.#parts;
    error.textContent = "";
    try {
      return (await promise) ?? null;
    } catch (failed) {
      error.textContent = failed.message;
      return undefined;
    }
  }
}

if (!customElements.get("game-chat")) customElements.define("game-chat", GameChat);

export { GameChat };
