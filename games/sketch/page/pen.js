/*
 * What the drawer draws with. While a line is drawn its points go out 20 times a second with `line`, for those who look on;
 * when it is done, or long, all of it goes out with `stroke`, which is what the room keeps.
 */

import { attempt, el } from "../../static/page.js";
import { MOST_POINTS, encode } from "./points.js";
import { COLOURS, WIDTHS } from "./sheet.js";

const TELL_MS = 50;

/** Tools, and the pointer on the sheet; both do nothing unless `mayDraw()`. */
export function pen(room, sheet, mayDraw) {
  let [colour, width] = [0, 1];
  let number = 0;
  let line = null; // {pointer, points, told, joined, ticking}

  const begin = (event) => {
    if (!mayDraw() || line || event.button !== 0) return;
    event.preventDefault();
    sheet.live.setPointerCapture(event.pointerId);
    line = { pointer: event.pointerId, points: [], told: 0, joined: false, ticking: setInterval(tell, TELL_MS) };
    number += 1;
    add(sheet.at(event));
  };
  const move = (event) => {
    if (event.pointerId !== line?.pointer) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) add(sheet.at(each));
  };
  const end = (event) => {
    if (event.pointerId !== line?.pointer) return;
    clearInterval(line.ticking);
    done();
    line = null;
  };

  function add(point) {
    const last = line.points.at(-1);
    if (last && last[0] === point[0] && last[1] === point[1]) return;
    line.points.push(point);
    sheet.add(colour, width, line.points.slice(-2));
    if (line.points.length < MOST_POINTS) return;
    done();
    Object.assign(line, { points: [point], told: 0, joined: true });
    number += 1;
  }

  /** What is new of the line, from the last point that was told. */
  function tell() {
    if (!mayDraw() || line.told === line.points.length) return;
    room.tell("line", { number, colour, width, points: encode(line.points.slice(Math.max(0, line.told - 1))) });
    line.told = line.points.length;
  }

  function done() {
    if (mayDraw()) attempt(room.send("stroke", { colour, width, points: encode(line.points), joined: line.joined }));
  }

  sheet.live.addEventListener("pointerdown", begin);
  sheet.live.addEventListener("pointermove", move);
  for (const type of ["pointerup", "pointercancel"]) sheet.live.addEventListener(type, end);

  const choice = (name, choices, chosen, choose, face) => {
    const buttons = choices.map(([label], i) => el("button", { type: "button", "aria-label": label, title: label, "aria-pressed": String(i === chosen), onclick: () => pick(i) }, face(i)));
    const pick = (chosen) => {
      choose(chosen);
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === chosen)));
    };
    return el("div", { class: ["tool", name.toLowerCase()], role: "group", "aria-label": name }, buttons);
  };
  const act = (text, type) => el("button", { type: "button", onclick: () => attempt(room.send(type)) }, text);
  return el(
    "div",
    { class: "tools", role: "group", "aria-label": "Tools" },
    choice("Colours", COLOURS, colour, (i) => (colour = i), (i) => el("span", { class: "swatch", style: { "--swatch": COLOURS[i][1] } })),
    choice("Widths", WIDTHS, width, (i) => (width = i), (i) => el("span", { class: "dot", style: { "--dot": `${0.3 + 0.28 * i}rem` } })),
    el("div", { class: "tool" }, act("Undo", "undo"), act("Wipe", "wipe"), act("Give up", "give_up")),
  );
}
