/* The shared screen, which everybody looks at and nobody touches; and what spectators see. */

import { el, fill, leftMs, shareCard, startButton } from "../../static/page.js";

import { answerText, bigCount, chip, colorOf, confetti, every, face, heading, leadersText, nameOf, optionFace, optionsOf, pictureOf, plural, playersOf, podium, points, ring, roster, scoreList, settingsText, signed } from "./parts.js";

const CHIPS = 24; // more would fill the screen: then there are numbers alone
const ANSWERS = 12;
const LONG_QUESTION = 70;

const SCENES = { lobby, countdown, question, reveal, scores, podium: theEnd };

export function screenScene(room) {
  const phase = room.info.phase ?? "lobby";
  const asked = room.state.question;
  return { ...(SCENES[phase] ?? lobby)(room), key: `${phase} ${asked?.number ?? 0}` };
}

/**
 * A whole screen: what stands on top, in the middle and at the bottom, and over all of it that the game is paused.
 * @param {any} room
 * @param {string} name
 * @param {{ top?: any, middle: any, bottom?: any, update?: (...now: any[]) => void }} parts
 */
function frame(room, name, { top, middle, bottom, update }) {
  const paused = el("div", { class: "paused-note", role: "status" });
  const node = el("div", { class: `scene ${name}` }, top, el("div", { class: "middle" }, middle), bottom, paused);
  return {
    node,
    update: () => {
      update?.();
      const text = room.state.paused ? "Paused" : "";
      if (paused.textContent !== text) paused.textContent = text;
      node.classList.toggle("is-paused", room.state.paused);
    },
  };
}

const joinHint = (room) => el("span", { class: "join-hint" }, "Join: ", el("span", { class: "code" }, room.code));

// Before

function lobby(room) {
  return {
    say: () => `Room ${[...room.code].join(" ")}. Waiting for players.`,
    build: () => {
      const people = el("div", { class: "people" });
      const count = el("h2", {});
      const options = el("p", { class: "muted" });
      const full = document.documentElement.requestFullscreen
        ? el("button", { type: "button", class: "quiet", onclick: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen().catch(() => {})) }, "Full screen")
        : null;
      return frame(room, "lobby", {
        middle: el(
          "div",
          { class: "lobby-grid" },
          el("section", { class: "card share-side", "aria-label": "How to join" }, el("h2", { class: "center" }, "Scan to play"), shareCard(room)),
          el(
            "section",
            { class: "people-side stack" },
            el("div", { class: "title-row" }, el("span", { class: "emblem color-3", "aria-hidden": "true" }, "?"), heading("Trivia night", { class: "giant" })),
            options,
            count,
            people,
            el("div", { class: "row" }, startButton(room), room.seat.role === "screen" ? full : null),
          ),
        ),
        update: () => {
          const { length } = playersOf(room);
          count.textContent = length ? `${plural(length, "player")} in` : "Who plays?";
          options.textContent = settingsText(room);
          fill(people, roster(room));
        },
      });
    },
  };
}

function countdown(room) {
  return {
    say: () => "Get ready.",
    build: () => frame(room, "countdown", { middle: el("div", { class: "stack center" }, heading("Get ready", { class: "giant" }), bigCount(room, "ask"), el("p", { class: "lead muted" }, settingsText(room))) }),
  };
}

// A question

function head(room, right) {
  const { number, of, category, difficulty } = room.state.question;
  return el(
    "div",
    { class: "question-head" },
    el("div", { class: "row" }, el("span", { class: "badge strong" }, `Question ${number} of ${of}`), el("span", { class: "badge" }, category), el("span", { class: "badge" }, difficulty), joinHint(room)),
    right,
  );
}

function asking(room) {
  const { text, picture } = room.state.question;
  return el(
    "div",
    { class: "asking" },
    pictureOf(picture),
    heading(text, { class: ["question-text", text.length > LONG_QUESTION && "long"] }),
  );
}

const HOW = { number: "Type a number on your phone. The nearest wins.", text: "Type the answer on your phone." };

function question(room) {
  const { number, of, text } = room.state.question;
  return {
    say: () => `Question ${number} of ${of}: ${text}`,
    build: () => {
      const asked = room.state.question;
      const options = optionsOf(asked);
      const list = options.length
        ? el("ul", { class: "choices plain" }, options.map((option) => el("li", { class: ["choice", option.color] }, optionFace(option))))
        : el("p", { class: "lead how center" }, HOW[asked.kind], asked.unit ? ` In ${asked.unit}.` : "");
      const count = el("p", { class: "answered", role: "status" });
      const meter = el("div", { class: "meter", "aria-hidden": "true" }, el("span", {}));
      const chips = el("ul", { class: "seats center-seats", "aria-label": "Players who were asked" });
      return frame(room, "question", {
        top: head(room, ring(room, "answer", asked.seconds)),
        middle: [asking(room), list],
        bottom: el("div", { class: "foot" }, el("div", { class: "foot-row" }, count, meter), chips),
        update: () => {
          const done = new Set(room.info.answered?.answer ?? []);
          const seats = playersOf(room).filter(({ id }) => asked.asked.includes(id));
          const said = `${seats.filter(({ id }) => done.has(id)).length} of ${seats.length} answered`;
          if (count.textContent !== said) count.textContent = said;
          meter.style.setProperty("--part", String(seats.length ? seats.filter(({ id }) => done.has(id)).length / seats.length : 0));
          chips.hidden = seats.length > CHIPS;
          if (!chips.hidden) fill(chips, seats.map((seat) => chip(room, seat, { done: done.has(seat.id) })));
        },
      });
    },
  };
}

