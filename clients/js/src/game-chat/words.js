/** The texts of the chat in English; an author's `words` replace them. */

export const WORDS = {
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
