/** For a page in a frame of a project that has the users: the page around it says who this browser's user is. */

import { t } from "./language.js";

/**
 * The frame's name says that the page around it answers. That page may be trusted: by the policy that ours is sent
 * with, only pages of this server and of admitted origins can show it in a frame.
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
