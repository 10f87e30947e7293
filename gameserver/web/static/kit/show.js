/* Shows every part of the kit with the code that makes it: below each is the source of the function that was run. */

import * as kit from "./kit.js";
import { moveButtons } from "./moves.js";
import { shownRoom } from "./shown_room.js";

const { avatar, bigCount, boardGrid, botButtons, confetti, countdown, cue, CUES, drawOn, duel, el, entriesOf, feel, feelPanel, fill, fitList, handOf, hostButton, nameTag, openShare, playingCard, podium, questionCard, ranked, ring, roster, scoreList, seatList, shareCard, Sheet, startButton, Stick, suitCard, toast, turnHead, waitingLine, winnerText } = kit;
const room = shownRoom();

/** @type {[title: string, text: string, make: () => Node][]} */
const PARTS = [
  ["Avatar and name tag", "The face is the emoji that somebody chose, else the first letter, in the player’s colour.", () => {
    const [ann, bob] = room.seats.values();
    return el("ul", { class: "seats" }, nameTag(room, ann, { notes: ["host"], done: true }), nameTag(room, bob), el("li", { class: "color-3" }, avatar(ann)));
  }],
  ["Everybody", "As many as fit, and the rest in words. Also as seatList(room), which keeps itself up to date.", () => el("div", { class: "stack" }, roster(room), seatList(room, { active: (seat) => seat.id === "2" }))],
  ["Who waits for a place", "At a table for few those who watch are next, in their order.", () => waitingLine(room, { max_players: 6 })],
  ["A list that fits", "On a stage it shows what there is room for; here it was told to show five.", () => {
    const items = Array.from({ length: 12 }, (_, i) => el("li", { class: "chip" }, `Item ${i + 1}`));
    return fitList(items, { class: "seats", label: "Items", most: 5, more: (n) => `and ${n} others` });
  }],
  ["Countdown", "By the server’s clock: a number, a ring that runs out, and one that fills the screen.", () => el("div", { class: "row" }, countdown(room, "answer"), ring(room, "answer", 60), el("div", { style: { zoom: ".3" } }, bigCount(room, "answer")))],
  ["Score list", "The best first; one’s own line is always there.", () => scoreList(room, ranked(entriesOf(room.state.scores)), { most: 4 })],
  ["Podium with ties", "Equals stand on one step; who has no points on none. winnerText() says it in words.", () => {
    const entries = ranked(entriesOf(room.state.scores));
    return el("div", { class: "stack" }, el("h3", { class: "center" }, winnerText(room, entries)), podium(room, entries));
  }],
  ["Question card", "With `answer` the choices are buttons, and the keys 1 to 4 press them.", () => {
    const card = questionCard({ text: "Which river is the longest?", choices: ["Nile", "Amazon", "Yangtze", "Rhine"], answer: (i) => card.show({ chosen: i, right: 0 }), level: "h3" });
    return card.node;
  }],
  ["Whose turn it is", "The heading of a scene, with the time that is left and what is asked for.", () => {
    const head = turnHead(room);
    head.querySelector("h1").replaceWith(el("h3", { class: "state-line" }, head.querySelector("h1").textContent));
    return head;
  }],
  ["Moves as buttons", "For games that say their moves: `import { moveButtons } from \"../../static/kit/moves.js\"`.", () => moveButtons(room, { messages: {} })],
  ["Hand of cards", "Each card is a button; some may be played.", () => {
    const node = el("div", {});
    const chosen = new Set();
    const cards = ["C7", "DQ", "SA"].map((code) => suitCard(code[0], code[1]));
    const draw = () => fill(node, handOf({ label: "Your hand", cards: cards.map((card) => ({ ...card, may: card.key !== "SA", chosen: chosen.has(card.key) })), press: (key) => (chosen.delete(key) || chosen.add(key), draw()) }));
    draw();
    return node;
  }],
  ["Cards on the table", "The same cards where they lie, and a place for one.", () => el("div", { class: "row" }, playingCard(suitCard("H", "K")), playingCard(suitCard("S", "T")), playingCard(null))],
  ["Board", "Tab comes to one square, the arrow keys to the others.", () => {
    const marks = new Map([["1 1", "X"]]);
    const board = boardGrid({
      rows: 3,
      columns: 3,
      label: "Board",
      square: (row, column) => ({ name: `row ${row + 1}, column ${column + 1}: ${marks.get(`${row} ${column}`) ?? "empty"}`, face: marks.get(`${row} ${column}`) ?? "", may: !marks.has(`${row} ${column}`) }),
      press: (row, column) => (marks.set(`${row} ${column}`, "O"), board.draw()),
    });
    return board.node;
  }],
  ["Two over a board", "A whole scene: cards beside the board, or above it on a phone, and a podium in their place once `end` gives entries.", () => {
    const board = boardGrid({ rows: 3, columns: 3, label: "Their board", square: (row, column) => ({ name: `row ${row + 1}, column ${column + 1}`, face: row === column ? "X" : "" }) });
    const [ann, bob] = room.seats.values();
    const { node, update } = duel(room, { head: el("h3", {}, "Ann’s turn"), board: board.node, side: (number) => ({ seat: [ann, bob][number], count: "3", active: number === 0 }) });
    update();
    return node;
  }],
  ["Drawing canvas", "A sheet, and a pointer that draws on it; with `fill` paint is poured out.", () => {
    const sheet = new Sheet({ high: 500 });
    const strokes = [{ colour: "#2456c9", width: 24, points: [[0.1, 0.8], [0.5, 0.2], [0.9, 0.8], [0.1, 0.8]] }, { colour: "#f7d038", points: [[0.5, 0.6]], fill: true }];
    let line = null;
    drawOn(sheet, {
      begin: (at) => Boolean((line = { colour: "#d92b2b", width: 10, points: [at] })),
      add: (at) => (line.points.push(at), sheet.add({ ...line, points: line.points.slice(-2) })),
      end: () => (strokes.push(line), sheet.show([...strokes])),
    });
    sheet.show(strokes);
    return sheet.node;
  }],
  ["Stick", "Drag in the field. Arrow keys, WASD and a gamepad do the same.", () => {
    const field = el("div", { class: "field-to-steer" }, "0, 0");
    const stick = new Stick(field);
    setInterval(() => (field.textContent = stick.read().map((each) => each.toFixed(1)).join(", ")), 100);
    return field;
  }],
  ["Sound, vibration, movement", "cue(name) sounds and vibrates; one switch turns all of it off. The first touch unlocks sound.", () => el("div", { class: "stack" }, el("div", { class: "row" }, CUES.map((name) => el("button", { type: "button", onclick: () => (feel({ sound: true }), cue(name)) }, name))), feelPanel())],
  ["Toast", "toast(text), and attempt(promise), which says errors in words.", () => el("button", { type: "button", onclick: () => toast("Something happened.") }, "Say something")],
  ["Confetti", "For whoever has won; none where movement is off.", () => el("button", { type: "button", onclick: () => { const paper = confetti(); document.body.append(paper); setTimeout(() => paper.remove(), 6000); } }, "Let it fall")],
  ["Code, address and QR", "shareCard(room), and openShare(room) as a sheet over the page.", () => el("div", { class: "stack" }, shareCard(room), el("button", { type: "button", onclick: () => openShare(room) }, "Invite"))],
  ["Bots", "For the host of a game that has them; standInButtons(room, about) lets them move for who is away.", () => botButtons(room, { levels: { low: "Plays low", high: "Plays high" }, max_players: 8 })],
  ["The host", "startButton(room) begins; hostButton(room, about) opens all that a host may do.", () => el("div", { class: "row" }, startButton(room), hostButton(room, { host_may: ["pause", "lock", "kick"] }))],
];

