/* A player's phone: answers, one's own result, and one's place. */

import { announce, attempt, avatar, bigCount, el, every, fill, heading, language, leftMs, nameTag, ordinal, parts, podium, points, render, ring, roster, said, scoreList, seatColor, signed, t, until, winnersOf } from "../../static/kit/kit.js";

import { answerText, asking, colorOf, entriesOf, entryOf, numberText, optionFace, optionsOf, podiumEntries, settingsText, teamText } from "./parts.js";
import { ownQuestions } from "./own.js";
import { teamButton, teamChooser } from "./teams.js";

const HAS_KEYS = matchMedia("(hover: hover) and (pointer: fine)").matches; // on a phone a focus would bring up the keyboard
const WARN_S = [10, 5]; // announced to screen readers
const SCENES = { lobby, countdown, question, reveal, scores, podium: theEnd };

export function phoneScene(room) {
  const phase = room.info.phase ?? "lobby";
  return { ...(SCENES[phase] ?? lobby)(room), whole: true, key: `${phase} ${room.state.question?.number ?? 0}` };
}

/** Who I am, and how I stand. */
export function scoreStrip(room) {
  const name = el("span", { class: "name" });
  const place = el("span", { class: "muted" });
  const score = el("span", { class: "points" });
  const mark = el("span", {});
  const paused = el("span", { class: "badge strong warn-badge", role: "status" });
  const strip = el("section", { class: "strip away-on-keyboard", "aria-label": t("You") }, mark, el("span", { class: "who" }, name, place), paused, score);
  const draw = () => {
    const me = room.me;
    const entry = entryOf(room, room.seat.id);
    if (!me || !entry) return;
    strip.className = `strip away-on-keyboard ${colorOf(room, me.id) || seatColor(me)}`;
    fill(mark, avatar(me));
    name.textContent = me.name;
    const began = room.info.status !== "lobby" && room.state.scores.some((each) => each.score || each.gained);
    place.textContent = [entry.team && teamText(entry.team), began && ordinal(entry.rank), began && entry.streak >= 2 && t("{n} in a row", { n: entry.streak })].filter(Boolean).join(" · ");
    score.replaceChildren(points(entry.score), el("span", { class: "visually-hidden" }, " ", t("{n, plural, one {point} other {points}}", { n: entry.score })));
    score.hidden = room.info.status === "lobby";
    const note = room.state.paused ? t("Paused") : "";
    if (paused.textContent !== note) paused.textContent = note;
  };
  for (const event of ["$change", "$seats", "$info", "$joined"]) room.on(event, draw);
  draw();
  return strip;
}

function card(...children) {
  return el("div", { class: "card stack tight" }, ...children);
}

/** Two halves of a scene: one below the other, or side by side on a phone held sideways. */
function halves(first, second, name) {
  return el("div", { class: ["scene halves", name] }, el("div", { class: "stack" }, first), el("div", { class: "stack" }, second));
}

// Before

function lobby(room) {
  return {
    say: () => t("You are in."),
    build: () => {
      const people = el("div", {});
      const teams = teamChooser(room);
      const node = halves(
        card(heading(t("You are in!")), el("p", { class: "muted" }, settingsText(room)), teams.node, waitingFor(room)),
        card(el("h2", {}, t("Who plays")), people, ownQuestions(room)),
      );
      return {
        node,
        update: () => {
          teams.update();
          fill(people, roster(room, { tag: (seat) => nameTag(room, seat, { color: colorOf(room, seat.id), notes: [seat.id === room.seat.id && t("you"), seat.host && t("host")] }) }));
        },
      };
    },
  };
}

/** Who starts, for all but the host, who has a button for it in the bar below. */
function waitingFor(room) {
  const text = el("p", { class: "muted center" });
  const look = () => {
    text.hidden = room.mayHost || room.info.status === "playing";
    const name = room.host?.name;
    text.textContent = !name ? t("Waiting for a host.") : room.info.status === "over" ? t("{name} starts the next round.", { name }) : t("{name} starts the game.", { name });
  };
  render(room, look, ["$seats", "$info", "$joined"]);
  return text;
}

