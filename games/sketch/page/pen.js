/*
 * What the drawer draws with. While a line is drawn its points go out 20 times a second with `line`, for those who look on;
 * when it is done, or long, all of it goes out with `stroke`, which is what the room keeps. Paint that is poured out is a
 * stroke of one point.
 */

import { attempt, drawOn, el, t } from "../../static/kit/kit.js";
import { MOST_POINTS, SIDE, encode } from "./points.js";
import { COLOURS, FILL, WIDTHS, strokeOf } from "./sheet.js";

const TELL_MS = 50;

/** Tools, and the pointer on the sheet; both do nothing unless `mayDraw()`. */
export function pen(room, sheet, mayDraw) {
  let [colour, width] = [0, 1];
  let fills = false;
  let number = 0;
  let line = null; // {points, told, joined, ticking}

  const whole = (at) => at.map((each) => Math.min(SIDE - 1, Math.round(each * SIDE)));
  const begin = (at) => {
    if (!mayDraw() || line) return false;
    if (fills) {
      attempt(room.send("stroke", { colour, width: FILL, points: encode([whole(at)]), joined: false }));
      return false;
    }
    line = { points: [], told: 0, joined: false, ticking: setInterval(tell, TELL_MS) };
    number += 1;
    add(at);
    return true;
  };
  const end = () => {
    clearInterval(line.ticking);
    done();
    line = null;
  };

  function add(at) {
    const point = whole(at);
    const last = line.points.at(-1);
    if (last && last[0] === point[0] && last[1] === point[1]) return;
    line.points.push(point);
    sheet.add(strokeOf(colour, width, line.points.slice(-2)));
    if (line.points.length < MOST_POINTS) return;
    done();
    Object.assign(line, { points: [point], told: 0, joined: true });
    number += 1;
  }

  /** The new part of the line, from the last point that was sent. */
  function tell() {
    if (!mayDraw() || line.told === line.points.length) return;
    room.tell("line", { number, colour, width, points: encode(line.points.slice(Math.max(0, line.told - 1))) });
    line.told = line.points.length;
  }

  function done() {
    if (mayDraw()) attempt(room.send("stroke", { colour, width, points: encode(line.points), joined: line.joined }));
  }

  drawOn(sheet, { begin, add, end });
  return tools({
    colour: (i) => (colour = i),
    width: (i) => {
      fills = i === FILL;
      if (!fills) width = i;
    },
    send: (type) => attempt(room.send(type)),
  });
}

/** Colours and widths; on a phone they lie behind one button each, so that the sheet stays large. */
function tools({ colour, width, send }) {
  const choice = (kind, name, choices, chosen, choose, face) => {
    const current = el("span", {});
    const buttons = choices.map(([label], i) => el("button", { type: "button", "aria-label": label, title: label, onclick: () => pick(i) }, face(i)));
    const more = el("button", { type: "button", class: "more", "aria-expanded": "false", "aria-label": `${name}…`, onclick: () => open(more.getAttribute("aria-expanded") === "false") }, current);
    const open = (isOpen) => {
      node.classList.toggle("open", isOpen);
      more.setAttribute("aria-expanded", String(isOpen));
    };
    const pick = (chosen) => {
      choose(chosen);
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === chosen)));
      current.replaceChildren(face(chosen));
      open(false);
    };
    const node = el("div", { class: ["tool", "choice-of", kind] }, more, el("div", { class: "values", role: "group", "aria-label": name }, buttons));
    pick(chosen);
    return node;
  };
  const act = (text, mark, type) => el("button", { type: "button", title: text, onclick: () => send(type) }, el("span", { class: "mark", "aria-hidden": "true" }, mark), el("span", { class: "text" }, text));
  const paint = () => el("span", { class: "paint", "aria-hidden": "true" }, "🪣");
  return el(
    "div",
    { class: "tools", role: "group", "aria-label": t("Tools") },
    choice("colours", t("Colours"), COLOURS, 0, colour, (i) => el("span", { class: "swatch", style: { "--swatch": COLOURS[i][1] } })),
    choice("widths", t("Widths"), [...WIDTHS, [t("Fill")]], 1, width, (i) => (i === FILL ? paint() : el("span", { class: "dot", style: { "--dot": `${0.3 + 0.28 * i}rem` } }))),
    el("div", { class: "tool acts" }, act(t("Undo"), "↶", "undo"), act(t("Wipe"), "✕", "wipe"), act(t("Give up"), "⚐", "give_up")),
  );
}
