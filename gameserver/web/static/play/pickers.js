/*
 * What a move leaves open: a dialog with a picker for each choice. Lists and ranges are buttons, long lists have a
 * filter, a choice of several items has boxes to tick, and one that may be anything has a form from the message's
 * schema.
 */

import { labelOf, schemaForm } from "../form.js";
import { el, toast, words } from "../page.js";
import { buttonText, textOf } from "./words.js";
import { t } from "../page/language.js";

const MANY = 12; // with more items than this, a list has a filter
const SHORT = 5; // the most letters of a short item

/**
 * The dialog of a move.
 * @returns {{ dialog: HTMLDialogElement, move: any }} `dialog` is open, and is removed from the document once it is closed.
 */
export function openPicker(room, move, { schema, play }) {
  const only = Object.keys(move.choices).length === 1;
  let busy = false;
  const done = async (choices) => {
    if (busy) return;
    busy = true;
    error.textContent = "";
    try {
      await play(choices);
      dialog.close();
    } catch (failed) {
      busy = false;
      if (failed.code === "not_your_turn") {
        dialog.close();
        toast(words(failed), { kind: "error" });
      } else if (failed.code === "bad_data" && form) error.textContent = form.explain(failed);
      else error.textContent = words(failed);
    }
  };
  const open = Object.entries(move.choices).filter(([, choice]) => choice === null).map(([field]) => field);
  const form = open.length ? schemaForm(onlyThese(schema, open), { prefix: "pick", seats: () => [...room.seats.values()] }) : null;
  const pickers = Object.entries(move.choices).filter(([, choice]) => choice !== null).map(([field, choice]) => picker(room, move, field, choice, { only, done }));
  const error = el("p", { class: "error", role: "alert" });
  const submit = (event) => {
    event.preventDefault();
    try {
      const choices = form ? form.value() : {};
      for (const each of pickers) choices[each.field] = each.value();
      done(choices);
    } catch (failed) {
      error.textContent = form && failed.path ? form.explain(failed) : words(failed);
    }
  };
  const tap = only && pickers.length === 1 && pickers[0].taps;
  const title = buttonText(room, move);
  const cancel = el("button", { type: "button", onclick: () => dialog.close() }, t("Cancel"));
  const dialog = el(
    "dialog",
    { class: "picker", "aria-label": title },
    el("form", { class: "stack", novalidate: true, onsubmit: submit }, el("h2", { tabindex: "-1", autofocus: true }, title), pickers.map(({ element }) => element), form?.element, error, el("div", { class: "row" }, tap ? null : el("button", { type: "submit", class: "primary" }, t("Do it")), cancel)),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, move };
}

