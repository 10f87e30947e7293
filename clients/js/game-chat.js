/**
 * <game-chat>: a room's chat, for any page. One module, nothing else:
 *
 *     import "../../game-chat.js";
 *     const chat = document.createElement("game-chat");
 *     chat.room = room;                                   // of gameserver.js
 *     document.querySelector("main").append(chat);
 *
 * It has a tab for each channel, with the number of unread lines; the lines; who is writing; and a field. Enter says a
 * line, the up arrow in the empty field changes one's last line, Escape gives that up; the arrow keys go from tab to
 * tab. What people write is shown as text: no markup of theirs ever becomes an element, and a text that runs from right
 * to left turns neither the name before it nor the next line.
 *
 * Attributes   label     the title above it, by default "Chat"; empty: none, and `aria-label` is for screen readers
 *              channels  addresses, with spaces: show only these; by default all that this seat hears
 * Properties   room      a Room; or a Client, for what is said outside rooms: lobbies, direct messages, announcements;
 *                        null empties it
 *              words     {send: "Senden", …}: texts in another language, those of WORDS below
 *              decorate  (line, element) => …: called for each line that is drawn, for a game's own `line.data`
 *              to        the address of the channel that is shown
 * Methods      open(to)  show a channel: also "seat:ID" or outside rooms "user:ID", to begin a private talk
 * Looks        --game-chat-ink, -muted, -ground, -line, -edge, -accent, -on-accent, -bad, -focus, -radius, -font, -height
 *              (of the lines); by default the colours of /static/style.css where it is, else the system's. ::part(title), (tabs),
 *              (log), (line), (from), (text), (form), (field), (send)
 *
 * Built of clients/js/src by "make js": change it there.
 */

/** Makes elements for the chat. */

/**
 * Make an element; texts never become markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} props attributes; a function at `on…` listens to that event
 * @param {(Node | string)[]} children
 */
function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** What somebody may do about another's line: report it to the moderators, and block its author. */

class About {
  element = el("div", { class: "about", part: "about", role: "group", hidden: true });
  #words;
  #chat;
  #run;

  /**
   * @param {() => typeof WORDS} words
   * @param {() => any} chat the room's, which can report and block
   * @param {(work: Promise<any>, said: string) => Promise<void>} run waits for the work, then shows this or an error
   */
  constructor(words, chat, run) {
    this.#words = words;
    this.#chat = chat;
    this.#run = run;
  }

  /**
   * @param {AnyLine} line
   * @param {HTMLElement} button the one that was pressed, which gets the focus back afterwards
   */
  show(line, button) {
    const words = this.#words();
    const from = /** @type {{ seat: string, name: string }} */ (line.from);
    const close = () => {
      this.hide();
      button.focus();
    };
    const act = (/** @type {Promise<any>} */ work, /** @type {string} */ said) => {
      close();
      void this.#run(work, said);
    };
    const chat = this.#chat();
    const title = words.about(from.name);
    this.element.setAttribute("aria-label", title);
    this.element.replaceChildren(
      el("span", { dir: "auto" }, title),
      el("button", { type: "button", onclick: () => act(chat.report(line), words.reported) }, words.report),
      el("button", { type: "button", onclick: () => act(chat.block(from.seat), words.blocked(from.name)) }, words.block),
      el("button", { type: "button", onclick: () => act(chat.block(from.seat, false), words.unblocked(from.name)) }, words.unblock),
      el("button", { type: "button", onclick: close }, words.cancel),
    );
    this.element.hidden = false;
    /** @type {HTMLElement | null} */ (this.element.querySelector("button"))?.focus();
  }

