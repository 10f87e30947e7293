/* What parts of the kit come to on a phone with texts of every length. It is run in a page of the server. */
async () => {
  const { el, podium, questionCard, ranked, seatList, winnerText } = await import("/static/kit/kit.js");
  const { shownRoom } = await import("/static/kit/shown_room.js");
  const LONG = "x".repeat(40); // what somebody wrote, without a space
  const main = document.querySelector("main");

  /** Measure something while it is in the page, as wide as a phone. */
  const shown = (node, measure) => {
    const box = el("div", { style: { width: "330px" } }, node);
    main.prepend(box);
    const found = measure(node);
    box.remove();
    return found;
  };

  /** Where the text in an element is, whatever its box. */
  const textOf = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getBoundingClientRect();
  };
  const isInside = (node, outer = node) => {
    const [text, box] = [textOf(node), outer.getBoundingClientRect()];
    return text.left >= box.left && text.right <= box.right && text.top >= box.top && text.bottom <= box.bottom;
  };
  const middle = ({ left, right, top, bottom }) => [(left + right) / 2, (top + bottom) / 2];

  const choices = (tag) => shown(el("div", { class: "choices" }, [LONG, "short"].map((text) => el(tag, { class: "choice color-3" }, text))), (node) => [...node.children].map((each) => {
    const [[x, y], [ofX, ofY]] = [middle(textOf(each)), middle(each.getBoundingClientRect())];
    return isInside(each) && Math.abs(x - ofX) < 2 && Math.abs(y - ofY) < 2;
  }));

  const isCut = (node) => node.scrollWidth > node.clientWidth;
  const seat = (name, note) => shown(el("ul", { class: "seats" }, el("li", { class: "seat" }, el("span", { class: "face" }, "?"), el("span", { class: "name" }, name), el("span", { class: "note" }, note))), (node) => {
    const [called, noted] = node.querySelectorAll(".name, .note");
    return { name: !isCut(called), note: !isCut(noted) && isInside(noted, node), lines: Math.round(textOf(noted).height / parseFloat(getComputedStyle(noted).lineHeight)) };
  });
  const seats = {
    short: seat("umbrella", "bot"),
    long: seat("umbrella", "by Ann, believed by Bob Longname-Featherstonehaugh"),
    word: seat("umbrella", LONG),
    name: seat(LONG, "you, host"),
  };

  /** How far the middle of all that stand on one step is from the step's, in pixels. */
  const step = (...names) => shown(podium(shownRoom(), ranked(names.map((name) => ({ name, score: 5 })))), (node) => {
    const faces = [...node.querySelectorAll(".winner .face")].map((face) => face.getBoundingClientRect());
    const around = { left: faces[0].left, right: faces.at(-1).right, top: 0, bottom: 0 };
    return Math.abs(middle(around)[0] - middle(node.querySelector(".block").getBoundingClientRect())[0]);
  });
  const steps = [step("Ann", "Bob"), step("Ann", "Bob Longname-Featherstonehaugh"), step("Ann", LONG, "Cleo")];

  const won = [["1"], ["2"], ["2", "1"], ["1", "2", "3"], ["3", "2"]].map((seats) => winnerText(shownRoom(), ranked(seats.map((seat) => ({ seat, score: 5 })))));
  const turns = shown(seatList(shownRoom(), { active: ({ id }) => id === "1" || id === "2" }), (node) => [...node.children].slice(0, 3).map((each) => each.querySelector(".visually-hidden")?.textContent ?? null));

  /** What twelve choices are told apart by. */
  const twelve = Array.from({ length: 12 }, (_, i) => `choice ${i}`);
  const marks = (answer) => shown(questionCard({ text: "Which?", choices: twelve, answer }).node, (node) => [...node.querySelectorAll(".choice")].map((each) => {
    const said = (name) => each.querySelector(name).textContent;
    return { letter: said(".mark"), look: `${said(".shape")} ${getComputedStyle(each).backgroundColor}` };
  }));
  const pressed = [];
  shown(questionCard({ text: "Which?", choices: twelve, answer: (i) => pressed.push(i) }).node, (node) => {
    for (const key of "1790x") node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  });
  const questions = [marks(), marks(() => {})];

  return { buttons: choices("button"), others: choices("div"), pressed, questions, seats, steps, turns, won };
}
