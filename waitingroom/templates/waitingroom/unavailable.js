// Asks again by itself, spread over time, and goes on as soon as the site answers.
"use strict";
const here = location.pathname + location.search;
const PAUSE = Number(document.body.dataset.pause);  // the server's
let tries = 0;

function later() {
  setTimeout(retry, PAUSE * (0.2 + Math.random() * Math.min(2.8, 0.5 * 2 ** tries++)));
}

async function retry() {
  try {
    const response = await fetch(here, { cache: "no-store" });
    if (response.status < 500) return location.replace(here);
  } catch {
    // No network either: the next try may have one.
  }
  later();
}

later();
addEventListener("online", retry, { once: true });
