/* What the host may do, from the host's phone. */

import { ask, attempt, avatar, el, playersOf, points, render, t, toast } from "../../static/kit/kit.js";

import { colorOf, entryOf } from "./parts.js";

/** The text of the button, by phase. */
const NEXT = { countdown: t("Ask now"), question: t("End question"), reveal: t("Go on"), scores: t("Next question") };
const STEP = 100;
const MOST = 100_000;

/** A bar at the bottom, seen by the host alone. */
export function hostBar(room) {
  const pause = el("button", { type: "button" });
  const skip = el("button", { type: "button" });
  const more = el("button", { type: "button", onclick: () => openPanel(room) }, t("Players"));
  const start = el("button", { type: "button", class: "primary start", onclick: () => attempt(room.start()) });
  const bar = el("aside", { class: "host-bar away-on-keyboard", "aria-label": t("Host") }, start, pause, skip, more);
  pause.addEventListener("click", () => attempt(room.send(room.state.paused ? "unpause" : "pause", {})));
  let shown = room.info.phase; // the phase that the button is about: the room may be further, and a click must not end what nobody saw
  skip.addEventListener("click", () => attempt(room.send("skip", { phase: shown })));
  render(room, () => {
    const playing = room.info.status === "playing";
    bar.hidden = !room.mayHost;
    document.documentElement.classList.toggle("hosting", !bar.hidden);
    pause.hidden = skip.hidden = !playing;
    start.hidden = playing;
    start.textContent = room.info.status === "over" ? t("Play again") : t("Start the game");
    pause.textContent = room.state.paused ? t("Resume") : t("Pause");
    pause.classList.toggle("primary", room.state.paused);
    shown = room.info.phase;
    skip.textContent = NEXT[shown] ?? t("Go on");
  });
  return bar;
}

function openPanel(room) {
  const list = el("ul", { class: "plain host-list" });
  const close = el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("Done"));
  const voids = el("button", { type: "button", onclick: () => voidQuestion(room) }, t("Cancel this question"));
  const dialog = el("dialog", { class: "host-panel", "aria-label": t("Players") }, el("div", { class: "stack" }, el("div", { class: "row spread" }, el("h2", {}, t("Players")), close), list, voids));
  const rows = new Map();
  const end = render(room, () => {
    if (!room.mayHost) dialog.close();
    voids.hidden = room.info.phase !== "question";
    const seats = playersOf(room);
    for (const seat of seats) {
      if (!rows.has(seat.id)) rows.set(seat.id, playerRow(room, seat));
      rows.get(seat.id).update(seat);
      if (!rows.get(seat.id).node.isConnected) list.append(rows.get(seat.id).node);
    }
    for (const [id, row] of rows) {
      if (seats.some((seat) => seat.id === id)) continue;
      row.node.remove();
      rows.delete(id);
    }
  });
  room.on("$left", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    end();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
}

async function voidQuestion(room) {
  const { number } = room.state.question;
  if (!(await ask(t("Cancel this question? Nobody gets points for it."), t("Cancel it"), { no: t("Back") }))) return;
  if (room.state.question.number !== number) toast(t("That question is over."));
  else await attempt(room.send("skip", { phase: "question", void: true }));
}

function playerRow(room, { id, name }) {
  const score = el("span", { class: "points" });
  const by = el("input", { type: "number", inputmode: "numeric", value: String(STEP), step: String(STEP), min: "1", max: String(MOST), "aria-label": t("Points for {name}", { name }) });
  const correct = async (sign) => {
    const amount = Math.round(Number(by.value));
    if (!(amount > 0 && amount <= MOST)) toast(t("From 1 to {most} points.", { most: MOST }), { kind: "error" });
    else if ((await attempt(room.send("correct", { player: id, points: sign * amount }).then(() => true)))) toast(`${name}: ${sign > 0 ? "+" : "−"}${points(amount)}`);
  };
  const kick = async () => {
    if (await ask(t("Put {name} out? There is no way back.", { name }), t("Put out"), { no: t("Keep") })) await attempt(room.send("kick", { player: id }));
  };
  const change = el(
    "div",
    { class: "row nowrap change" },
    by,
    el("button", { type: "button", "aria-label": t("Give {name} points", { name }), onclick: () => correct(1) }, t("Give")),
    el("button", { type: "button", "aria-label": t("Take points from {name}", { name }), onclick: () => correct(-1) }, t("Take")),
  );
  const out = id === room.seat.id ? null : el("button", { type: "button", class: "danger", "aria-label": t("Put {name} out", { name }), onclick: kick }, t("Put out"));
  const head = el("div", { class: "row nowrap" }, avatar(room.seats.get(id) ?? { name }), el("span", { class: "name grow" }, name), score, out);
  const node = el("li", {}, head, change);
  return {
    node,
    update: (seat) => {
      node.className = `host-row ${colorOf(room, id)}`;
      head.classList.toggle("offline", !seat.online);
      score.textContent = points(entryOf(room, id)?.score ?? 0);
      change.hidden = room.info.status === "lobby";
    },
  };
}
