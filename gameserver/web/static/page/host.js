/** What the host of a room may do: behind one button, in every game. */

import { barButton } from "./bar.js";
import { el, fill, live } from "./elements.js";
import { nextPart, optionsPart } from "./host_room.js";
import { api } from "./http.js";
import { ask, attempt } from "./notices.js";
import { once } from "./pressing.js";
import { said, t } from "./language.js";

/** @import * as Api from "../../gameserver.js" */

/** What a host may always do, besides what the game allows by `host_may`. */
const ALWAYS = "start";

/** @type {[Api.HostAct | "start", string, (info: Api.Info) => boolean][]} */
const ROOM_ACTS = [
  ["start", t("Start"), (info) => info.status === "lobby"],
  ["again", t("Play again"), (info) => info.status === "over"],
  ["pause", t("Pause"), (info) => info.status === "playing" && !info.paused],
  ["unpause", t("Go on"), (info) => info.paused],
  ["end", t("End the game"), (info) => info.status === "playing"],
  ["lock", t("Let nobody new in"), (info) => !info.locked],
  ["unlock", t("Let people in"), (info) => info.locked],
];

/** @type {[Api.HostAct, string, (seat: Api.Seat) => string | null][]} */
const SEAT_ACTS = [
  ["pass", t("Make host"), () => null],
  ["mute", t("Mute"), (seat) => t("Mute {name} in the chat?", { name: seat.name })],
  ["kick", t("Put out"), (seat) => t("Put {name} out of the room?", { name: seat.name })],
];

const MAY_HOST = ["player", "host"];

/**
 * A button that only the host sees. It opens a dialog with what the game allows a host to do, the options, and the way
 * to another game with the same people.
 * @param {Api.Room} room
 * @param {any} [about] the game's entry of GET /api/games, if the page knows it
 */
export function hostButton(room, about) {
  const open = async () => {
    about ??= await attempt(aboutOf(room.game));
    if (about) openHost(room, about);
  };
  const button = barButton("host", t("Host"), { onclick: open });
  return live(button, room, () => {
    button.hidden = !room.mayHost;
  });
}

async function aboutOf(game) {
  const { games } = await api("/api/games");
  return games.find((each) => each.name === game);
}

function openHost(room, about) {
  const may = (act) => act === ALWAYS || about.host_may.includes(act);
  const levels = Object.entries(about.levels ?? {});
  const acts = el("div", { class: "row" });
  const people = el("ul", { class: "stack tight plain" });
  const draw = () => {
    if (!room.mayHost) return dialog.close();
    fill(acts, ROOM_ACTS.filter(([act, , fits]) => may(act) && fits(room.info)).map(([act, text]) => actButton(act, text)), room.info.status === "playing" ? null : levels.map(([level, title]) => botButton(level, title)));
    fill(people, [...room.seats.values()].filter((seat) => !seat.gone && seat.id !== room.seat.id).map(seatRow));
  };
  const actButton = (act, text) => el("button", { type: "button", "data-key": act, onclick: () => once(acts, () => attempt(act === "start" ? room.start() : room.asHost(act))) }, text);
  const botButton = (level, title) => el("button", { type: "button", class: "quiet", "data-key": `bot-${level}`, onclick: () => attempt(room.bot({ level })) }, t("Add a bot: {level}", { level: said(title) }));
  const seatRow = (seat) => {
    const fitting = SEAT_ACTS.filter(([act]) => !seat.bot && may(act) && (act === "pass" ? MAY_HOST.includes(seat.role) && !seat.host : !seat.host));
    return el("li", { class: "row spread" }, el("span", { dir: "auto" }, seat.name, seat.host ? ` (${t("host")})` : "", !seat.online && !seat.bot ? ` (${t("away")})` : ""), el("span", { class: "row" }, fitting.map((each) => seatButton(each, seat)), botActs(seat)));
  };
  /** Buttons that hand the seat of an absent player to a bot, or back, and remove a bot's seat. */
  const botActs = (seat) => {
    if (!levels.length || seat.role !== "player") return null;
    const playing = room.info.status === "playing";
    const button = (key, text, which) => el("button", { type: "button", class: "quiet", "data-key": `${key}-${seat.id}`, onclick: () => attempt(room.bot({ ...which, seat: seat.id })) }, text, el("span", { class: "visually-hidden" }, ` ${seat.name}`));
    if (seat.bot) return playing ? null : button("unbot", t("Remove the bot"), {});
    if (seat.stand_in) return button("back", t("Take back from the bot"), {});
    return playing && !seat.online ? button("hand", t("Hand to a bot"), { level: levels[0][0] }) : null;
  };
  const seatButton = ([act, text, question], seat) => {
    const doIt = async () => {
      const asked = question(seat);
      if (!asked || (await ask(asked, text, { no: t("No") }))) attempt(room.asHost(act, seat.id));
    };
    return el("button", { type: "button", class: "quiet", "data-key": `${act}-${seat.id}`, onclick: doIt }, text, el("span", { class: "visually-hidden" }, ` ${seat.name}`));
  };
  const dialog = el("dialog", { "aria-label": t("Host") });
  dialog.append(el("div", { class: "stack" }, el("h2", {}, t("Host")), live(acts, room, draw), optionsPart(room, about), nextPart(room), el("h3", {}, t("Who is here")), people, el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("Done"))));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
