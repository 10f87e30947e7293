/**
 * Sound, vibration and movement, and whether they are on. One switch turns everything off, and this browser remembers
 * it. By default a shared screen sounds and phones vibrate; whoever has asked the system for less movement gets none.
 */

import { keyHere } from "../page/base.js";
import { el } from "../page/elements.js";
import { icon } from "../page/icons.js";
import { t } from "../page/language.js";

const KEY = keyHere("gameserver feel");
const reduced = matchMedia("(prefers-reduced-motion: reduce)");
let isStill = reduced.matches; // kept: to ask makes the browser lay out the page, and some ask in each frame
reduced.addEventListener("change", () => (isStill = reduced.matches));

/** @typedef {"sound" | "touch" | "motion"} Sense */

/** @type {{ off?: boolean } & Partial<Record<Sense, boolean>>} */
let chosen = read();
const changed = new EventTarget();

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}

/**
 * Whether this is on: what was chosen here, else what fits the device.
 * @param {Sense} sense
 */
export function feels(sense) {
  if (chosen.off) return false;
  if (sense === "motion" && isStill) return false;
  return chosen[sense] ?? (sense === "sound" ? document.documentElement.classList.contains("tv") : true);
}

/** Whether things may move on this page. */
export const moves = () => feels("motion");

/**
 * Choose, for this browser and from now on; `off` turns everything off.
 * @param {{ off?: boolean } & Partial<Record<Sense, boolean>>} wishes
 */
export function feel(wishes) {
  chosen = { ...chosen, ...wishes };
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // no storage: it is not remembered
  }
  show();
  changed.dispatchEvent(new Event("change"));
}

/** Call `look` whenever any of this is changed. → a function that ends that */
export function onFeel(look) {
  changed.addEventListener("change", look);
  return () => changed.removeEventListener("change", look);
}

function show() {
  document.documentElement.classList.toggle("calm", chosen.off === true || chosen.motion === false);
}

/** A button that turns sound, vibration and movement off, and on again. */
export function feelButton() {
  const button = el("button", { type: "button", class: "quiet icon feel", onclick: () => feel({ off: !chosen.off }) }, icon("speaker"), el("span", { class: "visually-hidden" }, t("Sound and effects")));
  const look = () => {
    button.setAttribute("aria-pressed", String(!chosen.off));
    button.title = chosen.off ? t("Sound and effects are off") : t("Sound and effects are on");
  };
  onFeel(look);
  look();
  return button;
}

/** Boxes to choose each of the three by itself, and the switch for all. */
export function feelPanel() {
  const box = (name, label, isOn, choose) => {
    const input = el("input", { type: "checkbox", id: `feel-${name}` });
    input.addEventListener("change", () => choose(input.checked));
    const look = () => (input.checked = isOn());
    onFeel(look);
    look();
    return el("div", { class: "field check" }, input, el("label", { htmlFor: input.id }, label));
  };
  return el(
    "fieldset",
    { class: "field" },
    el("legend", {}, t("Sound and movement")),
    box("all-of-it-off", t("All of it off"), () => Boolean(chosen.off), (off) => feel({ off })),
    box("sound", t("Sound"), () => feels("sound"), (sound) => feel({ sound })),
    box("vibration", t("Vibration"), () => feels("touch"), (touch) => feel({ touch })),
    box("movement", t("Movement"), () => feels("motion"), (motion) => feel({ motion })),
  );
}

show();
