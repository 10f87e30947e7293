/* What the host may do, from the host's phone. */

import { ask, attempt, avatar, el, playersOf, points, render, toast } from "../../static/kit/kit.js";

import { colorOf, entryOf } from "./parts.js";

const NEXT = { countdown: "Skip", question: "End it", reveal: "Go on", scores: "Next" };
const STEP = 100;
const MOST = 100_000;

/** A bar at the bottom, seen by the host alone. */
export function hostBar(room) {
  const pause = el("button", { type: "button" });
  const skip = el("button", { type: "button" });
  const more = el("button", { type: "button", onclick: () => openPanel(room) }, "Players");
  const start = el("button", { type: "button", class: "primary start", onclick: () => attempt(room.start()) });
  const bar = el("aside", { class: "host-bar away-on-keyboard", "aria-label": "Host" }, start, pause, skip, more);
  pause.addEventListener("click", () => attempt(room.send(room.state.paused ? "unpause" : "pause", {})));
  let shown = room.info.phase; // what the button says: the room may be further, and a click is not to end what nobody saw
  skip.addEventListener("click", () => attempt(room.send("skip", { phase: shown })));
  render(room, () => {
    const playing = room.info.status === "playing";
    bar.hidden = !room.mayHost;
    document.documentElement.classList.toggle("hosting", !bar.hidden);
    pause.hidden = skip.hidden = !playing;
    start.hidden = playing;
    start.textContent = room.info.status === "over" ? "Play again" : "Start the game";
    pause.textContent = room.state.paused ? "Resume" : "Pause";
    pause.classList.toggle("primary", room.state.paused);
    shown = room.info.phase;
    skip.textContent = NEXT[shown] ?? "Skip";
  });
  return bar;
}

function openPanel(room) {
  const list = el("ul", { class: "plain host-list" });
  const close = el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Done");
  const voids = el("button", { type: "button", onclick: () => voidQuestion(room) }, "Cancel this question");
  const dialog = el("dialog", { class: "host-panel", "aria-label": "Players" }, el("div", { class: "stack" }, el("div", { class: "row spread" }, el("h2", {}, "Players"), close), list, voids));
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
  if (!(await ask("Cancel this question? Nobody gets points for it.", "Cancel it", { no: "Back" }))) return;
  if (room.state.question.number !== number) toast("That question is over.");
  else await attempt(room.send("skip", { phase: "question", void: true }));
}

function playerRow(room, { id, name }) {
  const score = el("span", { class: "points" });
  const by = el("input", { type: "number", inputmode: "numeric", value: String(STEP), step: String(STEP), min: "1", max: String(MOST), "aria-label": `Points for ${name}` });
  const correct = async (sign) => {
    const amount = Math.round(Number(by.value));
    if (!(amount > 0 && amount <= MOST)) toast(`From 1 to ${points(MOST)} points.`, { kind: "error" });
    else if ((await attempt(room.send("correct", { player: id, points: sign * amount }).then(() => true)))) toast(`${name}: ${sign > 0 ? "+" : "−"}${points(amount)}`);
  };
  const kick = async () => {
    if (await ask(`Put ${name} out? There is no way back.`, "Put out", { no: "Keep" })) await attempt(room.send("kick", { player: id }));
  };
  const change = el(
    "div",
    { class: "row nowrap change" },
    by,
    el("button", { type: "button", "aria-label": `Give ${name} points`, onclick: () => correct(1) }, "Give"),
    el("button", { type: "button", "aria-label": `Take points from ${name}`, onclick: () => correct(-1) }, "Take"),
  );
  const out = id === room.seat.id ? null : el("button", { type: "button", class: "danger", "aria-label": `Put ${name} out`, onclick: kick }, "Put out");
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
