/** Where a page stands in a frame of a project that has the users: its page tells who this browser is. */

import { t } from "./language.js";

/**
 * The frame's name says that the page around it answers. Only pages of this server and of admitted origins may have
 * ours in a frame, which the policy that it is sent with sees to: whoever is around it may say who this is.
 */
export const framed = window.name === "gameserver" && window.parent !== window;

/**
 * Ask the page around this one for a ticket, and whose it is. Throws {code, message}.
 * @returns {Promise<{ ticket: string, user: { name: string } }>}
 */
export function askParent() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => {
      port1.close();
      if (data?.ticket) resolve(data);
      else reject(Object.assign(new Error(data?.message ?? t("Nobody says who you are.")), { code: data?.code ?? "busy" }));
    };
    window.parent.postMessage({ gameserver: "ticket" }, "*", [port2]);
  });
}
