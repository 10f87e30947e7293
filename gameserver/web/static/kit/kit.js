/*
 * The kit for pages: parts for a game's page, for phones and for a TV. /static/kit/ shows each of them with its code;
 * the guide "A kit for pages" lists them all. A page imports from here alone:
 *
 *     import { el, enter, render, scenes, stage } from "../../static/kit/kit.js";
 *
 * Everything in /static/page.js is here, too. Pages link ../../static/style.css and ../../static/kit/kit.css.
 */

export * from "../page.js";
export { boardGrid, handOf } from "./board.js";
export { botButtons, standInButtons } from "./bots.js";
export { playingCard, suitCard } from "./cards.js";
export { bigCount, every, ring, until } from "./clocks.js";
export { confetti } from "./confetti.js";
export { cues } from "./cues.js";
export { Sheet, drawOn } from "./drawing.js";
export { duel } from "./duel.js";
export { feel, feelButton, feelPanel, feels, moves, onFeel } from "./feel.js";
export { fitList, fitted } from "./fit.js";
export { canFill, fillScreen, fullScreenButton } from "./full.js";
export { avatar, faceOf, nameTag, playersOf, roster } from "./people.js";
export { play } from "./play.js";
export { questionCard } from "./question.js";
export { heading, scenes, stage } from "./scenes.js";
export { entriesOf, podium, ranked, resultEntries, resultText, scoreList, winnersOf, winnerText } from "./scores.js";
export { CUES, cue } from "./sound.js";
export { Stick } from "./stick.js";
export { chatButton } from "./talk.js";
export { turnHead, turnText } from "./turns.js";
export { watchView } from "./view.js";
export { waitingLine } from "./waiting.js";
export { listed, ordinal, plural, points, signed, titled } from "./words.js";
