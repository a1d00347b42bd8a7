// All sales, live.
import { fill, tellAlerts, watch } from "./live.js";

const root = document.getElementById("console");

watch(root, (frame) => {
  fill(root.querySelector(".figures"), frame.texts);
  for (const row of root.querySelectorAll("[data-sale]")) {
    const told = frame.rooms[row.dataset.sale];
    if (!told) continue;
    fill(row, told.texts);
    row.classList.toggle("trouble", told.trouble);
    row.querySelector("meter").value = told.share;
  }
  tellAlerts(frame);
});
