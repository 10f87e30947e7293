/**
 * The language of this page, which the server chose by the browser's settings or by what was chosen here, and its
 * texts: those of all pages, which come in a file of their own, and those of the page's game, which come inside the
 * page.
 */

import { BASE, query } from "./base.js";
import { el } from "./elements.js";
import { SOURCE, wording } from "./messages.js";

const COOKIE = "gameserver-language";
const YEAR_S = 31_536_000;
const { documentElement: root } = document;

/** The page's language, as a tag such as "de". */
export const language = known(root.lang) ?? SOURCE;

/** A tag, if it is one that browsers can read. */
function known(tag) {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

/** The languages in which there is this page. */
const offered = (root.dataset.languages ?? "").split(" ").filter(Boolean);

/** A text in English to its translation. */
function catalogue() {
  const own = document.getElementById("gameserver-words")?.textContent;
  return { .../** @type {any} */ (globalThis).gameserverWords, ...(own && JSON.parse(own)) };
}

const words = catalogue();
const spoken = wording(language, words, { isolate: root.dir === "rtl" });

/**
 * A text of the code, translated to the page's language, with these values filled in: an ICU message, such as
 * t("{n, plural, one {# player} other {# players}}", { n: 3 }).
 */
export const t = spoken.t;

/** The same as a list of texts and elements, for el(); the values may be elements. */
export const parts = spoken.parts;

/** A text of the server or a game, translated if a catalogue has it; braces in it mean nothing. */
export const said = spoken.said;

/** The catalogue's text for a key that is not itself a text, such as "error/room_full"; or undefined. */
export const keyed = (key) => (Object.hasOwn(words, key) ? words[key] : undefined);

/** Names in a row: "Ann, Bob and Cleo". */
export function listed(names) {
  return names.length < 2 ? names.join("") : t("{names} and {last}", { names: names.slice(0, -1).join(", "), last: names.at(-1) });
}

function remember(chosen) {
  document.cookie = `${COOKIE}=${chosen}; path=${BASE.pathname}; max-age=${YEAR_S}; samesite=lax`;
}

const asked = query.get("lang");
if (asked && offered.includes(asked)) remember(asked);

/** The name of a language in that language. */
export function nameOf(tag) {
  try {
    const name = new Intl.DisplayNames(tag, { type: "language" }).of(tag);
    return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
  } catch {
    return tag;
  }
}

/** The languages in which there is this page: tag, own name, and whether it is the present one. */
export function languages() {
  const now = offered.includes(language) ? language : SOURCE;
  return offered.map((tag) => ({ tag, name: nameOf(tag), chosen: tag === now }));
}

/** Switch to this language, now and for later visits. */
export function speak(tag) {
  remember(tag);
  const url = new URL(location.href);
  url.searchParams.delete("lang");
  if (url.href === location.href) location.reload();
  else location.replace(url);
}

/** A field to choose the page's language, which this browser remembers; null if there is but one. */
export function languageField() {
  const known = languages();
  if (known.length < 2) return null;
  const select = el("select", { id: "language", "aria-label": t("Language"), onchange: () => speak(select.value) }, known.map(({ tag, name }) => el("option", { value: tag, lang: tag }, name)));
  select.value = known.find(({ chosen }) => chosen)?.tag ?? SOURCE;
  return el("div", { class: "row center language" }, select);
}
