/*
 * The project's side of {% gameserver_room %}: a frame with a page of the game server asks who this browser's user is,
 * and is given a ticket of the project, a new one for each connection.
 *
 * The frame is loaded by this script, so that it cannot ask before this script listens.
 */

/** @type {Map<HTMLIFrameElement, string>} */
const origins = new Map();

addEventListener("message", async ({ source, origin, ports, data }) => {
  const [frame] = [...origins].find(([each, games]) => each.contentWindow === source && games === origin) ?? [];
  if (frame && data?.gameserver === "ticket") ports[0]?.postMessage(await buy(frame.dataset));
});

/**
 * Buy a ticket from the project; a user who may not play gets the reason, as code and message.
 * @param {DOMStringMap} about
 */
async function buy({ ticket, csrf }) {
  try {
    const answer = await fetch(ticket, { method: "POST", body: new URLSearchParams({ csrfmiddlewaretoken: csrf }) });
    return await answer.json();
  } catch {
    return { code: "busy", message: "The project does not say who you are; try again." };
  }
}

for (const frame of /** @type {NodeListOf<HTMLIFrameElement>} */ (document.querySelectorAll("iframe[data-gameserver]"))) {
  const address = new URL(frame.dataset.gameserver);
  origins.set(frame, address.origin);
  frame.src = address.href;
}
