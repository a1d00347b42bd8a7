// How many seats are free, for who looks at them: the page itself holds counts that are seconds old.
const seats = at("seats");

// Takes these parts of the page anew from the site.
async function renew(...ids) {
  try {
    const fresh = new DOMParser().parseFromString(await (await fetch(here, { cache: "no-store" })).text(), "text/html");
    for (const id of ids) {
      const part = fresh.getElementById(id);
      if (part) at(id).replaceWith(part);
    }
  } catch {
    // What is shown grows old; the line's own connection tells about outages.
  }
}

function recount() {
  if (!finished && seats.open && !document.hidden) renew("prices");
}

if (seats) {
  seats.ontoggle = recount;
  setInterval(recount, 15000 + jitter(0, 5000));
}
