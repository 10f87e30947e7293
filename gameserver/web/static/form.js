/*
 * Forms from JSON schemas, as msgspec writes them: the options of a game, the data of a message.
 *
 *     const form = schemaForm(schema, { prefix: "play", seats: () => [{ id, name }], values: { cell: 4 } });
 *     parent.append(form.element);
 *     form.value();             // {cell: 4}; throws {code: "bad_data", message, path} where a field cannot be read
 *     form.explain(error);      // marks the field that error.path names; the error in words, with that field's label
 *     form.refresh();           // offers the seats that there are now
 *     form.empty                // there is nothing to fill in
 *     shortcuts(schema, seats)  // {key, values} if there is but one small choice: a row of buttons will do
 *
 * Fields that are left empty are left out, if they may be; what fits no kind of field is written as JSON. The fields
 * begin with `values`, instead of the schema's defaults. A choice named "language" is one of language tags: it shows
 * their names, and begins with the page's own, unless `values` has another.
 */

import { el } from "./page/elements.js";
import { language, nameOf, said, t } from "./page/language.js";
import { words } from "./page/notices.js";

const LANGUAGE = "language";
const MANY = 12; // with more values, buttons are no shortcut

export function schemaForm(schema, { prefix = "field", seats = () => [], values = {} } = {}) {
  const root = begun(resolve(schema, schema), values);
  const fields = fieldsOf(root, schema, prefix, seats);
  const element = el("div", { class: "stack" }, fields.map((field) => field.element));
  return {
    element,
    empty: fields.length === 0,
    value: () => valueOf(fields, "$"),
    refresh: () => fields.forEach((field) => field.refresh?.()),
    explain: (error) => explain(fields, error),
  };
}

/** An object whose fields begin with these values, and with the page's language. */
function begun(object, values) {
  const properties = { ...object.properties };
  const own = properties[LANGUAGE]?.enum?.find((tag) => tag === language || tag === language.split("-")[0]);
  for (const [key, value] of Object.entries({ ...(own && { [LANGUAGE]: own }), ...values })) {
    if (properties[key]) properties[key] = { ...properties[key], default: value };
  }
  return { ...object, properties };
}

export function shortcuts(schema, seats = []) {
  const root = resolve(schema, schema);
  const keys = Object.keys(root.properties ?? {});
  if (keys.length !== 1 || !(root.required ?? []).includes(keys[0])) return null;
  const only = resolve(root.properties[keys[0]], schema);
  const { minimum, maximum } = only;
  let values = only.enum ?? null;
  if (only.type === "boolean") values = [true, false];
  if (only.format === "seat" && !only.nullable) values = seats.map(({ id }) => id);
  if (only.type === "integer" && Number.isInteger(minimum) && Number.isInteger(maximum) && maximum - minimum < MANY) {
    values = Array.from({ length: maximum - minimum + 1 }, (_, i) => minimum + i);
  }
  return values && values.length && values.length <= MANY ? { key: keys[0], values } : null;
}

export function labelOf(key, schema = {}) {
  if (schema.title) return said(schema.title);
  const text = key.replaceAll("_", " ");
  return said(text.charAt(0).toUpperCase() + text.slice(1));
}

