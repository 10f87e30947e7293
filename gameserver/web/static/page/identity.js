/** Who this browser is: a guest of a name, an account, or a user of another system. */

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
 * Which of several people this tab is, who play in one browser. The first is the browser's own, as in all other tabs; with
 * ?as=2 the tab is somebody of its own, a guest, for as long as it is there.
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
    // then it is another one the next time
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

/** Who the page around this one says this browser is, by name; other windows of this browser may be somebody else. @type {string | null} */
let framedName = null;

/** Whose account this browser is logged in to, by name, or null: the login itself is a cookie that pages cannot read. */
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
    // then a reload is a guest
  }
}

/** @type {Promise<{ ways: any, elsewhere: boolean }> | null} */
let recognised = null;

/**
 * Find out who this browser is, before identity() says it: somebody who comes back from logging in elsewhere, or has a
 * session of a system whose users play here. `ways` is what /api/auth says; `elsewhere`: this login does not end here.
 */
export function recognise() {
  recognised ??= framed ? meetParent() : arrive().then(meet);
  return recognised;
}

/** A page that logs people in elsewhere sends them back here with a ticket behind the #, which no server is told. */
async function arrive() {
  const told = new URLSearchParams(location.hash.slice(1));
  const ticket = told.get("ticket");
  if (!ticket) return;
  history.replaceState(null, "", location.pathname + location.search);
  if (told.get("state") !== state()) return; // not asked for here: it would make this browser somebody else
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
    if (error.code === "forbidden") toast(said(error.message), { kind: "error" }); // the system says why, for people to read
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

/** What this page said to whoever logs people in elsewhere; whoever comes back says it again. */
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
 * The address where people log in elsewhere and come back to this page; null: there is none.
 * @param {any} ways
 */
export function loginAddress(ways) {
  if (!ways?.login_url) return null;
  const url = new URL(ways.login_url);
  url.searchParams.set("next", location.origin + location.pathname + location.search);
  url.searchParams.set("state", state() ?? "");
  return url.href;
}

/** Who this browser is, as connect() takes it: an account by tickets, which its cookie buys, or a guest of a name. */
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
