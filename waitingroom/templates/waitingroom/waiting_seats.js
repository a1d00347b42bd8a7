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

// How many tickets are left at each price is told with the place, and shown to who opens them (more.js).
const seats = at("seats");
if (seats) {
  const heardPlace = hear["queue-position-update"];
  hear["queue-position-update"] = (place) => {
    heardPlace(place);
    shown.left = place.ticketsLeft;
    line.showLeft();
  };
  seats.ontoggle = () => { if (seats.open) withMore(() => line.showLeft(), noAnswer); };
}