function resolve(schema, root) {
  let found = schema ?? {};
  for (let i = 0; found.$ref && i < 20; i += 1) {
    const target = found.$ref.replace(/^#\//, "").split("/").reduce((at, key) => at?.[key], root) ?? {};
    const { $ref, ...own } = found;
    found = { ...target, ...own };
  }
  const { anyOf } = found;
  if (anyOf) {
    const kinds = anyOf.filter((kind) => kind.type !== "null");
    if (kinds.length === 1) {
      const { anyOf: _, ...own } = found;
      return { ...resolve(kinds[0], root), ...own, nullable: kinds.length < anyOf.length };
    }
  }
  return found;
}

function fieldsOf(object, root, prefix, seats) {
  const required = object.required ?? [];
  return Object.entries(object.properties ?? {}).map(([key, schema]) => {
    const found = resolve(schema, root);
    const id = `${prefix}-${key}`.replace(/[^\w-]/g, "_");
    return { key, label: labelOf(key, found), ...fieldOf({ key, id, root, seats, schema: found, required: required.includes(key) }) };
  });
}

function fieldOf(field) {
  const { schema, root } = field;
  if (schema.enum || "const" in schema) return choiceField({ ...field, values: schema.enum ?? [schema.const] });
  if (schema.format === "seat") return seatField(field);
  if (schema.type === "boolean") return schema.nullable ? choiceField({ ...field, values: [true, false] }) : checkField(field);
  if (schema.type === "integer" || schema.type === "number") return numberField(field);
  if (schema.type === "string" && !schema.contentEncoding) return textField(field);
  if (schema.type === "array" && schema.items && schema.items !== true) return arrayField(field);
  if (schema.type === "object" && schema.properties && !schema.nullable && field.required) return objectField(field);
  if (isMap(schema, root)) return mapField(field);
  return jsonField(field);
}

function labelled({ key, id, schema, required }, control, ...more) {
  const hint = schema.description && said(schema.description);
  const hintId = hint ? `${id}-hint` : null;
  control.id = id;
  if (hintId) control.setAttribute("aria-describedby", hintId);
  const optional = !required && schema.default === undefined ? el("span", { class: "muted small" }, " ", t("(may be empty)")) : null;
  const element = el("div", { class: "field" }, el("label", { htmlFor: id }, labelOf(key, schema), optional), control, more, hint ? el("p", { class: "hint", id: hintId }, hint) : null);
  return { element, control };
}

function unreadable(message, key) {
  return Object.assign(new Error(message), { code: "bad_data", path: `$.${key}` });
}

/** What an empty field means: undefined (it is left out), null, or an error. */
function nothing({ key, schema, required }) {
  if (!required) return undefined;
  if (schema.nullable) return null;
  throw unreadable(t("This is needed."), key);
}

function choiceField(field) {
  const { schema, values, required } = field;
  const select = el("select", {});
  if (!required || schema.nullable) {
    if (schema.default === undefined || schema.default === null) select.append(el("option", { value: "" }, "–"));
  }
  values.forEach((value, i) => value === null || select.append(field.key === LANGUAGE ? el("option", { value: String(i), lang: value }, nameOf(value)) : el("option", { value: String(i) }, wordOf(value))));
  const at = values.indexOf(schema.default);
  if (at >= 0) select.value = String(at);
  const made = labelled(field, select);
  return { ...made, read: () => (select.value === "" ? nothing(field) : values[Number(select.value)]) };
}

function wordOf(value) {
  if (value === true) return t("yes");
  if (value === false) return t("no");
  return typeof value === "string" ? said(value.replaceAll("_", " ")) : JSON.stringify(value);
}

function seatField(field) {
  const select = el("select", {});
  const made = labelled(field, select);
  const refresh = () => {
    const chosen = select.value;
    const none = field.required && !field.schema.nullable ? [] : [el("option", { value: "" }, "–")];
    select.replaceChildren(...none, ...field.seats().map((seat) => el("option", { value: seat.id }, seat.name)));
    if ([...select.options].some((option) => option.value === chosen)) select.value = chosen;
  };
  refresh();
  return { ...made, refresh, read: () => select.value || nothing(field) };
}

function checkField({ key, id, schema }) {
  const box = el("input", { type: "checkbox", id, checked: schema.default === true });
  const hint = schema.description ? el("p", { class: "hint" }, said(schema.description)) : null;
  return { element: el("div", { class: "field check" }, box, el("label", { htmlFor: id }, labelOf(key, schema)), hint), control: box, read: () => box.checked };
}

function numberField(field) {
  const { key, schema } = field;
  const whole = schema.type === "integer";
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const input = el("input", { type: "number", step: whole ? String(schema.multipleOf ?? 1) : "any", inputmode: whole && (low ?? -1) >= 0 ? "numeric" : null, value: typeof schema.default === "number" ? String(schema.default) : "" });
  if (low !== undefined) input.min = low;
  if (high !== undefined) input.max = high;
  const bounds = low !== undefined && high !== undefined && Math.abs(low) < 1e9 && Math.abs(high) < 1e9 ? t("{low} to {high}", { low, high }) : null;
  const made = labelled({ ...field, schema: { ...schema, description: [schema.description && said(schema.description), bounds].filter(Boolean).join(" · ") || undefined } }, input);
  const read = () => {
    if (input.value.trim() === "") {
      if (input.validity.badInput) throw unreadable(t("Write a number."), key);
      return nothing(field);
    }
    const value = Number(input.value);
    if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) throw unreadable(whole ? t("Write a whole number.") : t("Write a number."), key);
    return value;
  };
  return { ...made, read };
}

