/** Who this browser is: a guest of a name, or an account. */

import { keyHere } from "./base.js";
import { api } from "./http.js";

const NAME_KEY = "gameserver.name";
const ACCOUNT_KEY = keyHere("gameserver.account");

export function savedName() {
  try {
    return localStorage.getItem(NAME_KEY) ?? "";
  } catch {
    return "";
  }
}

export function saveName(text) {
  try {
    localStorage.setItem(NAME_KEY, text);
  } catch {
    // private windows may have no storage
  }
}

/** Whose account this browser is logged in to, by name, or null: the login itself is a cookie that pages cannot read. */
export function account() {
  try {
    return localStorage.getItem(ACCOUNT_KEY);
  } catch {
    return null;
  }
}

export function saveAccount(name) {
  try {
    if (name) localStorage.setItem(ACCOUNT_KEY, name);
    else localStorage.removeItem(ACCOUNT_KEY);
  } catch {
    // then a reload is a guest
  }
}

/** Who this browser is, as connect() takes it: an account by tickets, which its cookie buys, or a guest of a name. */
export function identity() {
  const name = savedName() || undefined;
  return account() ? { name, ticket: buyTicket } : { name };
}

async function buyTicket() {
  try {
    return (await api("/api/tickets", { method: "POST", body: {} })).ticket;
  } catch (error) {
    if (error.code === "unauthenticated") saveAccount(null); // logged out elsewhere
    throw error;
  }
}
