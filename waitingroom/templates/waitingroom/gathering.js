// Before the opening: counts down to it on the server's clock. What happens then, the server says.
const turns = JSON.parse(at("turns").textContent);
const MINUTE = 60000, LATE = 2000;
let opensAt = 0, countdown, saidAt = Infinity;

// What the loading took is gone; what a message takes on its way is at least half of that, give or take.
const travelled = () => {
  const [loading] = performance.getEntriesByType("navigation");
  return loading ? Math.max(0, (loading.responseStart - loading.requestStart) / 2) : 0;
};

const clockText = (milliseconds) => {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
};

// By the wall clock, which goes on while a device sleeps; whatever else it does, the next word of the server's sets right.
function count() {
  if (page.dataset.stage !== "gathering") return;
  const left = opensAt - Date.now();
  at("opens-in").textContent = left > 0 ? clockText(left) : turns.opening;
  at("gathering").classList.toggle("due", left <= 0);
  document.title = `${left > 0 ? clockText(left) : turns.opening} · ${turns.opens}`;
  for (const minutes of [10, 5, 1]) {
    if (left <= minutes * MINUTE && left > minutes * MINUTE - LATE && saidAt !== minutes) {
      saidAt = minutes;
      speak(say(turns.opensIn, { duration: exactly(60 * minutes) }));
    }
  }
}

function showStage(stage) {
  const before = page.dataset.stage;
  page.dataset.stage = stage;
  at("slip").setAttribute("aria-labelledby", stage === "open" ? "heading" : "gathering-title");
  if (stage === "open") clearInterval(countdown);
  if (stage === "drawing" && before !== stage) speak(turns.drawing);
  if (stage === "open" && before !== stage) speak(turns.opened);
}

// `opensInMs` is the server's; 0: it is time, and the order is being drawn.
function showGathering({ opensInMs, order, position, total }) {
  const told = Date.now() + opensInMs - travelled();
  // Each word comes late by its own way here: the earliest is the truest, unless the opening was moved, or a clock set.
  opensAt = Math.abs(told - opensAt) < LATE ? Math.min(told, opensAt) : told;
  page.dataset.order = order;
  showStage(opensInMs > 0 ? "gathering" : "drawing");
  at("gathered").textContent = say(turns.gathered, { total: digits.format(total) });
  at("gathered-position").textContent = position > 0 ? say(turns.cameAs, { position: digits.format(position) }) : "";
  if (position > 0) Object.assign(shown, { position, start: position });
  clearInterval(countdown);
  if (opensInMs > 0) countdown = setInterval(count, 250);
  else document.title = turns.drawing;
  count();
}

// The opening has come: the page goes on as the line's, or into the event.
for (const type of ["queue-position-update", "queue-recovering", "queue-enter"]) {
  const hearInLine = hear[type];
  hear[type] = (message) => { showStage("open"); hearInLine(message); };
}
hear["queue-gathering"] = (place) => {
  known = true;
  if (page.dataset.mode === "closed") showMode("automatic");
  showGathering({ ...place, ...place.gathering });
  showLink();
};
showGathering({ opensInMs: Number(page.dataset.opensIn), order: page.dataset.order, position: shown.position, total: Number(page.dataset.total) });
document.addEventListener("visibilitychange", count);
