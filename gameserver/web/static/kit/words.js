/** Numbers, places and lists in words. */

import { language, listed as row, t } from "../page/language.js";

const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 6 });

/** 1,250, as the page's language writes it */
export const points = (n) => numbers.format(n);

/** +100, −50 or 0 */
export const signed = (n) => (n > 0 ? `+${numbers.format(n)}` : n < 0 ? `−${numbers.format(-n)}` : "0");

/** "1 player", "2 players", in English; a page of several languages says it by t() */
export const plural = (n, word, words = `${word}s`) => `${numbers.format(n)} ${n === 1 ? word : words}`;

/** "Red" of "red" */
export const titled = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** "1st", "2nd", "11th" */
export const ordinal = (n) => t("{n, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}", { n });

/** "Ann", "Ann and Bob", "Ann, Bob and 3 more" */
export function listed(names, most = 3) {
  return row(names.length > most ? [...names.slice(0, most - 1), t("{n} more", { n: names.length - most + 1 })] : names);
}
