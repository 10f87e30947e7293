/*
 * The page that is shown while the server cannot be reached: it tries again every few seconds, and when the device says
 * that it has a connection.
 */

const AGAIN_MS = 5000;

/** Title, sentence and button: no server can translate this page. @type {Record<string, string[]>} */
const WORDS = {
  de: ["Keine Verbindung", "Der Server ist nicht zu erreichen. Diese Seite macht von selbst weiter, sobald er es ist.", "Nochmal versuchen"],
  es: ["Sin conexión", "No se puede llegar al servidor. Esta página seguirá por sí sola en cuanto se pueda.", "Reintentar"],
  fr: ["Pas de connexion", "Le serveur est injoignable. Cette page reprend d’elle-même dès qu’il répond.", "Réessayer"],
};

const chosen = /gameserver-language=([a-z]+)/.exec(document.cookie)?.[1];
const language = [chosen, ...navigator.languages].map((tag) => tag?.slice(0, 2)).find((tag) => tag === "en" || Object.hasOwn(WORDS, tag ?? ""));
if (language && language !== "en") {
  const [title, text, again] = WORDS[language];
  document.documentElement.lang = language;
  document.title = title;
  document.querySelector("h1").textContent = title;
  document.querySelector("[role=status]").textContent = text;
  document.getElementById("again").textContent = again;
}

async function look() {
  const answer = await fetch(new URL("../healthz", import.meta.url), { cache: "no-store" }).catch(() => null);
  if (answer !== null) location.reload();
}

document.getElementById("again").addEventListener("click", () => location.reload());
addEventListener("online", look);
setInterval(look, AGAIN_MS);
