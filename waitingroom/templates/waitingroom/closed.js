// Asks now and then, spread over time, whether the line takes people again, and then lines up.
"use strict";
const here = location.pathname + location.search;
const PAUSE = Number(document.body.dataset.pause);  // the server's

function later() {
  setTimeout(ask, PAUSE * (0.6 + 0.4 * Math.random()));
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
