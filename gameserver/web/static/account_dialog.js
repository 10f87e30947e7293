/*
 * What the owner of an account may change: its name, its password, and where it is logged in. The page's cookie buys a
 * ticket, and the ticket a token, which is kept only as long as a call takes. A password is asked for before anything
 * that a stranger at this browser could use to take the account away.
 */

import { api as call, el, fill, language, saveAccount, saveName, t, toast, words } from "./page.js";
import { once } from "./page/pressing.js";

/**
 * Call the server as the owner.
 * @param {string} path
 * @param {{ method?: string, body?: object }} [more]
 */
async function api(path, more = {}) {
  const { ticket } = await call("/api/tickets", { method: "POST", body: {} });
  const { token } = await call("/api/enter", { method: "POST", body: { ticket } });
  return call(path, { ...more, token });
}

const field = (id, label, props) => {
  const input = el("input", { id, required: true, ...props });
  return { input, row: el("div", { class: "field" }, el("label", { htmlFor: id }, label), input) };
};

/**
 * A form of the dialog, which shows its own errors.
 * @param {string} title
 * @param {any[]} rows
 * @param {string} button
 * @param {() => Promise<unknown>} send
 */
function part(title, rows, button, send) {
  const error = el("p", { class: "error", role: "alert" });
  const submit = async () => {
    error.textContent = "";
    try {
      await send();
    } catch (failed) {
      error.textContent = failed.code === "wrong_password" ? t("The password is wrong.") : words(failed);
    }
  };
  const form = el("form", { class: "stack tight", onsubmit: (event) => (event.preventDefault(), once(form, submit)) }, el("h3", {}, title), ...rows, error, el("div", { class: "row" }, el("button", { type: "submit" }, button)));
  return form;
}

function nameForm(name) {
  const wanted = field("account-new-name", t("Name"), { maxlength: "32", value: name, autocomplete: "username" });
  const proof = field("account-name-password", t("Password"), { type: "password", autocomplete: "current-password" });
  return part(t("Name"), [wanted.row, proof.row], t("Change the name"), async () => {
    const { user } = await api("/api/name", { method: "POST", body: { name: wanted.input.value.trim(), password: proof.input.value } });
    saveAccount(user.name);
    saveName(user.name);
    location.reload();
  });
}

function passwordForm() {
  const old = field("account-old", t("Password until now"), { type: "password", autocomplete: "current-password" });
  const fresh = field("account-new", t("New password"), { type: "password", autocomplete: "new-password" });
  return part(t("Password"), [old.row, fresh.row], t("Change the password"), async () => {
    await api("/api/password", { method: "POST", body: { old: old.input.value, new: fresh.input.value, cookie: true } });
    old.input.value = fresh.input.value = "";
    toast(t("The password is changed, and all other devices are logged out."));
    await showLogins(document.getElementById("account-logins"));
  });
}

/** When it was used last, in the words of the reader's language. */
function when(seconds) {
  return new Date(seconds * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}

/** What a browser calls itself, as people know it. */
function deviceName(device) {
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)/.exec(device)?.[1];
  const system = /(Android|iPhone|iPad|Windows|Mac OS|Linux)/.exec(device)?.[1];
  const known = { Edg: "Edge", OPR: "Opera" }[browser] ?? browser;
  return known ? [known, system].filter(Boolean).join(", ") : device || t("A device");
}

async function showLogins(list, asked = api("/api/logins")) {
  const { logins } = await asked;
  const end = (id) => showLogins(list, api("/api/logins", { method: "POST", body: { end: id } })).catch((error) => toast(words(error), { kind: "error" }));
  const lines = logins.map((login) =>
    el(
      "li",
      { class: "row spread" },
      el("span", {}, deviceName(login.device), el("span", { class: "small muted" }, " · ", login.current ? t("this device") : t("last used {when}", { when: when(login.used_s) }))),
      login.current ? null : el("button", { type: "button", class: "quiet", onclick: () => end(login.id) }, t("Log out"), el("span", { class: "visually-hidden" }, ` ${deviceName(login.device)}`)),
    ),
  );
  const all = logins.length > 1 ? el("li", {}, el("button", { type: "button", onclick: () => end(null) }, t("Log out all others"))) : null;
  fill(list, ...lines, all);
}

/** Open a dialog with all of this. @param {string} name of the account */
export function openAccount(name) {
  const list = el("ul", { id: "account-logins", class: "stack tight plain" });
  const dialog = el("dialog", { "aria-labelledby": "account-title" });
  dialog.append(
    el(
      "div",
      { class: "stack" },
      el("h2", { id: "account-title" }, t("Account")),
      nameForm(name),
      passwordForm(),
      el("section", { class: "stack tight" }, el("h3", {}, t("Where you are logged in")), list),
      el("div", { class: "row" }, el("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, t("Close"))),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  showLogins(list).catch((error) => toast(words(error), { kind: "error" }));
}