function reveal(room) {
  return {
    say: () => `The answer: ${room.state.reveal.answer}`,
    build: () => {
      const asked = room.state.question;
      const { answer, value, answers, void: isVoid } = room.state.reveal;
      const options = optionsOf(asked);
      const given = Object.values(answers);
      const list = options.length
        ? el("ul", { class: "choices plain" }, options.map((option) => {
            const right = option.value === value;
            const votes = given.filter((each) => each.value === option.value).length;
            return el(
              "li",
              { class: ["choice", option.color, right ? "right" : "dim"] },
              optionFace(option),
              el("span", { class: "votes" }, `${right ? "✓ " : ""}${votes}`, el("span", { class: "visually-hidden" }, ` chose this.${right ? " It is right." : ""}`)),
            );
          }))
        : el("p", { class: "the-answer pop" }, answer);
      const people = el("div", {});
      return frame(room, "reveal", {
        top: head(room, el("span", { class: "badge strong warn-badge", hidden: !isVoid }, "Does not count")),
        middle: [asking(room), list],
        bottom: el("div", { class: "foot" }, people),
        update: () => fill(people, answerList(room)),
      });
    },
  };
}

/** Who answered what, the most points first. */
function answerList(room) {
  const { answers } = room.state.reveal;
  const asked = room.state.question;
  const rows = Object.entries(answers).sort(([, a], [, b]) => b.points - a.points || a.after_s - b.after_s);
  if (!rows.length) return el("p", { class: "muted center" }, "Nobody answered.");
  const right = rows.filter(([, each]) => each.right).length;
  const shown = rows.slice(0, ANSWERS);
  return [
    rows.length > shown.length ? el("p", { class: "center lead" }, `${right} of ${plural(rows.length, "answer")} ${right === 1 ? "was" : "were"} right.`) : null,
    el("ul", { class: "answer-list plain", "aria-label": "Answers" }, shown.map(([seat, each]) => el(
      "li",
      { class: ["answer", colorOf(room, seat), each.right && "is-right"] },
      face(nameOf(room, seat)),
      el("span", { class: "name" }, nameOf(room, seat)),
      optionsOf(asked).length ? null : el("span", { class: "said" }, answerText(asked, each.value)),
      el("span", { class: ["gain", each.points > 0 ? "good" : "muted"] }, el("span", { "aria-hidden": "true" }, each.right ? "✓ " : each.points ? "" : "✗ "), each.points ? signed(each.points) : el("span", { class: "visually-hidden" }, "no points")),
      each.bonus ? el("span", { class: "streak" }, `streak ${signed(each.bonus)}`) : null,
    ))),
  ];
}

// Scores

function boards(room, gained) {
  const { teams, scores } = room.state;
  if (!teams.length) return scoreList(room, scores, { most: 10, gained });
  return el("div", { class: "two-boards" }, scoreList(room, teams, { gained, label: "Teams" }), scoreList(room, scores, { most: 8, gained, label: "Players" }));
}

function scores(room) {
  return {
    say: () => `Scores. Leading: ${leadersText(room)}.`,
    build: () => {
      const board = el("div", {});
      const { number, of } = room.state.question;
      const next = el("p", { class: "lead muted center", role: "timer", "aria-live": "off" });
      every(next, () => {
        const ms = leftMs(room, "ask");
        next.textContent = ms === null ? "" : `Next question in ${Math.ceil(ms / 1000)}`;
      });
      return frame(room, "scores-scene", {
        top: el("div", { class: "question-head" }, heading("Scores"), el("div", { class: "row" }, el("span", { class: "badge strong" }, of - number === 1 ? "One more question" : `${of - number} more questions`), joinHint(room))),
        middle: board,
        bottom: next,
        update: () => fill(board, boards(room, true)),
      });
    },
  };
}

function theEnd(room) {
  return {
    say: () => `The end. First: ${leadersText(room)}.`,
    build: () => {
      const steps = el("div", {});
      const rest = el("div", { class: "rest" });
      return frame(room, "end", {
        top: confetti(),
        middle: [heading("And the winner is…", { class: "giant center" }), steps, rest],
        bottom: el("div", { class: "row center" }, startButton(room), joinHint(room)),
        update: () => {
          fill(steps, podium(room));
          const others = room.state.teams.length ? room.state.scores : room.state.scores.filter(({ rank }) => rank > 3);
          fill(rest, others.length ? el("ul", { class: "seats center-seats", "aria-label": room.state.teams.length ? "Players" : "After them" }, others.slice(0, CHIPS).map(({ seat, rank, score }) => el("li", { class: ["seat", colorOf(room, seat)] }, face(nameOf(room, seat)), el("span", { class: "name" }, nameOf(room, seat)), el("span", { class: "note" }, `${rank}. ${points(score)}`)))) : null);
        },
      });
    },
  };
}
