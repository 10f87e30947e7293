/* Words of one's own: the host writes them before the game, and nobody else sees them. */

import { attempt, el, render, t, toast } from "../../static/kit/kit.js";

/** A button for the host, before a game and after it; the others read how many words there are. */
export function ownWords(room) {
  const count = el("p", { class: "muted own-count" });
  const button = el("button", { type: "button", class: "own-words", onclick: () => openWords(room) }, t("Own words"));
  const node = el("div", { class: "row" }, button, count);
  render(room, () => {
    const { own = 0 } = room.state;
    node.hidden = room.info.status === "playing";
    button.hidden = !room.mayHost;
    count.hidden = !own;
    node.hidden ||= button.hidden && count.hidden;
    count.textContent = t("{n, plural, one {One word of the host’s own} other {# words of the host’s own}}", { n: own });
  }, ["$change", "$info", "$seats", "$joined"]);
  return node;
}

function openWords(room) {
  const area = el("textarea", { id: "own-words", rows: "8", maxlength: "4000", spellcheck: "false" });
  const only = el("input", { id: "own-only", type: "checkbox" });
  const save = async (event) => {
    event.preventDefault();
    const sent = await attempt(room.send("own_words", { text: area.value, only: only.checked }).then((many) => ({ many })));
    if (!sent) return;
    toast(sent.many ? t("{n, plural, one {# word is in the game.} other {# words are in the game.}}", { n: sent.many }) : t("Only the game’s own words."));
    dialog.close();
  };
  const dialog = el(
    "dialog",
    { "aria-label": t("Own words") },
    el(
      "form",
      { class: "stack", onsubmit: save },
      el("h2", {}, t("Own words")),
      el("div", { class: "field" }, el("label", { htmlFor: "own-words" }, t("One a line, or with commas between them")), area, el("p", { class: "hint" }, t("Nobody else sees them. Leave it empty for the game’s own words alone."))),
      el("div", { class: "field check" }, only, el("label", { htmlFor: "own-only" }, t("These words alone"))),
      el("div", { class: "row" }, el("button", { type: "submit", class: "primary" }, t("Take them")), el("button", { type: "button", onclick: () => dialog.close() }, t("Cancel"))),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
