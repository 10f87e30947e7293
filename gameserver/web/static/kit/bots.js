/** Bots, for games that have them: the host adds them and takes them out, and they play for whoever is away. */

export { bots as botButtons, standIns as standInButtons } from "../play/people.js";
