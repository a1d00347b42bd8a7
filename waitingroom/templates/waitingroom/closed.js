// Asks now and then, spread over time, whether the line takes people again, and then lines up.
"use strict";
const here = location.pathname + location.search;

function later() {
  setTimeout(ask, 6000 + Math.random() * 4000);
}

async function ask() {
  try {
    const answer = await fetch(document.body.dataset.poll, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.status === 404 || (answer.ok && (await answer.json()).status !== "closed")) return location.replace(here);
  } catch {
    // No network: the next question may get through.
  }
  later();
}

later();