function countdown(room) {
  return {
    say: () => t("Get ready."),
    build: () => ({ node: el("div", { class: "stack center scene" }, heading(t("Get ready")), bigCount(room, "ask"), el("p", { class: "muted" }, t("Look at the screen, answer here."))) }),
  };
}

// A question

function head(room, right) {
  const { number, of, category } = room.state.question;
  return el("div", { class: "question-head" }, el("div", { class: "row" }, el("span", { class: "badge strong" }, t("{n} of {most}", { n: number, most: of })), el("span", { class: "badge" }, said(category))), right);
}

function question(room) {
  const { number, text, kind, choices } = room.state.question;
  return {
    say: () => t("Question {n}: {text}", { n: number, text }),
    build: () => {
      const asked = room.state.question;
      let pending = null;
      const give = async (value) => {
        if (pending !== null || (room.mine?.answer ?? null) !== null || room.state.paused || !room.mine?.asked) return;
        pending = { value };
        update();
        const done = await attempt(room.send("answer", { value, number }).then(() => true));
        if (!done) pending = null;
        update();
      };
      const control = (choices.length || kind === "boolean" ? buttons : field)(asked, give);
      const note = el("p", { class: "note-line lead center", role: "status" });
      const left = ring(room, "answer", asked.seconds);
      let warned = Infinity;
      every(left, () => {
        const s = Math.ceil((leftMs(room, "answer") ?? Infinity) / 1000);
        const due = WARN_S.find((each) => s === each && each < warned);
        if (due === undefined || (room.mine?.answer ?? null) !== null || !room.mine?.asked) return;
        warned = due;
        announce(t("{n} seconds left", { n: due }));
      });
      const node = el("div", { class: "scene question" }, head(room, left), asking(room), el("div", { class: "reply" }, control.node, note));
      const update = () => {
        const own = room.mine ?? {};
        const isAsked = own.asked && own.number === number;
        const locked = (own.answer ?? null) !== null;
        const value = locked ? own.answer : (pending?.value ?? null);
        control.node.hidden = !isAsked;
        control.show({ value, locked: locked || pending !== null, paused: room.state.paused });
        const done = room.info.answered?.answer?.length ?? 0;
        const waiting = asked.asked.length - done;
        const told = !isAsked
          ? notAsked(room)
          : locked
            ? [t("Locked in."), waiting > 0 && t("Waiting for {n} more.", { n: waiting })].filter(Boolean).join(" ")
            : pending
              ? t("Sending…")
              : "";
        if (note.textContent !== told) note.textContent = told;
      };
      return { node, update };
    },
  };
}

/** Why this player cannot answer. */
const notAsked = (room) => (room.state.question.by === room.seat.id ? t("Your own question: the others answer it.") : t("You join with the next question."));

function buttons(asked, give) {
  const options = optionsOf(asked);
  const made = options.map((option) => el("button", { type: "button", class: ["choice", option.color], "aria-pressed": "false", onclick: () => give(option.value) }, optionFace(option)));
  const press = (event) => {
    if (!made[0].isConnected) return removeEventListener("keydown", press);
    const at = Number(event.key) - 1;
    if (!event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey && options[at] && !document.querySelector("dialog[open]")) give(options[at].value);
    return undefined;
  };
  if (HAS_KEYS) addEventListener("keydown", press); // 1 is the first
  const node = el("div", { class: ["choices", "answers", asked.kind === "boolean" && "two"], role: "group", "aria-label": t("Your answer") }, made);
  return {
    node,
    show: ({ value, locked, paused }) => made.forEach((button, i) => {
      const mine = locked && options[i].value === value;
      button.setAttribute("aria-pressed", String(mine));
      button.setAttribute("aria-disabled", String(locked || paused));
      button.classList.toggle("dim", locked && !mine);
    }),
  };
}

const GROUPS_BY_POINTS = new Intl.NumberFormat(language).format(12345.6).includes("12.345");

