// Keeps in touch with the line: by socket, else by polling; enters when the turn has come.
const jitter = (low, high) => low + Math.random() * (high - low);
const here = location.pathname + location.search;
// The slowest updates come every 8 s. Two missed: ask. Far more: the socket died without a word.
const QUIET = 20000, DEAD = 60000;
// Why a place may be gone for good. Any other reason (absent too long, Redis lost it): line up again at once.
const ENDS = { closed: "closed", left: "left", dropped: "left", paid: "left", abandoned: "left" };
let socket, timer, finished = false, leaving = false, polling = false, unopened = 0, tries = 0, polls = 0, known = false, heard = 0, heardAt = Date.now();

function later(action, milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(action, milliseconds);
}

// Ten seconds at once, not one: a server's death must not bring all its visitors back in the same second.
const backoff = () => jitter(0, Math.min(30000, 10000 * 2 ** tries++));

function drop() {
  const old = socket;
  socket = undefined;
  if (old) old.close();
}

function leave() {
  leaving = true;
  if (socket && socket.readyState === WebSocket.OPEN) socket.send('{"type":"leave"}');
}

function finish(showing) {
  finished = true;
  clearTimeout(timer);
  drop();
  showing();
}

function comeIn(gap) {
  const last = Number(sessionStorage.getItem("reloaded"));
  sessionStorage.setItem("reloaded", Date.now());
  // A turn that was refused a moment ago is not asked for again at once.
  setTimeout(() => location.replace(here), Date.now() - last < 10000 ? jitter(3000, 8000) : gap);
}

// The line does not know this browser: its number was lost, or it keeps no cookies.
function becomeStranger() {
  const rejoined = Date.now() - Number(sessionStorage.getItem("rejoined")) < 60000;
  if (rejoined && !known) return finish(() => showEnd("blocked"));
  sessionStorage.setItem("rejoined", Date.now());
  if (known) sessionStorage.setItem("position", shown.position);
  finish(() => { showConnection("reconnecting"); comeIn(jitter(0, 5000)); });
}

function beGone({ reason }) {
  if (reason in ENDS) finish(() => showEnd(ENDS[reason]));
  else becomeStranger();
}

const hear = {
  "queue-position-update": (place) => {
    known = true;
    showMode(place.mode);
    showConnection(socket && socket.readyState === WebSocket.OPEN ? "connected" : "polling");
    showPlace(place);
  },
  "queue-enter": () => finish(() => { showEntering(); comeIn(0); }),
  "queue-closed": () => finish(() => showEnd("closed")),
  "queue-left": beGone,
};

function connect() {
  if (finished || socket) return;
  let own, opened = false;
  try {
    own = socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${page.dataset.socket}`);
  } catch {
    return lost(opened);  // refused by the browser itself
  }
  const patience = setTimeout(() => own.close(), 6000);
  own.onopen = () => {
    opened = true;
    polling = false;
    clearTimeout(patience);
    clearTimeout(timer);
    heardAt = Date.now();
    showConnection("connected");
    at("leave").hidden = false;
    if (leaving) leave();
  };
  own.onmessage = ({ data }) => {
    if (socket !== own) return;
    const message = JSON.parse(data);
    unopened = tries = 0;
    heard += 1;
    heardAt = Date.now();
    if (message.type in hear) hear[message.type](message);
  };
  own.onclose = ({ code }) => {
    clearTimeout(patience);
    if (socket !== own) return;
    socket = undefined;
    lost(opened, code);
  };
}

function lost(opened, code) {
  at("leave").hidden = true;
  if (!opened) unopened += 1;
  if (polling) return;
  showConnection("reconnecting");
  if (code >= 4000 || unopened >= 2) later(poll, jitter(0, 3000));
  else if (code === 1012 || code === 1013) later(connect, jitter(1000, 10000));
  else later(connect, backoff());
}

const answers = {
  queued: (place) => hear["queue-position-update"](place),
  active: () => hear["queue-enter"](),
  closed: () => hear["queue-closed"](),
  none: beGone,
};

// Resolves to the seconds until the next question; rejects if there was no usable answer.
async function ask() {
  const heardBefore = heard;
  const limit = new AbortController();
  const patience = setTimeout(() => limit.abort(), 10000);
  try {
    const response = await fetch(page.dataset.poll, { headers: { Accept: "application/json" }, cache: "no-store", signal: limit.signal });
    const seconds = Number(response.headers.get("Retry-After")) || 5;
    const answer = await response.json();
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
    if (polling) later(poll, 1000 * seconds * jitter(0.8, 1.2));
  } catch (error) {
    if (finished) return;
    showConnection("unavailable");
    later(poll, 1000 * (error.seconds || 1) + backoff());
  }
}

const silence = () => Date.now() - heardAt;

function startAgain() {
  drop();
  later(poll, 0);
  connect();
}

function doubt(patience) {
  if (finished || polling || silence() < patience) return;
  if (socket && silence() > DEAD) startAgain();
  else if (socket) ask().catch(() => showConnection("unavailable"));
}

// A frozen or offline tab is back: what it shows may be old.
function look() {
  if (finished || document.hidden) return;
  if (socket) doubt(3000);
  else startAgain();
}

function start() {
  try {
    const before = Number(sessionStorage.getItem("position"));
    if (before && shown.position > before) tell(words.renumbered);
    sessionStorage.removeItem("position");
  } catch {
    return finish(() => showEnd("blocked"));  // no storage means no cookies either
  }
  showConnection("connecting");
  at("slip").focus({ preventScroll: true });
  connect();
  document.addEventListener("visibilitychange", look);
  addEventListener("online", look);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) location.replace(here); });
  setInterval(doubt, 15000, QUIET);
}

at("leave").onclick = () => at("confirm").showModal();
at("confirm").onclose = () => {
  if (at("confirm").returnValue === "leave") leave();
};
at("again").onclick = () => location.replace(here);
at("language").hidden = false;
at("language").onclick = () => {
  document.cookie = `django_language=${at("language").lang}; path=/; max-age=31536000; samesite=lax`;
  location.replace(here);
};
start();
