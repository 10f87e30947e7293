/**
 * Sounds, made of tones when they are due: nothing is downloaded. A browser lets a page sound only after the first
 * touch or key; sounds that were due earlier are left out.
 */

import { feels } from "./feel.js";

/** @typedef {"join" | "ready" | "tick" | "right" | "wrong" | "turn" | "reveal" | "fanfare"} Cue */

/**
 * The tones of each cue: when a tone begins and how long it lasts, in seconds; Hz; the wave; how loud, 0 to 1.
 * @type {Record<Cue, [at: number, for_s: number, hz: number, wave: OscillatorType, loud: number][]>}
 */
const TONES = {
  join: [[0, 0.1, 523, "sine", 0.5], [0.09, 0.16, 784, "sine", 0.5]],
  ready: [[0, 0.09, 880, "triangle", 0.4]],
  tick: [[0, 0.05, 1100, "square", 0.13]],
  right: [[0, 0.11, 659, "triangle", 0.6], [0.1, 0.11, 784, "triangle", 0.6], [0.2, 0.3, 1047, "triangle", 0.6]],
  wrong: [[0, 0.18, 196, "sawtooth", 0.24], [0.17, 0.32, 147, "sawtooth", 0.24]],
  turn: [[0, 0.12, 698, "sine", 0.6], [0.13, 0.2, 932, "sine", 0.6]],
  reveal: [[0, 0.1, 392, "triangle", 0.5], [0.09, 0.1, 494, "triangle", 0.5], [0.18, 0.35, 587, "triangle", 0.5]],
  fanfare: [
    [0, 0.14, 523, "triangle", 0.6], [0.15, 0.14, 523, "triangle", 0.6], [0.3, 0.14, 523, "triangle", 0.6], [0.45, 0.7, 698, "triangle", 0.6],
    [0.45, 0.7, 880, "triangle", 0.4], [0.45, 0.7, 1047, "triangle", 0.4], [1.2, 0.9, 1047, "triangle", 0.5], [1.2, 0.9, 1319, "triangle", 0.35], [1.2, 0.9, 1568, "triangle", 0.35],
  ],
};

/** What a phone does at each cue, as navigator.vibrate takes it: on, off, on… in ms. */
const BUZZES = { join: 0, ready: 20, tick: 15, right: [40, 60, 90], wrong: 220, turn: [80, 60, 80], reveal: 40, fanfare: [60, 60, 60, 60, 240] };

export const CUES = /** @type {Cue[]} */ (Object.keys(TONES));

const LOUD = 0.25;

/** @type {AudioContext | null} */
let audio = null;

/** Called by the first touch, click or key: from then on the page may sound. */
function unlock() {
  try {
    audio ??= new AudioContext();
    if (audio.state !== "running") audio.resume().catch(() => {});
  } catch {
    // no sound on this device
  }
}

for (const type of ["pointerdown", "keydown", "touchend"]) addEventListener(type, unlock, { capture: true, passive: true });

/**
 * Sound and vibrate, if that is on in this browser and the device can. → whether it sounded
 * @param {Cue} name
 */
export function cue(name) {
  document.dispatchEvent(new CustomEvent("cue", { detail: name }));
  if (feels("touch") && BUZZES[name] && !document.documentElement.classList.contains("tv") && navigator.userActivation?.hasBeenActive) navigator.vibrate?.(BUZZES[name]);
  if (!feels("sound") || audio?.state !== "running") return false;
  for (const tone of TONES[name]) sound(audio, tone);
  return true;
}

function sound(audio, [at, for_s, hz, wave, loud]) {
  const begin = audio.currentTime + at;
  const gain = audio.createGain();
  gain.gain.setValueAtTime(0, begin);
  gain.gain.linearRampToValueAtTime(loud * LOUD, begin + 0.012); // a wave that begins at full volume clicks
  gain.gain.exponentialRampToValueAtTime(0.001, begin + for_s);
  const tone = audio.createOscillator();
  tone.type = wave;
  tone.frequency.value = hz;
  tone.connect(gain).connect(audio.destination);
  tone.start(begin);
  tone.stop(begin + for_s);
}
