/* The shared screen, which everybody looks at and nobody touches; and what spectators see. */

import { avatar, bigCount, confetti, el, fill, fitList, fullScreenButton, heading, nameTag, ordinal, playersOf, podium, points, ring, said, scoreList, shareCard, signed, startButton, t, until, winnerText, winnersOf } from "../../static/kit/kit.js";

import { answerText, asking, colorOf, entriesOf, leadersText, nameOf, optionFace, optionsOf, people as everybody, podiumEntries, settingsText } from "./parts.js";

const ANSWERS = 24;
const FEW = 12; // up to so many players, each keeps its place

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
      const text = room.state.paused ? t("Paused") : "";
      if (paused.textContent !== text) paused.textContent = text;
      node.classList.toggle("is-paused", room.state.paused);
    },
  };
}

/** Where to join, for spectators: a shared screen shows it at its top all the time. */
const joinHint = (room) => (room.seat.role === "screen" ? null : el("span", { class: "join-hint" }, t("Join:"), " ", el("span", { class: "code" }, room.code)));

// Before

function lobby(room) {
  return {
    say: () => t("Room {code}. Waiting for players.", { code: [...room.code].join(" ") }),
    build: () => {
      const people = el("div", { class: "people" });
      const count = el("h2", {});
      const options = el("p", { class: "muted" });
      return frame(room, "lobby", {
        middle: el(
          "div",
          { class: "lobby-grid" },
          el("section", { class: "card share-side", "aria-label": t("How to join") }, el("h2", { class: "center" }, t("Scan to play")), shareCard(room)),
          el(
            "section",
            { class: "people-side stack" },
            el("div", { class: "title-row" }, el("span", { class: "emblem color-3", "aria-hidden": "true" }, "?"), heading(t("Trivia night"), { class: "giant" })),
            options,
            count,
            people,
            el("div", { class: "row" }, startButton(room), room.seat.role === "screen" ? fullScreenButton() : null),
          ),
        ),
        update: () => {
          const { length } = playersOf(room);
          count.textContent = length ? t("{n, plural, one {# player in} other {# players in}}", { n: length }) : t("Who plays?");
          options.textContent = settingsText(room);
          fill(people, everybody(room));
        },
      });
    },
  };
}

function countdown(room) {
  return {
    say: () => t("Get ready."),
    build: () => frame(room, "countdown", { middle: el("div", { class: "stack center" }, heading(t("Get ready"), { class: "giant" }), bigCount(room, "ask"), el("p", { class: "lead muted" }, settingsText(room))) }),
  };
}

// A question

function head(room, right) {
  const { number, of, category, difficulty } = room.state.question;
  return el(
    "div",
    { class: "question-head" },
    el("div", { class: "row" }, el("span", { class: "badge strong" }, t("Question {n} of {most}", { n: number, most: of })), el("span", { class: "badge" }, said(category)), el("span", { class: "badge" }, said(difficulty)), joinHint(room)),
    right,
  );
}

const HOW = { number: t("Type a number on your phone. The nearest wins."), text: t("Type the answer on your phone.") };

function question(room) {
  const { number, of, text } = room.state.question;
  return {
    say: () => t("Question {n} of {most}: {text}", { n: number, most: of, text }),
    build: () => {
      const asked = room.state.question;
      const options = optionsOf(asked);
      const list = options.length
        ? el("ul", { class: "choices plain" }, options.map((option) => el("li", { class: ["choice", option.color] }, optionFace(option))))
        : el("p", { class: "lead how center" }, HOW[asked.kind], asked.unit ? [" ", t("In {unit}.", { unit: said(asked.unit) })] : "");
      const count = el("p", { class: "answered", role: "status" });
      const meter = el("div", { class: "meter", "aria-hidden": "true" }, el("span", {}));
      const chips = el("div", {});
      let told = "";
      return frame(room, "question", {
        top: head(room, ring(room, "answer", asked.seconds)),
        middle: [asking(room), list],
        bottom: el("div", { class: "foot" }, el("div", { class: "foot-row" }, count, meter), chips),
        update: () => {
          const done = new Set(room.info.answered?.answer ?? []);
          const seats = playersOf(room).filter(({ id }) => asked.asked.includes(id));
          const text = t("{n} of {most} answered", { n: seats.filter(({ id }) => done.has(id)).length, most: seats.length });
          if (count.textContent !== text) count.textContent = text;
          meter.style.setProperty("--part", String(seats.length ? seats.filter(({ id }) => done.has(id)).length / seats.length : 0));
          // Those who are waited for come first: of many players some do not fit.
          const ordered = [...seats.filter(({ id }) => !done.has(id)), ...seats.filter(({ id }) => done.has(id))];
          const now = JSON.stringify((seats.length > FEW ? ordered : seats).map((seat) => [seat.id, seat.name, seat.online, colorOf(room, seat.id), done.has(seat.id)]));
          if (now === told) return;
          told = now;
          const tags = (seats.length > FEW ? ordered : seats).map((seat) => nameTag(room, seat, { color: colorOf(room, seat.id), done: done.has(seat.id), doneWord: t("has answered") }));
          fill(chips, fitList(tags, { class: "seats center-seats", label: t("Players who were asked"), least: 0, more: (n) => (n === tags.length ? "" : t("and {n} more", { n })) }));
        },
      });
    },
  };
}

