// Asks again by itself, spread over time, and goes on as soon as the site answers.
"use strict";
const here = location.pathname + location.search;
let tries = 0;

function later() {
  setTimeout(retry, 2000 + Math.random() * Math.min(28000, 5000 * 2 ** tries++));
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
