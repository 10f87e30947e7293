/** What this seat may do now: a button for each move, in its group, and undo. */

import { labelOf } from "../form.js";
import { live } from "../page/elements.js";
import { once } from "../page/pressing.js";
import { el, fill, toast, words } from "../page.js";
import { filterFor, openPicker, optionsClass, valuesOf } from "./pickers.js";
import { buttonText } from "./words.js";
import { t } from "../page/language.js";

const FEW = 6; // values of one choice that each get a button

/** The section; it is hidden if there is nothing to do. */
export function moves(room, about) {
  const body = el("div", { class: "stack" });
  const undo = el("button", { type: "button", class: "undo", onclick: () => act(() => room.undo()) }, t("Take back"));
  const section = el("section", { class: "card stack moves", "aria-labelledby": "moves-title" }, el("h2", { id: "moves-title" }, t("Your moves")), body, undo);
  let shown = "";
  let picking = null;

  /** One request at a time, so that a double click sends one. A refusal is shown, and thrown. */
  const act = (ask, { quiet = false } = {}) =>
    once(section, async () => {
      try {
        await ask();
      } catch (error) {
        if (quiet) throw error;
        toast(words(error), { kind: "error" });
      }
    });
  const press = (move) => {
    if (!move.choices || !Object.keys(move.choices).length) return act(() => room.play(move));
    picking = openPicker(room, move, { schema: about.messages?.[move.type]?.schema, play: (choices) => act(() => room.play(move, choices), { quiet: true }) });
    const { dialog } = picking;
    picking.number = room.turn?.number;
    dialog.addEventListener("close", () => picking?.dialog === dialog && (picking = null));
  };
  /** Close the dialog of a turn that is over, or of a move that does not exist any more. */
  const closeStale = () => {
    if (!picking || section.hasAttribute("aria-busy")) return;
    const same = picking.number === room.turn?.number && room.moves.some((move) => JSON.stringify(move) === JSON.stringify(picking.move));
    if (same) return;
    picking.dialog.close();
    toast(t("That cannot be done any more."));
  };
  const buttonOf = ({ text, move, choices }) => el("button", { type: "button", dir: "auto", "data-key": `move ${text}`, onclick: () => (choices ? act(() => room.play(move, choices)) : press(move)) }, text);

  const draw = () => {
    closeStale();
    undo.hidden = !room.mayUndo;
    section.hidden = !room.moves.length && !room.mayUndo;
    body.hidden = !room.moves.length;
    const names = [...room.seats.values()].map(({ id, name }) => [id, name]);
    const key = JSON.stringify([room.moves, room.moreMoves, names]);
    if (key === shown) return;
    shown = key;
    const grouped = new Map();
    for (const move of room.moves) grouped.set(move.group, [...(grouped.get(move.group) ?? []), ...expanded(room, move)]);
    const buttons = [];
    const parts = [...grouped].map(([group, entries]) => {
      const made = entries.map(buttonOf);
      buttons.push(...made);
      const title = group === null ? null : el("h3", {}, labelOf(group));
      return el("div", { class: "stack tight group", role: group === null ? null : "group", "aria-label": group === null ? null : labelOf(group) }, title, el("div", { class: optionsClass(made).filter((name) => name !== "many") }, made));
    });
    const more = room.moreMoves ? el("p", { class: "muted" }, t("There are more moves than these; the forms below take any.")) : null;
    fill(body, filterFor(buttons, buttons), parts, more);
  };
  return live(section, room, draw, ["$moves", "$turn", "$seats", "$joined"]);
}

/** The buttons of a move: one, or, if only one small choice is open, one for each value. */
function expanded(room, move) {
  const open = Object.entries(move.choices ?? {});
  if (open.length === 1) {
    const [[field, choice]] = open;
    const values = choice && !choice.some ? valuesOf(choice) : null;
    const named = move.label?.includes(`{${field}}`);
    if (values && named && values.length <= FEW) return values.map((value) => ({ move, choices: { [field]: value }, text: room.label(move, { [field]: value }) }));
  }
  return [{ move, text: buttonText(room, move) }];
}
