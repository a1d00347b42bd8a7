// The server's number, by which it knows how long a visitor may be silent.
const SPREAD = Number(page.dataset.spread);
// Where sockets fail or fall silent: questions over HTTP.
const answers = {
  queued: (place) => (place.gathering ? hear["queue-gathering"](place) : place.recovering ? hear["queue-recovering"]({ endsInSeconds: place.recovering }) : hear["queue-position-update"](place)),
  active: () => hear["queue-enter"](),
  closed: (answer) => hear["queue-closed"](answer),
  deleted: () => finish(() => showEnd("deleted")),
  none: beGone,
  "sign-in": () => finish(() => comeIn(PAUSE / 2)),
};

// Resolves to the seconds until the next question; rejects if there was no usable answer.
async function ask() {
  const heardBefore = heard;
  const limit = new AbortController();
  const patience = setTimeout(() => limit.abort(), 10000);
  try {
    const response = await fetch(page.dataset.poll, { headers: { Accept: "application/json" }, cache: "no-store", signal: limit.signal });
    const seconds = Number(response.headers.get("Retry-After")) || 5;
    // Nobody knows the address any more: the event was deleted.
    const answer = response.status === 404 ? { status: "deleted" } : await response.json();
    if (!(answer.status in answers)) throw Object.assign(new Error(answer.status), { seconds });
    // What the socket said meanwhile is newer.
    if (!finished && heard === heardBefore) answers[answer.status](answer);
    return seconds;
  } finally {
    clearTimeout(patience);
  }
}

async function poll() {
  if (finished) return;
  polling = true;
  try {
    const seconds = await ask();
    // From time to time the socket is worth another try, and at once when the site is back.
    if (tries || ++polls % 6 === 0) connect();
    tries = 0;
    if (polling) later(poll, 1000 * seconds * jitter(1 - SPREAD, 1 + SPREAD));
  } catch (error) {
    if (finished) return;
    showTrouble(error);
    later(poll, 1000 * (error.seconds || 1) + backoff());
  }
}

// An answer that is no use comes from a site in trouble, which costs nobody a number; none at all may be the way there.
const showTrouble = ({ seconds }) => showConnection(seconds ? "unavailable" : "unreachable");

const silence = () => Date.now() - heardAt;

function startAgain() {
  drop();
  later(poll, 0);
  connect();
}

function doubt(patience) {
  if (finished || polling || silence() < patience) return;
  if (socket && silence() > DEAD) startAgain();
  else if (socket) ask().catch(showTrouble);
}

// A frozen or offline tab is back: what it shows may be old.
function look() {
  if (finished || document.hidden) return;
  if (socket) doubt(3000);
  else startAgain();
}
