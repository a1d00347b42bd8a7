// Keeps in touch with the line by socket, and enters when the turn has come.
const jitter = (low, high) => low + Math.random() * (high - low);
// The server's numbers: the front of the line is told every second, everybody else at least so often.
const FRONT = Number(at("connection").dataset.front), SELDOM = 1000 * at("connection").dataset.seldom;
// Silent for so long: the socket died without a word.
const DEAD = 60000;
// Why a place may be gone for good. Any other reason (absent too long, Redis lost it): line up again at once.
const ENDS = ["left", "dropped", "paid", "abandoned"];
let socket, timer, finished, leaving, polling, known, unopened = 0, tries = 0, polls = 0, heard = 0, heardAt = Date.now();

function later(action, milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(action, milliseconds);
}

// The server's number: its death must not bring all its visitors back in the same second, nor may they miss their turn.
const PAUSE = given("pause");
const backoff = () => jitter(0, Math.min(3 * PAUSE, PAUSE * 2 ** tries++));

function drop() {
  const old = socket;
  socket = undefined;
  if (old) old.close();
}

function leave() {
  leaving = true;
  if (isOpen()) socket.send('{"type":"leave"}');
}

function finish(showing) {
  finished = true;
  clearTimeout(timer);
  drop();
  showing();
}

// Within `spread` ms: with many others, perhaps, but not in the same second.
function comeIn(spread) {
  const last = recall("reloaded");
  keep("reloaded", Date.now());
  // A turn that was refused a moment ago is not asked for again at once.
  setTimeout(() => location.replace(here), Date.now() - last < PAUSE ? jitter(0.3 * PAUSE, 0.8 * PAUSE) : jitter(0, spread));
}

function goIn(spread) {
  finish(() => { showEntering(); comeIn(spread); });
}

// The line does not know this browser: its number was lost, or it keeps no cookies.
function becomeStranger(reason) {
  const rejoined = Date.now() - recall("rejoined") < 60000;
  if (rejoined && !known) return finish(() => showEnd("blocked"));
  keep("rejoined", Date.now());
  if (known) keep("position", shown.position);
  keep("lost", reason || "");
  finish(() => { showConnection("reconnecting"); comeIn(PAUSE / 2); });
}

function beGone({ reason }) {
  if (ENDS.includes(reason)) finish(() => showEnd("left"));
  else becomeStranger(reason);
}

const isOpen = () => socket && socket.readyState === WebSocket.OPEN;
const silence = () => Date.now() - heardAt;
const isFront = () => shown.position <= FRONT && !["closed", "recovering"].includes(page.dataset.mode) && (page.dataset.stage || "open") === "open";
// What is late by more than a second was not sent, or did not come. While a turn is kept, the server has nothing to say.
const patience = () => 1500 + (claiming() ? DEAD : isFront() ? 1000 : SELDOM);
// Only who is told every second is called connected: others would be called so for long after a cable was pulled.
const showLink = () => showConnection(isOpen() && isFront() && silence() < patience() ? "connected" : "polling");

const hear = {
  "queue-position-update": (place) => {
    known = true;
    showMode(place.mode);
    showPlace(place);
    showLink();
  },
  "queue-recovering": ({ endsInSeconds }) => {
    known = true;
    showRecovering(endsInSeconds);
    showLink();
  },
  "queue-enter": ({ claimEndsInSeconds }) => {
    const enter = () => goIn(PAUSE / 10);
    const until = Date.now() + 1000 * claimEndsInSeconds;
    if (until && (document.hidden || claiming())) withMore(() => line.keepTurn((until - Date.now()) / 1000), enter);
    else enter();
  },
  "queue-closed": ({ closedReason }) => {
    showClosed(closedReason);
    showLink();
  },
  "queue-left": beGone,
  // The opening was moved: another page counts down to it.
  "queue-gathering": () => finish(() => comeIn(PAUSE / 2)),
};

function connect() {
  if (finished || socket) return;
  let own, opened = false;
  try {
    own = socket = new WebSocket(`${location.origin.replace("http", "ws")}${page.dataset.socket}?announced=${page.dataset.announced}`);
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
    showLink();
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
