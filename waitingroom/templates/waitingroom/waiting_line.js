// Keeps in touch with the line by socket, and enters when the turn has come.
const jitter = (low, high) => low + Math.random() * (high - low);
const here = location.pathname + location.search;
// The slowest updates come every 8 s. Two missed: ask. Far more: the socket died without a word.
const QUIET = 20000, DEAD = 60000;
// Why a place may be gone for good. Any other reason (absent too long, Redis lost it): line up again at once.
const ENDS = { left: "left", dropped: "left", paid: "left", abandoned: "left" };
let socket, timer, finished = false, leaving = false, polling = false, unopened = 0, tries = 0, polls = 0, known = false, heard = 0, heardAt = Date.now();

function later(action, milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(action, milliseconds);
}

// The server's number: its death must not bring all its visitors back in the same second, nor may they miss their turn.
const PAUSE = Number(page.dataset.pause);
const backoff = () => jitter(0, Math.min(3 * PAUSE, PAUSE * 2 ** tries++));

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

// Within `spread` ms: with many others, perhaps, but not in the same second.
function comeIn(spread) {
  const last = Number(sessionStorage.getItem("reloaded"));
  sessionStorage.setItem("reloaded", Date.now());
  // A turn that was refused a moment ago is not asked for again at once.
  setTimeout(() => location.replace(here), Date.now() - last < PAUSE ? jitter(0.3 * PAUSE, 0.8 * PAUSE) : jitter(0, spread));
}

// The line does not know this browser: its number was lost, or it keeps no cookies.
function becomeStranger(reason) {
  const rejoined = Date.now() - Number(sessionStorage.getItem("rejoined")) < 60000;
  if (rejoined && !known) return finish(() => showEnd("blocked"));
  sessionStorage.setItem("rejoined", Date.now());
  if (known) sessionStorage.setItem("position", shown.position);
  sessionStorage.setItem("lost", reason || "");
  finish(() => { showConnection("reconnecting"); comeIn(PAUSE / 2); });
}

function beGone({ reason }) {
  if (reason in ENDS) finish(() => showEnd(ENDS[reason]));
  else becomeStranger(reason);
}

const hear = {
  "queue-position-update": (place) => {
    known = true;
    showMode(place.mode);
    showConnection(socket && socket.readyState === WebSocket.OPEN ? "connected" : "polling");
    showPlace(place);
  },
  "queue-recovering": ({ endsInSeconds }) => {
    known = true;
    showConnection(socket && socket.readyState === WebSocket.OPEN ? "connected" : "polling");
    showRecovering(endsInSeconds);
  },
  "queue-enter": () => finish(() => { showEntering(); comeIn(PAUSE / 10); }),
  "queue-closed": ({ closedReason }) => {
    showConnection(socket && socket.readyState === WebSocket.OPEN ? "connected" : "polling");
    showClosed(closedReason);
  },
  "queue-left": beGone,
  // The opening was moved: another page counts down to it.
  "queue-gathering": () => finish(() => comeIn(PAUSE / 2)),
};

function connect() {
  if (finished || socket) return;
  let own, opened = false;
  try {
    own = socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${page.dataset.socket}?announced=${page.dataset.announced}`);
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
  if (code === 4404) return finish(() => showEnd("deleted"));
  if (!opened) unopened += 1;
  if (polling) return;
  showConnection("reconnecting");
  if (code >= 4000 || unopened >= 2) later(poll, jitter(0, 0.3 * PAUSE));
  else if (code === 1012 || code === 1013) later(connect, jitter(PAUSE / 10, PAUSE));
  else later(connect, backoff());
}
