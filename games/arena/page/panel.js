/* The panel that makes the network worse, and says what the page makes of it. */

import { el, t } from "../../static/page.js";
import { network } from "../../static/kit/network.js";

const RANGES = [
  { key: "delay_ms", label: t("Delay, there and back"), most: 500, step: 10, unit: "ms", of: (value) => value },
  { key: "jitter_ms", label: t("Unevenness, each way"), most: 200, step: 5, unit: "ms", of: (value) => value },
  { key: "loss", label: t("Lost"), most: 20, step: 1, unit: "%", of: (value) => value / 100 },
];

/** `measured()` → {correction_px, delay_ms, pending}. */
export function networkPanel(measured) {
  const report = el("output", { class: "small muted", "aria-live": "off" });
  const panel = el(
    "details",
    { class: "card flat network" },
    el("summary", {}, t("Network")),
    el("div", { class: "stack" }, RANGES.map(range), el("p", { class: "small muted" }, t("What is lost comes late, and what follows waits for it.")), report),
  );
  setInterval(() => {
    if (!panel.open) return;
    const { correction_px, delay_ms, pending } = measured();
    report.textContent = t("Last correction {px} px. Others {ms} ms behind. {n} steps ahead of the server.", { px: correction_px.toFixed(1), ms: Math.round(delay_ms), n: pending });
  }, 250);
  return panel;
}

function range({ key, label, most, step, unit, of }) {
  const id = `network-${key}`;
  const value = el("span", {}, `0 ${unit}`);
  const input = el("input", { id, type: "range", min: "0", max: String(most), step: String(step), value: "0" });
  input.addEventListener("input", () => {
    network[key] = of(Number(input.value));
    value.textContent = `${input.value} ${unit}`;
  });
  return el("div", { class: "field" }, el("label", { htmlFor: id }, label, value), input);
}
