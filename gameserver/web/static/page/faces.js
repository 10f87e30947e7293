/** Faces: the emoji and the colour that somebody has chosen, which all others see. */

import { el } from "./elements.js";
import { savedFace, saveFace } from "./identity.js";
import { t } from "./language.js";

/** The faces to choose from: animals and things, none of which looks like another. */
export const FACES = ["🦊", "🐼", "🐸", "🦁", "🐙", "🦉", "🐝", "🐢", "🦄", "🐧", "🐨", "🐯", "🐳", "🦖", "🐞", "🦜", "🦩", "🐌", "🍓", "🍋", "🍩", "🌵", "🌻", "🍄", "🚀", "⚡", "🎈", "🎸", "👻", "🤖", "👑", "⚽"];
export const COLOURS = 8;
const CHARS = 16;

const SAMPLE_PX = 16;

/** @type {boolean | null} */
let hasEmoji = null;

/** Whether this device has a typeface for emoji: a computer at a TV may show the same empty box for each. */
export function showsEmoji() {
  if (hasEmoji !== null) return hasEmoji;
  const canvas = el("canvas", { width: SAMPLE_PX, height: SAMPLE_PX });
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  if (!paint) return (hasEmoji = true);
  paint.font = `${SAMPLE_PX - 2}px sans-serif`;
  paint.textBaseline = "top";
  const [first, second] = FACES.slice(0, 2).map((face) => {
    paint.clearRect(0, 0, SAMPLE_PX, SAMPLE_PX);
    paint.fillText(face, 0, 0);
    return String(paint.getImageData(0, 0, SAMPLE_PX, SAMPLE_PX).data);
  });
  return (hasEmoji = first !== second);
}

const chosenFace = (who) => {
  const face = who?.profile?.avatar;
  return typeof face === "string" && face && face.length <= CHARS ? face : null;
};

/**
 * What stands for a person: the emoji that was chosen, or else, and on a device without emoji, the name's first letter.
 */
export function faceOf(who) {
  return (showsEmoji() ? chosenFace(who) : null) ?? ([...(who.name ?? "")][0]?.toUpperCase() ?? "?");
}

/** A round face in the colour of the element that it is in. Takes a seat, or {name}. */
export function avatar(who) {
  const chosen = chosenFace(who);
  return el("span", { class: ["face", chosen && showsEmoji() && "emoji"], "data-face": chosen, "aria-hidden": "true" }, faceOf(who ?? { name: "?" }));
}

/** The colour that a seat has chosen, from 1 to 8, or null. */
export function chosenColour({ profile }) {
  const chosen = profile?.colour;
  return Number.isInteger(chosen) && chosen >= 1 && chosen <= COLOURS ? chosen : null;
}

/** This browser's own face, as `profile` of a seat; at first it is chosen at random, and then kept. */
export function ownProfile() {
  const { avatar: kept, colour } = savedFace();
  if (FACES.includes(kept) && chosenColour({ profile: { colour } })) return { avatar: kept, colour };
  const made = { avatar: FACES[Math.floor(Math.random() * FACES.length)], colour: 1 + Math.floor(Math.random() * COLOURS) };
  saveFace(made);
  return made;
}

/** A folded grid to choose from; a choice is stored at once, and ownProfile() returns it from then on. */
export function faceField() {
  const chosen = ownProfile();
  const shown = el("span", { class: ["seat", `color-${chosen.colour}`] }, avatar({ name: "?", profile: chosen }));
  const choose = (change) => {
    Object.assign(chosen, change);
    saveFace({ ...chosen });
    shown.className = `seat color-${chosen.colour}`;
    shown.replaceChildren(avatar({ name: "?", profile: chosen }));
  };
  const option = (name, value, checked, content, more) =>
    el("label", { class: more }, el("input", { type: "radio", name, value, checked, class: "visually-hidden", onchange: () => choose(name === "face" ? { avatar: value } : { colour: Number(value) }) }), content);
  const faces = FACES.map((face) => option("face", face, face === chosen.avatar, face, "pick"));
  const colours = Array.from({ length: COLOURS }, (_, i) => option("face-colour", String(i + 1), i + 1 === chosen.colour, el("span", { class: "visually-hidden" }, t("Colour {n}", { n: i + 1 })), `pick dot color-${i + 1}`));
  return el(
    "details",
    { class: "faces" },
    el("summary", { class: "row" }, shown, el("span", {}, t("Your face"))),
    el("fieldset", { class: "grid-of-picks" }, el("legend", { class: "visually-hidden" }, t("Face")), faces),
    el("fieldset", { class: "grid-of-picks" }, el("legend", { class: "visually-hidden" }, t("Colour")), colours),
  );
}
