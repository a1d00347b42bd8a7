// One sale, live: figures each second, charts and their tables with them.
import { charts } from "./charts.js";
import { fill, rows, tellAlerts, watch } from "./live.js";

const root = document.getElementById("console");
const drawn = charts();
const inside = document.getElementById("inside");

function tellHistory(frame) {
  for (const chart of drawn) chart.set(chart.bars ? frame.sales : structuredClone(frame.curve));
  for (const body of root.querySelectorAll("[data-table]")) rows(body, frame.tables[body.dataset.table]);
}

function tell(frame) {
  fill(root, frame.texts);
  inside.value = frame.figures.threshold ? frame.figures.active / frame.figures.threshold : 0;
  const alarms = document.getElementById("alarms");
  if (alarms) alarms.textContent = frame.alarms.join(", ") || "–";
  const decisions = document.getElementById("decisions");
  if (decisions && frame.decisions.length) rows(decisions, frame.decisions);
  if (frame.point) for (const chart of drawn) if (!chart.bars) chart.add(frame.point);
  tellAlerts(frame);
  root.dispatchEvent(new CustomEvent("console:figures", { detail: frame }));
}

watch(root, (frame) => (frame.type === "console-history" ? tellHistory(frame) : tell(frame)));