/** A function's body as it was written, without the indentation it has here. */
function source(make) {
  const lines = String(make).split("\n");
  const inner = lines.length > 1 ? lines.slice(1, -1) : [lines[0].replace(/^\(\) => /, "")];
  const indent = Math.min(...inner.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  return inner.map((line) => line.slice(indent)).join("\n");
}

const theme = el("select", { id: "theme" }, ["night", "arcade", "ember", "felt"].map((name) => el("option", { value: name }, name)));
theme.addEventListener("change", () => {
  document.documentElement.dataset.theme = theme.value;
  document.documentElement.dataset.face = { arcade: "arcade", felt: "" }[theme.value] ?? "round";
});

fill(
  document.querySelector("main"),
  el("h1", {}, "A kit for pages"),
  el("p", { class: "lead" }, "Each part as it looks, and the code that made it: ", el("code", {}, 'import { … } from "../../static/kit/kit.js"'), "."),
  el("div", { class: "field" }, el("label", { htmlFor: "theme" }, "Theme: <html data-theme data-face>"), theme),
  el("div", { class: "parts" }, PARTS.map(([title, text, make]) => el(
    "section",
    { class: "card part", "aria-label": title },
    el("h2", {}, title),
    el("p", { class: "muted" }, text),
    el("div", { class: "demo" }, make()),
    el("pre", { tabindex: "0", "aria-label": `Code: ${title}` }, source(make)),
  ))),
);
