/** What somebody may do about another's line: report it to the moderators, and block its author. */

import { el } from "./el.js";

/** @import { AnyLine } from "./log.js" */
/** @import { WORDS } from "./words.js" */

export class About {
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
