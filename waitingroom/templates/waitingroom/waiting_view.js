// What the visitor sees and hears: numbers, bar, hints, the state of the connection.
"use strict";
const page = document.body;
const at = (id) => document.getElementById(id);
const put = (id, text) => { at(id).textContent = text; };
const given = (name) => Number(page.dataset[name]);
const entitle = (text) => { document.title = `${text} · TIKETI`; };
const here = location.pathname + location.search;
// For the page that follows this one.
const keep = (name, value) => sessionStorage.setItem(name, value);
const recall = (name) => sessionStorage.getItem(name);
// As waiting_words.html lists them.
const [
  numberText, placeText, aboutText, withinText, spanText, hoursText, minutesText, secondsText, fleetText, fleetSoonText,
  fasterText, soonText, unknownText, grown, shrunk, renewedText, renumberedText, nearText, nextText, states,
] = JSON.parse(at("words").textContent);
const digits = new Intl.NumberFormat(document.documentElement.lang);
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// In steps of 5 s, then 30 s, then minutes: more digits would promise what nobody knows.
function duration(seconds) {
  const step = seconds < 60 ? 5 : seconds < 600 ? 30 : 60;
  const rest = step * (step === 60 ? Math.round(seconds / step) : Math.ceil(Math.max(seconds, 1) / step));
  return say(aboutText, { duration: exactly(rest) });
}

function exactly(rest) {
  const parts = [];
  for (const [unit, size] of [[hoursText, 3600], [minutesText, 60], [secondsText, 1]]) {
    const count = Math.floor(rest / size);
    if (count) parts.push(say(unit, { count }));
    rest -= count * size;
  }
  return parts.join(" ");
}

const waitText = (seconds) => (Number.isFinite(seconds) ? duration(seconds) : unknownText);

let spokenAt = 0;
// Often enough to follow, seldom enough not to talk over everything else.
function speak(text, leastGap = 0) {
  if (Date.now() - spokenAt < leastGap) return;
  spokenAt = Date.now();
  put("spoken", text);
}

let newsTimer;
function tell(text) {
  put("news", text);
  at("news").hidden = false;
  speak(text);
  clearTimeout(newsTimer);
  newsTimer = setTimeout(() => { at("news").hidden = true; }, 30000);
}

const shown = {};
[shown.position, shown.start, shown.wait, shown.inService, shown.waitMost] = page.dataset.shown.split(" ").map(Number);
put("percent", `${at("bar").value}%`);

function showFleet({ inService, pending, readyInSeconds }) {
  if (inService > shown.inService && page.dataset.pending > 0) tell(say(fasterText, { after: inService }));
  shown.inService = inService;
  page.dataset.pending = pending;
  if (pending > 0) {
    const text = readyInSeconds > 0 ? fleetText : fleetSoonText;
    put("fleet", say(text, { before: inService, after: inService + pending, wait: waitText(readyInSeconds) }));
  }
}

function showMode(mode) {
  if (mode !== "recovering" && mode !== "claim") clearInterval(counting);
  if (mode === "paused") at("news").hidden = true;  // of an estimate that is no longer shown
  if (page.dataset.mode !== mode && (mode === "paused" || mode === "recovering")) speak(at(mode).textContent);
  page.dataset.mode = mode;
  at("slip").setAttribute("aria-labelledby", { closed: "shut-title", claim: "claim-title" }[mode] || "heading");
}

let counting;
// To the second, by the wall clock, which goes on while a device sleeps.
function countDown(seconds, showLeft) {
  const ends = Date.now() + 1000 * seconds;
  const goOn = () => showLeft(Math.max(0, Math.ceil((ends - Date.now()) / 1000)));
  clearInterval(counting);
  counting = setInterval(goOn, 1000);
  goOn();
}

// After a loss nobody can say yet who stands where; when that is over, the server knows to the second.
function showRecovering(seconds) {
  const bar = at("recovery-bar");
  bar.max = Math.max(bar.max, seconds);
  countDown(seconds, (left) => {
    bar.value = bar.max - left;
    put("recovery", left ? exactly(left) : soonText);
  });
  entitle(at("recovery-name").textContent);
  showMode("recovering");
}

function showMissed(missedTurn) {
  if (!missedTurn || page.dataset.left === "missed") return;
  page.dataset.left = "missed";
  speak(at("missed").textContent);
}

function showPlace({ position, total, estimatedWait, estimatedWaitRange, scaling, cause, relief, missedTurn }) {
  showMissed(missedTurn);
  shown.start = Math.max(shown.start, position);
  const percent = Math.floor(100 * (shown.start - position) / shown.start);
  const said = { position: digits.format(position), total: digits.format(total), wait: foreseen(estimatedWait, estimatedWaitRange, cause, relief) };
  for (const id in said) put(id, said[id]);
  at("bar").value = percent;
  put("percent", `${percent}%`);
  entitle(say(numberText, said));
  const stands = page.dataset.mode === "paused";
  shown.position = position;
  if (scaling) showFleet(scaling);
  if (stands || passMilestone(position)) return;
  speak(say(placeText, said), isHalved(position) ? 0 : 30000);
}

function showConnection(state) {
  if (!navigator.onLine && state !== "entering") state = "offline";
  if (page.dataset.line === state && at("connection").textContent) return;
  page.dataset.line = state;
  put("connection", states[state]);
  if (["unavailable", "unreachable", "offline"].includes(state)) speak(states[state]);
}

function showEntering() {
  showConnection("entering");
  at("bar").value = 100;
  put("percent", "100%");
  put("wait", soonText);
  entitle(states.entering);
  announce(states.entering);
}

// Fetched until it comes: there is nothing else to do any more.
function showEnd(name) {
  page.dataset.line = "over";
  withMore(() => line.showEnd(name), () => setTimeout(showEnd, PAUSE, name));
}
