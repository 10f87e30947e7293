/*
 * Logging in and registering, here or, by a link, elsewhere. The login itself is a cookie that no script can read; only
 * the name to show is stored here. Pages connect with tickets that the cookie buys (identity() in page.js).
 */

import { openAccount } from "./account_dialog.js";
import { account, api, attempt, el, fill, loginAddress, parts, recognise, said, saveAccount, saveName, savedName, t, words } from "./page.js";
import { once } from "./page/pressing.js";

/** Show in this place who is logged in, or the ways to log in; nothing, if the server has only guests. */
export async function showAccount(place, guestToken) {
  const { ways, elsewhere } = await recognise();
  const name = account();
  const address = loginAddress(ways);
  place.hidden = !(name || ways.passwords || address);
  if (name) {
    const own = ways.passwords && !elsewhere ? el("button", { type: "button", class: "quiet", onclick: () => openAccount(name) }, t("Account")) : null;
    const end = elsewhere ? null : el("button", { type: "button", class: "quiet", onclick: logOut }, t("Log out"));
    fill(place, el("span", {}, parts("Logged in as {name}", { name: el("strong", {}, name) })), own, end);
  } else {
    const label = ways.registration === "closed" ? t("Log in") : t("Log in or register");
    fill(
      place,
      address ? el("a", { class: "button quiet", href: address }, t("Log in")) : null,
      ways.passwords ? el("button", { type: "button", class: "quiet", onclick: () => openLogin(ways, guestToken) }, !address ? label : ways.registration === "closed" ? t("Log in here") : t("Log in or register here")) : null,
    );
  }
}

/** A login that has ended already, as from another device, is what was wanted. */
function isOut(error) {
  if (error.code !== "unauthenticated") throw error;
  return true;
}

async function logOut() {
  if (!(await attempt(api("/api/logout", { method: "POST", body: {} }).catch(isOut)))) return;
  saveAccount(null);
  location.reload();
}

function openLogin(ways, guestToken) {
  const name = el("input", { id: "account-name", maxlength: "254", required: true, value: savedName(), autocomplete: "username" });
  const password = el("input", { id: "account-password", type: "password", required: true, autocomplete: "current-password" });
  const invitation = el("input", { id: "account-invitation", autocomplete: "off" });
  const error = el("p", { class: "error", role: "alert" });
  const dialog = el("dialog", { "aria-labelledby": "account-title" });
  const send = async (call, more = {}, token = null) => {
    error.textContent = "";
    try {
      const body = { name: name.value.trim(), password: password.value, cookie: true, ...more };
      const { user } = await api(`/api/${call}`, { method: "POST", body, token });
      saveAccount(user.name);
      saveName(user.name);
      location.reload();
    } catch (failed) {
      error.textContent = failed.code === "unauthenticated" ? said(failed.message) : words(failed);
    }
  };
  const login = () => once(form, () => send("login"));
  const register = () => form.reportValidity() && once(form, async () => send("register", { invitation: invitation.value.trim() || null }, await guestToken().catch(() => null)));
  const row = (label, input) => el("div", { class: "field" }, el("label", { htmlFor: input.id }, label), input);
  const form = el(
    "form",
    { class: "stack", onsubmit: (event) => (event.preventDefault(), login()) },
    el("h2", { id: "account-title" }, t("Log in")),
    row(t("Name"), name),
    row(t("Password"), password),
    ways.registration === "closed" ? null : el("details", { open: ways.registration === "invited" }, el("summary", {}, t("Invitation")), row(t("What you were given, to register"), invitation)),
    error,
    el(
      "div",
      { class: "row" },
      el("button", { type: "submit", class: "primary" }, t("Log in")),
      ways.registration === "closed" ? null : el("button", { type: "button", onclick: register }, t("Register")),
      el("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, t("Not now")),
    ),
  );
  dialog.append(form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
