/** What the host of a room may do, besides starting it: behind one button, in every game. */

import { el, fill, live } from "./elements.js";
import { ask, attempt } from "./notices.js";

/** @import * as Api from "../../gameserver.js" */

/** @type {[Api.HostAct, string, (info: Api.Info) => boolean][]} */
const ROOM_ACTS = [
  ["again", "Play again", (info) => info.status === "over"],
  ["pause", "Pause", (info) => info.status === "playing" && !info.paused],
  ["unpause", "Go on", (info) => info.paused],
  ["end", "End this round", (info) => info.status === "playing"],
  ["lock", "Let nobody new in", (info) => !info.locked],
  ["unlock", "Let people in", (info) => info.locked],
];

/** @type {[Api.HostAct, string, (seat: Api.Seat) => string | null][]} */
const SEAT_ACTS = [
  ["pass", "Make host", () => null],
  ["mute", "Mute", (seat) => `Mute ${seat.name} in the chat?`],
  ["kick", "Put out", (seat) => `Put ${seat.name} out of the room?`],
];

const MAY_HOST = ["player", "host"];

/**
 * A button that the host alone sees, which opens a dialog with the acts that the game lets a host do.
 * @param {Api.Room} room
 * @param {{ host_may: string[] }} about
 */
export function hostButton(room, about) {
  const button = el("button", { class: "quiet", type: "button", onclick: () => openHost(room, about) }, "Host");
  return live(button, room, () => {
    button.hidden = !room.mayHost || about.host_may.length === 0;
  });
}

function openHost(room, about) {
  const may = (act) => about.host_may.includes(act);
  const acts = el("div", { class: "row" });
  const people = el("ul", { class: "stack tight plain" });
  const draw = () => {
    if (!room.mayHost) return dialog.close();
    fill(acts, ROOM_ACTS.filter(([act, , fits]) => may(act) && fits(room.info)).map(([act, text]) => actButton(act, text)));
    fill(people, [...room.seats.values()].filter((seat) => !seat.gone && seat.id !== room.seat.id).map(seatRow));
  };
  const actButton = (act, text) => el("button", { type: "button", "data-key": act, onclick: () => attempt(room.asHost(act)) }, text);
  const seatRow = (seat) => {
    const fitting = SEAT_ACTS.filter(([act]) => may(act) && (act === "pass" ? MAY_HOST.includes(seat.role) && !seat.host : !seat.host));
    return el("li", { class: "row spread" }, el("span", { dir: "auto" }, seat.name, seat.host ? " (host)" : ""), el("span", { class: "row" }, fitting.map((each) => seatButton(each, seat))));
  };
  const seatButton = ([act, text, question], seat) => {
    const doIt = async () => {
      const asked = question(seat);
      if (!asked || (await ask(asked, text, { no: "No" }))) attempt(room.asHost(act, seat.id));
    };
    return el("button", { type: "button", class: "quiet", "data-key": `${act}-${seat.id}`, onclick: doIt }, text, el("span", { class: "visually-hidden" }, ` ${seat.name}`));
  };
  const dialog = el("dialog", { "aria-label": "Host" });
  dialog.append(el("div", { class: "stack" }, el("h2", {}, "Host"), live(acts, room, draw), people, el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Done")));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
