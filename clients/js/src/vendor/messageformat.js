/**
 * Reads ICU messages, for the pages: parse() of @messageformat/parser.
 *
 * https://messageformat.github.io/messageformat/api/parser/, with moo, https://github.com/no-context/moo
 */

export { parse } from "@messageformat/parser";
