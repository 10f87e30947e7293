/** Faces: the emoji and the colour that somebody has chosen, which all others see. */

import { chosenColour, COLOURS } from "./colours.js";
import { el } from "./elements.js";
import { savedFace, saveFace } from "./identity.js";
import { t } from "./language.js";

/** The faces to choose from: animals and things, none of which looks like another. */
export const FACES = ["🦊", "🐼", "🐸", "🦁", "🐙", "🦉", "🐝", "🐢", "🦄", "🐧", "🐨", "🐯", "🐳", "🦖", "🐞", "🦜", "🦩", "🐌", "🍓", "🍋", "🍩", "🌵", "🌻", "🍄", "🚀", "⚡", "🎈", "🎸", "👻", "🤖", "👑", "⚽"];
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

/**
 * This browser's own face, as `profile` of a seat. Whoever has none yet gets an emoji by chance, which stays; there is a
 * colour only once one was chosen, since a free one is given to everybody else.
 * @returns {{ avatar: string, colour?: number }}
 */
export function ownProfile() {
  const saved = savedFace();
  const colour = chosenColour({ profile: saved });
  const own = { avatar: FACES.includes(saved.avatar) ? saved.avatar : FACES[Math.floor(Math.random() * FACES.length)], ...(colour && { colour }) };
  if (own.avatar !== saved.avatar) saveFace(own);
  return own;
}

/** A folded grid to choose from; a choice is stored at once, and ownProfile() returns it from then on. */
export function faceField() {
  const chosen = ownProfile();
  const look = () => (chosen.colour ? `seat color-${chosen.colour}` : "seat");
  const shown = el("span", { class: look() }, avatar({ name: "?", profile: chosen }));
  const choose = (change) => {
    Object.assign(chosen, change);
    saveFace({ ...chosen });
    shown.className = look();
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
