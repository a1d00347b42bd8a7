// The server's number, by which it knows how long a visitor may be silent.
const SPREAD = given("spread");
// Where sockets fail or fall silent: questions over HTTP.
const answers = {
  queued: (place) => (place.gathering ? hear["queue-gathering"](place) : place.recovering ? hear["queue-recovering"]({ endsInSeconds: place.recovering }) : hear["queue-position-update"](place)),
  active: (answer) => hear["queue-enter"](answer),
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

// An answer that is no use comes from a site in trouble, which costs nobody a number; none at all may be the way there.
const showTrouble = ({ seconds }) => showConnection(seconds ? "unavailable" : "unreachable");

// Asks once; resolves to the milliseconds until the next question, whatever the answer.
async function askOn() {
  try {
    const seconds = await ask();
    tries = 0;
    return 1000 * seconds * jitter(1 - SPREAD, 1 + SPREAD);
  } catch (error) {
    if (!finished) showTrouble(error);
    return 1000 * (error.seconds || 1) + backoff();
  }
}

async function poll() {
  if (finished) return;
  polling = true;
  const before = tries, pause = await askOn();
  if (finished || !polling) return;
  // From time to time the socket is worth another try, and at once when the site is back.
  if (!tries && (before || ++polls % 6 === 0)) connect();
  later(poll, pause);
}

function startAgain() {
  drop();
  later(poll, 0);
  connect();
}

// A silent socket is said to be silent, and asked after over HTTP: spread over a second and then at the pace of those who
// poll, as it may be the server that is slow, and everybody notices together.
let askAt = 0;
async function watch() {
  if (finished || polling || !isOpen()) return;
  if (silence() < patience()) askAt = 0;
  else if (silence() > DEAD) startAgain();
  else if (!askAt) {
    showConnection("unreachable");
    askAt = Date.now() + jitter(0, PAUSE / 10);
  } else if (Date.now() >= askAt) {
    askAt = Infinity;
    askAt = Date.now() + await askOn();
  }
}

// A frozen or offline tab is back: what it shows may be old.
function look() {
  if (finished || document.hidden) return;
  if (claiming()) line.focus();
  if (!socket || silence() > DEAD) startAgain();
  else if (!polling && silence() > 3000) ask().catch(showTrouble);
}