function reveal(room) {
  return {
    say: () => t("The answer: {answer}", { answer: answerText(room.state.question, room.state.reveal.value) }),
    build: () => {
      const asked = room.state.question;
      const { value, answers, void: isVoid } = room.state.reveal;
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
              el("span", { class: "votes" }, `${right ? "✓ " : ""}${votes}`, el("span", { class: "visually-hidden" }, " ", t("{n, plural, one {chose this.} other {chose this.}}", { n: votes }), right ? ` ${t("It is right.")}` : "")),
            );
          }))
        : el("p", { class: "the-answer pop" }, answerText(asked, value));
      const people = el("div", {});
      return frame(room, "reveal", {
        top: head(room, el("span", { class: "badge strong warn-badge", hidden: !isVoid }, t("Does not count"))),
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
  if (!rows.length) return el("p", { class: "muted center" }, t("Nobody answered."));
  const right = rows.filter(([, each]) => each.right).length;
  return [
    rows.length > 6 ? el("p", { class: "center lead" }, t("{n, plural, one {{n} of {most} answers was right.} other {{n} of {most} answers were right.}}", { n: right, most: rows.length })) : null,
    fitList(rows.map(([seat, each]) => el(
      "li",
      { class: ["answer", colorOf(room, seat), each.right && "is-right"] },
      avatar(room.seats.get(seat) ?? { name: nameOf(room, seat) }),
      el("span", { class: "name" }, nameOf(room, seat)),
      optionsOf(asked).length ? null : el("span", { class: "said" }, answerText(asked, each.value)),
      el("span", { class: ["gain", each.points > 0 ? "good" : "muted"] }, el("span", { "aria-hidden": "true" }, each.right ? "✓ " : each.points ? "" : "✗ "), each.points ? signed(each.points) : el("span", { class: "visually-hidden" }, t("no points"))),
      each.bonus ? el("span", { class: "streak" }, t("streak {points}", { points: signed(each.bonus) })) : null,
    )), { class: "answer-list plain", label: t("Answers"), most: ANSWERS, least: 0 }),
  ];
}

// Scores

function boards(room, gained) {
  const { teams, scores } = room.state;
  const players = entriesOf(room, scores);
  if (!teams.length) return scoreList(room, players, { gained });
  return el("div", { class: "two-boards" }, scoreList(room, entriesOf(room, teams), { gained, label: t("Teams") }), scoreList(room, players, { gained, label: t("Players") }));
}

function scores(room) {
  return {
    say: () => t("Scores. Leading: {names}.", { names: leadersText(room) }),
    build: () => {
      const board = el("div", {});
      const { number, of } = room.state.question;
      const next = until(room, "ask", t("Next question in"));
      return frame(room, "scores", {
        top: el("div", { class: "question-head" }, heading(t("Scores")), el("div", { class: "row" }, el("span", { class: "badge strong" }, t("{n, plural, one {One more question} other {# more questions}}", { n: of - number })), joinHint(room))),
        middle: board,
        bottom: next,
        update: () => fill(board, boards(room, true)),
      });
    },
  };
}

function theEnd(room) {
  return {
    say: () => t("The end. First: {names}.", { names: leadersText(room) }),
    build: () => {
      const title = heading("", { class: "giant center" });
      const steps = el("div", {});
      const rest = el("div", { class: "rest" });
      return frame(room, "end", {
        top: winnersOf(podiumEntries(room)).length ? confetti() : null,
        middle: [title, steps, rest],
        bottom: el("div", { class: "row center" }, startButton(room), joinHint(room)),
        update: () => {
          title.textContent = winnerText(room, podiumEntries(room));
          fill(steps, podium(room, podiumEntries(room)));
          fill(rest, afterThem(room));
        },
      });
    },
  };
}

/** Those who are not on the podium: all players where teams have won. */
function afterThem(room) {
  const placed = new Set((room.state.teams.length ? [] : winnersOf(podiumEntries(room))).map(({ seat }) => seat));
  const others = room.state.scores.filter(({ seat }) => !placed.has(seat));
  const tags = others.map(({ seat, rank, score }) => el("li", { class: ["seat", colorOf(room, seat)] }, avatar(room.seats.get(seat) ?? { name: nameOf(room, seat) }), el("span", { class: "name" }, nameOf(room, seat)), el("span", { class: "note" }, `${ordinal(rank)} · ${points(score)}`)));
  return tags.length ? fitList(tags, { class: "seats center-seats", label: room.state.teams.length ? t("Players") : t("After them"), least: 0 }) : null;
}
