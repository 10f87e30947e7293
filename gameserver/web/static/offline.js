/*
 * The page that is shown where the server cannot be reached: it looks again every few seconds, and when the device says
 * that it has a connection.
 */

const AGAIN_MS = 5000;

async function look() {
  const answer = await fetch(new URL("../healthz", import.meta.url), { cache: "no-store" }).catch(() => null);
  if (answer !== null) location.reload();
}

document.getElementById("again").addEventListener("click", () => location.reload());
addEventListener("online", look);
setInterval(look, AGAIN_MS);