/** A schema with only these of its fields. */
function onlyThese(schema, names) {
  const resolved = schema?.$ref ? schema.$ref.replace(/^#\//, "").split("/").reduce((at, key) => at?.[key], schema) ?? {} : schema ?? {};
  const properties = Object.fromEntries(names.map((name) => [name, resolved.properties?.[name] ?? {}]));
  return { $defs: schema?.$defs, type: "object", properties, required: names.filter((name) => !resolved.properties || (resolved.required ?? []).includes(name)) };
}

/** The values of a choice, if it is a list or a range. */
export function valuesOf(choice) {
  if (choice.range) return Array.from({ length: Math.max(0, choice.range[1] - choice.range[0]) }, (_, i) => choice.range[0] + i);
  return choice.of;
}

function picker(room, move, field, choice, { only, done }) {
  if (choice.some) return somePicker(room, field, choice);
  if (choice.range && choice.range[1] - choice.range[0] > MANY) return numberPicker(field, choice.range);
  const values = valuesOf(choice);
  if (only) return tapPicker(room, field, values, done);
  return onePicker(room, field, values);
}

/** A button for each value, which makes the move. */
function tapPicker(room, field, values, done) {
  const buttons = values.map((value) => el("button", { type: "button", onclick: () => done({ [field]: value }) }, textOf(room, value)));
  const group = el("div", { class: optionsClass(buttons), role: "group", "aria-label": labelOf(field) }, buttons);
  return { field, taps: true, element: el("div", { class: "stack tight" }, filterFor(buttons, buttons), group) };
}

function onePicker(room, field, values) {
  const boxes = values.map((_, i) => el("input", { type: "radio", name: `pick-${field}`, id: `pick-${field}-${i}`, value: String(i), checked: values.length === 1 }));
  const value = () => {
    const at = boxes.findIndex((box) => box.checked);
    if (at < 0) {
      boxes[0]?.focus();
      throw Object.assign(new Error(t("Choose: {what}.", { what: labelOf(field) })), { code: "unchosen" });
    }
    return values[at];
  };
  return { field, value, element: boxed(room, field, labelOf(field), values, boxes) };
}

function somePicker(room, field, { some: [least, most], of }) {
  const boxes = of.map((_, i) => el("input", { type: "checkbox", id: `pick-${field}-${i}` }));
  const how = least === most ? String(least) : t("{low} to {high}", { low: least, high: most });
  const said = el("p", { class: "hint", role: "status" });
  const chosen = () => of.filter((_, i) => boxes[i].checked);
  const look = () => {
    const many = chosen().length;
    said.textContent = t("{n} of {how} chosen", { n: many, how });
    for (const box of boxes) box.disabled = !box.checked && many >= most;
  };
  for (const box of boxes) box.addEventListener("change", look);
  look();
  const value = () => {
    const items = chosen();
    if (items.length >= least && items.length <= most) return items;
    boxes.find((box) => !box.disabled)?.focus();
    throw Object.assign(new Error(t("Choose {how}: {what}.", { how, what: labelOf(field) })), { code: "unchosen" });
  };
  return { field, value, element: boxed(room, field, t("{what}: choose {how}", { what: labelOf(field), how }), of, boxes, said) };
}

function boxed(room, field, legend, values, boxes, ...more) {
  const rows = values.map((value, i) => el("label", { class: "option", htmlFor: boxes[i].id }, boxes[i], el("span", { dir: "auto" }, textOf(room, value))));
  return el("fieldset", { class: "field" }, el("legend", {}, legend), filterFor(rows, boxes), el("div", { class: optionsClass(rows) }, rows), more);
}

/** The classes of a list of options: short ones stand closer, and many scroll below their filter. */
export function optionsClass(rows) {
  return ["options", rows.length > MANY && "many", rows.every((row) => row.textContent.length <= SHORT) && "short"];
}

function numberPicker(field, [from, to]) {
  const id = `pick-${field}`;
  const input = el("input", { type: "number", id, min: from, max: to - 1, step: "1", inputmode: from >= 0 ? "numeric" : null, value: String(from), "aria-describedby": `${id}-hint` });
  const value = () => {
    const number = Number(input.value);
    if (input.value.trim() !== "" && Number.isInteger(number) && number >= from && number < to) return number;
    input.focus();
    throw Object.assign(new Error(`${labelOf(field)}: ${t("{low} to {high}", { low: from, high: to - 1 })}.`), { code: "unchosen" });
  };
  return { field, value, element: el("div", { class: "field" }, el("label", { htmlFor: id }, labelOf(field)), input, el("p", { class: "hint", id: `${id}-hint` }, t("{low} to {high}", { low: from, high: to - 1 }))) };
}

/** A field that hides the rows without the text that is typed into it; null if there are few rows. */
export function filterFor(rows, focusable) {
  if (rows.length <= MANY) return null;
  const input = el("input", { type: "search", "aria-label": t("Filter"), placeholder: t("Filter"), autocomplete: "off", "data-key": "filter" });
  const none = el("p", { class: "muted", role: "status" });
  const look = () => {
    const wanted = input.value.trim().toLocaleLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
    none.textContent = rows.every((row) => row.hidden) ? t("Nothing like that.") : "";
  };
  input.addEventListener("input", look);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // the form is for what is chosen
    focusable[rows.findIndex((row) => !row.hidden)]?.focus();
  });
  return el("div", { class: "stack tight" }, input, none);
}
