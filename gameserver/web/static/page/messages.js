/** Texts in the language of the page: ICU messages, looked up by the text that stands in the code. */

import { parse } from "../vendor/messageformat.js";

/** The language of the texts in the code of these pages. */
export const SOURCE = "en";

const PLAIN = /^[^{}'#]*$/; // a text without places or plurals
const [ISOLATE, END] = ["\u2068", "\u2069"]; // a text between them does not change the direction of what is around it

/**
 * @typedef {Record<string, any>} Values
 * @typedef {{ t: (text: string, values?: Values) => string, parts: (text: string, values?: Values) => any[], said: (text: string) => string }} Wording
 */

/**
 * Make the functions that translate: `t(text, values)` is the catalogue's message for a text, or the text itself, with
 * the values filled in; `parts` is the same as a list, whose values may be elements; `said` is for texts of the server
 * or a game, which are looked up, and otherwise left as they are.
 * @param {string} language
 * @param {Record<string, string>} catalogue
 * @param {{ isolate?: boolean }} options `isolate`: keep a text that is filled in from changing the direction of what is around it
 * @returns {Wording}
 */
export function wording(language, catalogue = {}, { isolate = false } = {}) {
  const read = new Map();
  const own = speaker(language);
  const source = own.language === SOURCE ? own : speaker(SOURCE);

  const said = (text) => (Object.hasOwn(catalogue, text) ? catalogue[text] : text);
  const message = (text) => {
    let found = read.get(text);
    if (!found) read.set(text, (found = { tokens: tokensOf(said(text), text), speaker: Object.hasOwn(catalogue, text) ? own : source }));
    return found;
  };
  const parts = (text, values = {}) => {
    const { tokens, speaker: of } = message(text);
    return pieces(tokens, values, of);
  };
  const t = (text, values) => {
    const apart = (value) => (isolate && typeof value === "string" ? ISOLATE + value + END : value);
    return parts(text, values && Object.fromEntries(Object.entries(values).map(([key, value]) => [key, apart(value)]))).join("");
  };
  return { t, parts, said };
}

/** Formats numbers in a language, and tells their plural forms; an unknown language is taken for English. */
function speaker(language) {
  try {
    return { language, number: new Intl.NumberFormat(language, { maximumFractionDigits: 6 }), plural: new Intl.PluralRules(language), selectordinal: new Intl.PluralRules(language, { type: "ordinal" }) };
  } catch {
    return speaker(SOURCE);
  }
}

/** @param {string} text @param {string} key what it stands for; a message that cannot be read is not shown for it */
function tokensOf(text, key) {
  if (PLAIN.test(text)) return [{ type: "content", value: text }];
  try {
    return parse(text);
  } catch (error) {
    console.error(`not a message: ${text}`, error);
    return text === key ? [{ type: "content", value: text }] : tokensOf(key, key);
  }
}

function pieces(tokens, values, speaker, count = null) {
  return tokens.flatMap((token) => {
    const value = values[token.arg];
    switch (token.type) {
      case "content":
        return token.value;
      case "octothorpe":
        return speaker.number.format(count);
      case "plural":
      case "selectordinal": {
        const rest = Number(value) - (token.pluralOffset ?? 0);
        return chosen(token, [`=${value}`, speaker[token.type].select(rest)], values, speaker, rest);
      }
      case "select":
        return chosen(token, [String(value)], values, speaker, count);
      case "function":
        return formatted(token, value, speaker);
      default:
        return shown(token.arg, value, speaker);
    }
  });
}

function chosen({ cases }, keys, values, speaker, count) {
  const found = [...keys, "other"].map((key) => cases.find((each) => each.key === key)).find(Boolean);
  return found ? pieces(found.tokens, values, speaker, count) : [];
}

function shown(name, value, speaker) {
  if (value === undefined) return `{${name}}`; // so that the mistake is visible
  return typeof value === "number" ? speaker.number.format(value) : value;
}

function formatted({ key, arg }, value, { language, number }) {
  if (key === "date") return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(value);
  if (key === "time") return new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(value);
  return key === "number" ? number.format(value) : shown(arg, value, { number });
}
