/** Numbers, places and lists in words. */

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });

/** 1,250 */
export const points = (n) => numbers.format(n);

/** +100, −50 or 0 */
export const signed = (n) => (n > 0 ? `+${numbers.format(n)}` : n < 0 ? `−${numbers.format(-n)}` : "0");

/** "1 player", "2 players" */
export const plural = (n, word, words = `${word}s`) => `${numbers.format(n)} ${n === 1 ? word : words}`;

/** "Red" of "red" */
export const titled = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** "1st", "2nd", "11th" */
export function ordinal(n) {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${teen ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[n % 10] ?? "th")}`;
}

/** "Ann", "Ann and Bob", "Ann, Bob and 3 more" */
export function listed(names, most = 3) {
  const shown = names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : names;
  return shown.length < 2 ? (shown[0] ?? "") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