  hide() {
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}

/** The lines of one channel as the chat shows them: drawn once, then added to, and drawn anew if a line has changed. */

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

class Log {
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

/** The elements that a chat is made of. */

/**
 * What to call when somebody uses them.
 * @typedef {object} Deeds
 * @property {(event: KeyboardEvent) => void} walk from tab to tab
 * @property {() => void} begin a private talk
 * @property {(event: KeyboardEvent) => void} key in the field
 * @property {() => void} typed into the field
 * @property {(event: SubmitEvent) => void} submit
 * @property {() => void} unsay the line that is changed
 * @property {() => void} cancel the change
 */

/** @param {Deeds} deeds */
function makeParts({ walk, begin, key, typed, submit, unsay: takeBack, cancel: giveUp }) {
  const title = el("h2", { part: "title", id: "title" });
  const tablist = el("div", { role: "tablist", part: "tabs", class: "tabs", onkeydown: walk });
  const seats = el("select", { onchange: begin });
  const log = el("div", { role: "log", part: "log", tabindex: "0", "aria-live": "polite", "aria-relevant": "additions" });
  const typing = el("p", { class: "typing", "aria-live": "off" });
  const error = el("p", { class: "error", role: "alert" });
  const label = el("label", { for: "field", class: "hidden" });
  const field = el("input", { id: "field", part: "field", autocomplete: "off", dir: "auto", enterkeyhint: "send", onkeydown: key, oninput: typed });
  const send = el("button", { type: "submit", class: "send", part: "send" });
  const unsay = el("button", { type: "button", hidden: true, onclick: takeBack });
  const cancel = el("button", { type: "button", hidden: true, onclick: giveUp });
  const form = el("form", { part: "form", onsubmit: submit }, label, field, send, cancel, unsay);
  const panel = el("div", { class: "panel", id: "panel" }, log, typing, error, form);
  const section = el("section", {}, title, el("div", { class: "tabs" }, tablist, seats), panel);
  return { title, tablist, private: seats, log, typing, error, label, field, send, unsay, cancel, panel, section };
}

/** How the chat looks: by variables of our own, else those of /static/style.css, else the system's. */

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
/** @param {keyof typeof TOKENS} name */
const token = (name) => `var(--game-chat-${name}, ${TOKENS[name]})`;

const SHEET = `
:host { display: flex; flex-direction: column; min-width: 0; min-height: 0; text-align: start; font-family: var(--game-chat-font, inherit); color: ${token("ink")}; }
:host([hidden]) { display: none; }
*, *::before { box-sizing: border-box; }
[hidden] { display: none !important; }
section { display: flex; flex-direction: column; gap: .6rem; min-height: 0; flex: 1; }
h2 { margin: 0; font-size: 1.15em; line-height: 1.2; }
.tabs { display: flex; flex-wrap: wrap; gap: .35rem; align-items: center; }
button, select, input { font: inherit; color: inherit; border-radius: var(--game-chat-radius, .55rem); border: 1px solid ${token("line")}; background: transparent; min-height: max(2.4em, 44px); padding: .3em .7em; max-width: 100%; }
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
.account { border: 1px solid currentColor; border-radius: 1em; padding: 0 .25em; margin-inline-start: -.2em; font-size: .75em; color: ${token("muted")}; }
.text { min-width: 0; white-space: pre-wrap; unicode-bidi: isolate; flex: 0 1 auto; margin: 0; }
.game, .note, .empty, .typing { color: ${token("muted")}; }
.emote .text, .empty { font-style: italic; }
.mentioned { border-inline-start: 4px solid ${token("accent")}; padding-inline-start: .4em; }
.line button { min-height: 1.7em; padding: 0 .5em; font-size: .8em; color: ${token("muted")}; }
.about { display: flex; flex-wrap: wrap; gap: .35rem; align-items: center; }
@media (pointer: coarse) {
  .line { overflow: visible; }
  .line button { min-width: 44px; min-height: 44px; margin-block: -11px; border-color: transparent; text-decoration: underline; } /* as high as a finger needs, over the lines beside it */
}
.typing { margin: 0; min-height: 1.4em; font-size: .85em; }
.error { margin: 0; color: ${token("bad")}; }
.error:empty { display: none; }
form { display: flex; flex-wrap: wrap; gap: .4rem; }
input, select { font-size: max(1em, 16px); } /* an iPhone zooms into a field with smaller letters, and stays there */
input { flex: 1 1 8rem; min-width: 0; background: ${token("ground")}; border-color: ${token("edge")}; }
input::placeholder { color: ${token("muted")}; opacity: 1; }
.send { background: ${token("accent")}; color: ${token("on-accent")}; border-color: transparent; font-weight: 700; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (forced-colors: active) { .count, .send { border: 1px solid; } }
`;

/** @type {CSSStyleSheet | null} */
let sheet = null;

/**
 * Give a chat its look: one sheet for all chats of a page, made by a script, so that a policy against inline styles allows
 * it. Safari has such sheets since 16.4; before, the chat is plain.
 * @param {ShadowRoot} root
 */
function dress(root) {
  if (!("adoptedStyleSheets" in root)) return;
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(SHEET);
  root.adoptedStyleSheets = [sheet];
}

/** The texts of the chat in English; an author's `words` replace them. */

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
  more: "More",
  report: "Report",
  reported: "It was brought to those who keep order.",
  block: "Block",
  unblock: "Unblock",
  /** @param {string} name */
  about: (name) => `A line of ${name}:`,
  /** @param {string} name */
  blocked: (name) => `You hear no more of ${name}.`,
  /** @param {string} name */
  unblocked: (name) => `You hear ${name} again.`,
  account: "has an account",
  gone: "somebody who left",
  /** @param {Error} error */
  failed: (error) => error.message,
  /** @param {number} n */
  unread: (n) => `${n} unread`,
  /** @param {string[]} names */
  writing: (names) => (names.length > 2 ? "Several people are writing…" : `${names.join(" and ")} ${names.length > 1 ? "are" : "is"} writing…`),
};

/** The element `<game-chat>`: what it consists of, what it shows of a room, and what people can do with it. */

const LOOK_MS = 1000; // how often it looks who is still writing

class GameChat extends HTMLElement {
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

/**
 * <game-chat>: a room's chat, for any page. One module, nothing else:
 *
 *     import "../../game-chat.js";
 *     const chat = document.createElement("game-chat");
 *     chat.room = room;                                   // of gameserver.js
 *     document.querySelector("main").append(chat);
 *
 * It has a tab for each channel, with the number of unread lines; the lines; who is writing; and a field. Enter says a
 * line, the up arrow in the empty field changes one's last line, Escape gives that up; the arrow keys go from tab to
 * tab. What people write is shown as text: no markup of theirs ever becomes an element, and a text that runs from right
 * to left turns neither the name before it nor the next line.
 *
 * Attributes   label     the title above it, by default "Chat"; empty: none, and `aria-label` is for screen readers
 *              channels  addresses, with spaces: show only these; by default all that this seat hears
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

if (!customElements.get("game-chat")) customElements.define("game-chat", GameChat);

export { GameChat };