function textField(field) {
  const { schema } = field;
  const long = (schema.maxLength ?? 80) > 200;
  const input = long ? el("textarea", {}) : el("input", { type: "text", autocomplete: "off" });
  if (schema.maxLength !== undefined) input.maxLength = schema.maxLength;
  if (typeof schema.default === "string") input.value = schema.default;
  const known = el("datalist", { id: `${field.id}-known` }, (schema.examples ?? []).map((example) => el("option", { value: example })));
  if (known.childElementCount) input.setAttribute("list", known.id);
  const made = labelled(field, input, known.childElementCount ? known : null);
  return { ...made, read: () => (input.value === "" && (!field.required || schema.nullable) && schema.default !== "" ? nothing(field) : input.value) };
}

function arrayField(field) {
  const { key, id, schema, root } = field;
  const items = resolve(schema.items, root);
  if (items.enum && items.enum.length <= 40) return checksField(field, items.enum);
  if (items.type !== "string" || items.enum?.length === 0) return jsonField(field);
  const area = el("textarea", { value: (schema.default ?? []).join("\n") });
  const described = { ...schema, description: [schema.description && said(schema.description), t("One a line.")].filter(Boolean).join(" ") };
  const read = () => {
    const lines = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
    return lines.length || field.required ? lines : undefined;
  };
  return { ...labelled({ key, id, schema: described, required: true }, area), read };
}

function checksField({ key, id, schema, required }, values) {
  const boxes = values.map((value, i) => el("input", { type: "checkbox", id: `${id}-${i}`, checked: (schema.default ?? []).includes(value) }));
  const rows = values.map((value, i) => el("span", { class: "field check" }, boxes[i], el("label", { htmlFor: `${id}-${i}` }, wordOf(value))));
  const element = el("fieldset", { class: "field" }, el("legend", {}, labelOf(key, schema)), el("div", { class: "row" }, rows), schema.description ? el("p", { class: "hint" }, said(schema.description)) : null);
  const read = () => {
    const chosen = values.filter((_, i) => boxes[i].checked);
    return chosen.length || required ? chosen : undefined;
  };
  return { element, control: boxes[0] ?? element, read };
}

function objectField({ key, id, schema, root, seats }) {
  const fields = fieldsOf(schema, root, id, seats);
  const element = el("fieldset", { class: "field" }, el("legend", {}, labelOf(key, schema)), fields.map((field) => field.element));
  const refresh = () => fields.forEach((field) => field.refresh?.());
  return { element, fields, control: element, refresh, read: () => valueOf(fields, `$.${key}`) };
}

/** Whether an object takes any keys, each with a number or a text. */
function isMap(schema, root) {
  if (schema.type !== "object" || schema.properties || !schema.additionalProperties) return false;
  return ["integer", "number", "string"].includes(resolve(schema.additionalProperties, root).type);
}

