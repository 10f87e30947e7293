/** Who this browser's user is: a guest with a name, an account, or a user of another system. */

import { keyHere, query, told } from "./base.js";
import { askParent, framed } from "./framed.js";
import { api } from "./http.js";
import { toast, words } from "./notices.js";
import { said } from "./language.js";

const NAME_KEY = "gameserver.name";
const ACCOUNT_KEY = keyHere("gameserver.account");
const STATE_KEY = keyHere("gameserver.state");
const FACE_KEY = "gameserver.face";
const AS_KEY = keyHere("gameserver.as");
const MOST_PLAYERS = 99;

/**
 * Which of several people who play in one browser this tab is. 1 is the browser's own user, as in all other tabs; with
 * ?as=2 the tab is a guest of its own, for as long as it is open.
 */
export const playerOfTab = (() => {
  try {
    const asked = Number(query.get("as"));
    if (Number.isInteger(asked) && asked >= 1 && asked <= MOST_PLAYERS) sessionStorage.setItem(AS_KEY, String(asked));
    return Number(sessionStorage.getItem(AS_KEY)) || 1;
  } catch {
    return 1;
  }
})();

/** Where this tab keeps who it is. */
function kept() {
  return playerOfTab > 1 ? sessionStorage : localStorage;
}

/** The face and the colour that were chosen last: {avatar, colour}, or {}. */
export function savedFace() {
  try {
    return JSON.parse(kept().getItem(FACE_KEY) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

export function saveFace(face) {
  try {
    kept().setItem(FACE_KEY, JSON.stringify(face));
  } catch {
    // not stored: it is another one the next time
  }
}

export function savedName() {
  if (framed && framedName) return framedName;
  try {
    return kept().getItem(NAME_KEY) ?? "";
  } catch {
    return "";
  }
}

export function saveName(text) {
  try {
    kept().setItem(NAME_KEY, text);
  } catch {
    // private windows may have no storage
  }
}

/** The user's name, from the page around this one; other windows may have another. @type {string | null} */
let framedName = null;

/** The name of the account that this browser is logged in to, or null; the login is a cookie that pages cannot read. */
export function account() {
  if (framed) return framedName;
  if (playerOfTab > 1) return null;
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
    // not stored: after a reload this is a guest
  }
}

/** @type {Promise<{ ways: any, elsewhere: boolean }> | null} */
let recognised = null;

/**
 * Find out who this browser's user is, before identity() is called: somebody who comes back from a login elsewhere, or
 * has a session of a system whose users play here. `ways` is what /api/auth says; `elsewhere`: this login cannot be
 * ended here.
 */
export function recognise() {
  recognised ??= framed ? meetParent() : arrive().then(meet);
  return recognised;
}

/** Take the ticket with which a login elsewhere sends people back here: it is after the #, which goes to no server. */
async function arrive() {
  const told = new URLSearchParams(location.hash.slice(1));
  const ticket = told.get("ticket");
  if (!ticket) return;
  history.replaceState(null, "", location.pathname + location.search);
  if (told.get("state") !== state()) return; // this page has not asked for it: it could make this browser another user's
  try {
    sessionStorage.removeItem(STATE_KEY);
    become((await api("/api/enter", { method: "POST", body: { ticket, cookie: true } })).user);
  } catch (error) {
    toast(words(error), { kind: "error" });
  }
}

async function meet() {
  const ways = told().ways ?? (await api("/api/auth").catch(() => ({})));
  if (!ways.sessions || playerOfTab > 1) return { ways, elsewhere: false };
  try {
    const { user, elsewhere = false } = await api("/api/tickets", { method: "POST", body: {} });
    become(user);
    return { ways, elsewhere };
  } catch (error) {
    if (error.code === "unauthenticated") saveAccount(null);
    if (error.code === "forbidden") toast(said(error.message), { kind: "error" }); // the system gives the reason, for people to read
    return { ways, elsewhere: false };
  }
}

/** In a frame nobody logs in or out: the page around it does that. */
async function meetParent() {
  try {
    framedName = (await askParent()).user.name;
  } catch (error) {
    toast(words(error), { kind: "error" });
  }
  return { ways: {}, elsewhere: true };
}

function become({ name }) {
  if (account() !== name || !savedName()) saveName(name);
  saveAccount(name);
}

/** A random text that this page sends along to a login elsewhere; whoever comes back from there brings it again. */
function state() {
  try {
    const made = sessionStorage.getItem(STATE_KEY) ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem(STATE_KEY, made);
    return made;
  } catch {
    return null;
  }
}

/**
 * The address where people log in elsewhere, and from where they come back to this page; null: there is none.
 * @param {any} ways
 */
export function loginAddress(ways) {
  if (!ways?.login_url) return null;
  const url = new URL(ways.login_url);
  url.searchParams.set("next", location.origin + location.pathname + location.search);
  url.searchParams.set("state", state() ?? "");
  return url.href;
}

/** Who this is, as options for connect(): an account, by tickets that its cookie buys, or a guest with a name. */
export function identity() {
  if (framed) return { name: framedName ?? undefined, ticket: async () => (await askParent()).ticket };
  const name = savedName() || undefined;
  if (playerOfTab > 1) return { name, session: /** @type {const} */ ("tab") };
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