/**
 * A number as people type it: groups of three parted by spaces, commas, points or apostrophes; a decimal point or comma.
 * A single group is one as this page writes it: behind a comma, 357,000, or in German behind a point, 357.000.
 */
export function readNumber(text) {
  let bare = text.trim().replace(/[\s'’_]/g, "").replace(/^[−–]/, "-");
  if (GROUPS_BY_POINTS && /^-?\d{1,3}(\.\d{3})+(,\d+)?$/.test(bare)) bare = bare.replaceAll(".", "").replace(",", ".");
  else if (GROUPS_BY_POINTS && /^-?\d+,\d+$/.test(bare)) bare = bare.replace(",", ".");
  else if (/^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(bare)) bare = bare.replaceAll(",", "");
  else if (/^-?\d{1,3}(\.\d{3}){2,}(,\d+)?$/.test(bare)) bare = bare.replaceAll(".", "").replace(",", ".");
  else bare = bare.replace(",", ".");
  return /^-?(\d+\.?\d*|\.\d+)$/.test(bare) ? Number(bare) : null;
}

function field(asked, give) {
  const isNumber = asked.kind === "number";
  const input = el("input", {
    id: "answer",
    type: "text",
    autocomplete: "off",
    autocapitalize: isNumber ? "off" : "words",
    autocorrect: "off",
    spellcheck: "false",
    inputmode: isNumber ? "decimal" : "text",
    enterkeyhint: "send",
    maxlength: "100",
    "aria-describedby": "answer-hint",
  });
  const hint = el("p", { class: "hint", id: "answer-hint" });
  const error = el("p", { class: "error", role: "alert" });
  const send = el("button", { type: "submit", class: "primary big wide" }, t("Lock it in"));
  const look = () => {
    error.textContent = "";
    input.removeAttribute("aria-invalid");
    const value = isNumber ? readNumber(input.value) : null;
    hint.textContent = !isNumber ? t("Small slips of the pen are forgiven.") : value !== null && Math.abs(value) >= 1000 ? t("That is {number}", { number: `${numberText(value)} ${said(asked.unit)}`.trim() }) : t("The nearest answer wins.");
  };
  const submit = (event) => {
    event.preventDefault();
    const value = isNumber ? readNumber(input.value) : input.value.trim();
    if (value === null || value === "" || Math.abs(Number(value)) > 1e15) {
      error.textContent = isNumber ? t("Type a number, such as 1250.") : t("Type an answer.");
      input.setAttribute("aria-invalid", "true");
      input.focus();
      return;
    }
    give(value);
    input.blur(); // the keyboard goes
  };
  input.addEventListener("input", look);
  look();
  const node = el("form", { class: "card stack", novalidate: true, onsubmit: submit }, el("div", { class: "field" }, el("label", { htmlFor: "answer" }, isNumber && asked.unit ? t("Your answer, in {unit}", { unit: said(asked.unit) }) : t("Your answer")), input, hint), error, send);
  if (HAS_KEYS) setTimeout(() => input.isConnected && !input.readOnly && input.focus({ preventScroll: true }));
  return {
    node,
    show: ({ value, locked, paused }) => {
      input.readOnly = locked || paused;
      send.setAttribute("aria-disabled", String(locked || paused));
      send.hidden = locked;
      hint.hidden = locked;
      if (locked && value !== null) input.value = isNumber ? numberText(value) : value;
    },
  };
}

// After it

function verdict(room) {
  const { void: isVoid, answers } = room.state.reveal;
  const own = answers[room.seat.id];
  const was = room.state.question.asked.includes(room.seat.id);
  if (!was) return { kind: "none", mark: "…", text: notAsked(room) };
  if (isVoid) return { kind: "none", mark: "–", text: t("This one does not count.") };
  if (!own) return { kind: "wrong", mark: "–", text: t("No answer.") };
  if (own.right) return { kind: "right", mark: "✓", text: room.state.question.kind === "number" ? t("Nearest!") : t("Right!") };
  if (own.points) return { kind: "near", mark: "≈", text: t("Close!") };
  return { kind: "wrong", mark: "✗", text: room.state.question.kind === "number" ? t("Too far off.") : t("Wrong.") };
}

function reveal(room) {
  return {
    say: () => {
      const gained = room.state.reveal.answers[room.seat.id]?.points ?? 0;
      return [verdict(room).text, gained && t("{n, plural, one {# point.} other {# points.}}", { n: gained }), t("The answer: {answer}", { answer: answerText(room.state.question, room.state.reveal.value) })].filter(Boolean).join(" ");
    },
    build: () => {
      const result = el("div", { class: "stack" });
      const answerCard = card();
      return {
        node: el("div", { class: "scene halves reveal" }, result, el("div", { class: "stack" }, answerCard)),
        update: () => {
          const { kind, mark, text } = verdict(room);
          const { answer, answers } = room.state.reveal;
          const own = answers[room.seat.id];
          const entry = entryOf(room, room.seat.id);
          fill(
            result,
            head(room),
            el(
              "div",
              { class: ["verdict", kind] },
              el("span", { class: "verdict-mark pop", "aria-hidden": "true" }, mark),
              heading(text),
              own?.points ? el("p", { class: "big-number" }, signed(own.points)) : null,
              own?.bonus ? el("p", {}, t("{points} for {n} in a row", { points: signed(own.bonus), n: entry?.streak ?? 0 })) : null,
            ),
          );
          fill(
            answerCard,
            el("p", { class: "muted" }, room.state.question.text),
            el("p", { class: "right-answer" }, answer),
            own && !own.right ? el("p", {}, parts("You said: {answer}", { answer: el("b", {}, answerText(room.state.question, own.value)) })) : null,
          );
        },
      };
    },
  };
}

function board(room, gained) {
  const { teams, scores: players } = room.state;
  return [teams.length && gained ? scoreList(room, entriesOf(room, teams), { gained, label: t("Teams"), least: 2 }) : null, scoreList(room, entriesOf(room, players), { most: 5, gained, label: t("Players"), least: 1 })];
}

function scores(room) {
  return {
    say: () => t("You are {place}.", { place: ordinal(entryOf(room, room.seat.id)?.rank ?? 0) }),
    build: () => {
      const title = heading(t("Scores"));
      const body = el("div", { class: "stack" });
      const next = until(room, "ask", t("Next question in"));
      return {
        node: halves([title, next], body, "scores"),
        update: () => {
          const entry = entryOf(room, room.seat.id);
          const began = room.state.scores.some(({ score }) => score > 0);
          title.textContent = !began ? t("Nobody has a point yet") : entry ? t("You are {place} of {most}", { place: ordinal(entry.rank), most: room.state.scores.length }) : t("Scores");
          fill(body, board(room, true));
        },
      };
    },
  };
}

const MEDALS = { 1: t("You win!"), 2: t("Second place!"), 3: t("Third place!") };

function theEnd(room) {
  return {
    say: () => endText(room),
    build: () => {
      const title = heading("", { class: "center" });
      const steps = el("div", {});
      const list = el("div", { class: "stack" });
      const teams = teamButton(room);
      return {
        node: el("div", { class: "scene halves end" }, el("div", { class: "stack" }, title, steps, el("div", { class: "row center" }, waitingFor(room), teams.node)), list),
        update: () => {
          title.textContent = endText(room);
          teams.update();
          fill(steps, podium(room, podiumEntries(room)));
          fill(list, board(room, false));
        },
      };
    },
  };
}

function endText(room) {
  const own = entryOf(room, room.seat.id);
  if (!own || !winnersOf(podiumEntries(room)).length) return own ? t("Nobody has a point") : t("The end");
  const rank = own.team ? (room.state.podium?.find(({ team }) => team === own.team)?.rank ?? room.state.teams.find(({ team }) => team === own.team)?.rank) : own.rank;
  return own.team && rank === 1 ? t("Your team wins!") : (own.team ? null : MEDALS[rank]) ?? (own.team ? t("Your team is {place}", { place: ordinal(rank) }) : t("You are {place}", { place: ordinal(rank) }));
}
