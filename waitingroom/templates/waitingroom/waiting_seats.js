// How many seats are free, for who looks at them: the page itself holds counts that are seconds old.
const seats = at("seats");

async function recount() {
  if (finished || !seats.open || document.hidden) return;
  try {
    const fresh = new DOMParser().parseFromString(await (await fetch(here, { cache: "no-store" })).text(), "text/html");
    const counts = fresh.getElementById("sections");
    if (counts) at("sections").replaceWith(counts);
  } catch {
    // The counts shown grow old; the line's own connection tells about outages.
  }
}

if (seats) {
  seats.ontoggle = recount;
  setInterval(recount, 15000 + jitter(0, 5000));
}