/** A row for each key with its value; a row without a key does not count. */
function mapField({ key, id, schema, root, required, seats }) {
  const rows = el("div", { class: "stack tight" });
  const fields = [];
  const values = resolve(schema.additionalProperties, root);
  const name = labelOf(key, schema);
  const add = (of = "") => {
    const number = fields.length + 1;
    const label = el("input", { type: "text", autocomplete: "off", value: of, placeholder: t("what"), "aria-label": `${name} ${number}: ${t("what")}` });
    const field = fieldOf({ key: `${key}.${number}`, id: `${id}-${number}`, root, seats, required: true, schema: { ...values, description: undefined, title: t("How many") } });
    field.control.setAttribute("aria-label", `${name} ${number}: ${values.type === "string" ? t("text") : t("how many")}`);
    field.control.setAttribute("placeholder", values.type === "string" ? t("text") : t("how many"));
    field.control.removeAttribute("aria-describedby");
    fields.push({ label, field });
    rows.append(el("div", { class: "row nowrap" }, el("div", { class: "grow" }, label), el("div", { class: "grow" }, field.control)));
    return label;
  };
  add();
  const more = el("button", { type: "button", onclick: () => add().focus() }, t("One more"));
  const hint = schema.description ? el("p", { class: "hint" }, said(schema.description)) : null;
  const element = el("fieldset", { class: "field" }, el("legend", {}, name), rows, el("div", {}, more), hint);
  const read = () => {
    const named = fields.filter(({ label }) => label.value.trim());
    if (!named.length && !required) return undefined;
    return Object.fromEntries(named.map(({ label, field }) => [label.value.trim(), field.read()]));
  };
  return { element, control: fields[0].label, read };
}

/** A field for any other schema, in JSON; plain text is taken as it is, if the schema allows text. */
function jsonField(field) {
  const { key, schema } = field;
  const kinds = schema.anyOf?.map((kind) => kind.type) ?? (schema.type ? [schema.type] : ["string"]);
  const plain = kinds.includes("string") && !schema.contentEncoding;
  const big = ["array", "object"].includes(schema.type);
  const area = big ? el("textarea", {}) : el("input", { type: "text", autocomplete: "off" });
  area.spellcheck = false;
  if (schema.default !== undefined && schema.default !== null) area.value = JSON.stringify(schema.default);
  const described = { ...schema, description: [schema.description && said(schema.description), plain ? t("Text, or JSON such as 4 or true.") : "JSON."].filter(Boolean).join(" ") };
  const read = () => {
    const text = area.value.trim();
    if (!text) return nothing(field);
    try {
      return JSON.parse(text);
    } catch {
      if (plain) return area.value;
      throw unreadable(t("That is not JSON."), key);
    }
  };
  return { ...labelled({ ...field, schema: described }, area), read };
}

function valueOf(fields, path) {
  const value = {};
  for (const field of fields) {
    field.control.removeAttribute?.("aria-invalid");
    try {
      const read = field.read();
      if (read !== undefined) value[field.key] = read;
    } catch (error) {
      if (error.path?.startsWith("$.")) error.path = path + error.path.slice(1);
      field.control.setAttribute?.("aria-invalid", "true");
      field.control.focus?.();
      throw error;
    }
  }
  return value;
}

function explain(fields, error) {
  const field = fieldAt(fields, error?.path ?? "");
  if (!field) return words(error);
  field.control.setAttribute?.("aria-invalid", "true");
  field.control.focus?.();
  return `${field.label}: ${words(error)}`;
}

/** The innermost field that a path such as $.sides[0].name leads to. */
function fieldAt(fields, path) {
  let among = fields;
  let found = null;
  for (const key of path.replace(/^\$\.?/, "").split(/[.[]/)) {
    const next = among?.find((field) => field.key === key);
    if (!next) break;
    found = next;
    among = next.fields;
  }
  return found;
}
