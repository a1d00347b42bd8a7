// What the visitor sees and hears: numbers, bar, hints, the state of the connection.
"use strict";
const page = document.body;
const at = (id) => document.getElementById(id);
const words = JSON.parse(at("words").textContent);
const digits = new Intl.NumberFormat(document.documentElement.lang);
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// In steps of 5 s, then 30 s, then minutes: more digits would promise what nobody knows.
function duration(seconds) {
  const step = seconds < 60 ? 5 : seconds < 600 ? 30 : 60;
  const rest = step * (step === 60 ? Math.round(seconds / step) : Math.ceil(Math.max(seconds, 1) / step));
  return say(words.about, { duration: exactly(rest) });
}

function exactly(rest) {
  const parts = [];
  for (const [unit, size] of [["hours", 3600], ["minutes", 60], ["seconds", 1]]) {
    const count = Math.floor(rest / size);
    if (count) parts.push(say(words[unit], { count }));
    rest -= count * size;
  }
  return parts.join(" ");
}

const waitText = (seconds) => (Number.isFinite(seconds) ? duration(seconds) : words.unknown);

let spokenAt = 0;
// Often enough to follow, seldom enough not to talk over everything else.
function speak(text, leastGap = 0) {
  if (Date.now() - spokenAt < leastGap) return;
  spokenAt = Date.now();
  at("spoken").textContent = text;
}

let newsTimer;
function tell(text) {
  at("news").textContent = text;
  at("news").hidden = false;
  speak(text);
  clearTimeout(newsTimer);
  newsTimer = setTimeout(() => { at("news").hidden = true; }, 30000);
}

const shown = {
  position: Number(page.dataset.position), start: Number(page.dataset.start),
  wait: Number(page.dataset.wait), inService: Number(page.dataset.inService),
};

function showFleet({ inService, pending, readyInSeconds }) {
  if (inService > shown.inService && page.dataset.pending > 0) tell(say(words.faster, { after: inService }));
  shown.inService = inService;
  page.dataset.pending = pending;
  if (pending > 0) {
    const text = readyInSeconds > 0 ? words.fleet : words.fleetSoon;
    at("fleet").textContent = say(text, { before: inService, after: inService + pending, wait: waitText(readyInSeconds) });
  }
}

function showMode(mode) {
  if (mode !== "recovering") clearInterval(recoveryTimer);
  if (page.dataset.mode !== mode && (mode === "paused" || mode === "recovering")) speak(at(mode).textContent);
  page.dataset.mode = mode;
  at("slip").setAttribute("aria-labelledby", mode === "closed" ? "shut-title" : "heading");
}

// After a loss nobody can say yet who stands where; when that is over, the server knows to the second.
let recoveryTimer;
function showRecovering(seconds) {
  const ends = Date.now() + 1000 * seconds, bar = at("recovery-bar");
  bar.max = Math.max(bar.max, seconds);
  const goOn = () => {
    const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
    bar.value = bar.max - left;
    at("recovery").textContent = left ? exactly(left) : words.soon;
  };
  clearInterval(recoveryTimer);
  recoveryTimer = setInterval(goOn, 1000);
  goOn();
  document.title = `${words.recovering} · TIKETI`;
  showMode("recovering");
}

function showPlace({ position, total, estimatedWait, scaling, cause }) {
  shown.start = Math.max(shown.start, position);
  const percent = Math.floor(100 * (shown.start - position) / shown.start);
  at("position").textContent = digits.format(position);
  at("total").textContent = digits.format(total);
  at("wait").textContent = waitText(estimatedWait);
  at("bar").value = percent;
  at("percent").textContent = `${percent}%`;
  document.title = `${say(words.title, { position: digits.format(position) })} · TIKETI`;
  // The server says why, or it is no news. While the line stands, its own hint says so.
  if (page.dataset.mode !== "paused" && estimatedWait > shown.wait * 1.1 + 10 && cause in words.grown) tell(words.grown[cause]);
  Object.assign(shown, { position, wait: estimatedWait });
  if (scaling) showFleet(scaling);
  if (page.dataset.mode === "paused") return;
  speak(say(words.spoken, { position: digits.format(position), total: digits.format(total), wait: waitText(estimatedWait) }), 30000);
}

function showConnection(state) {
  if (!navigator.onLine && state !== "entering") state = "offline";
  if (page.dataset.line === state && at("connection").textContent) return;
  page.dataset.line = state;
  at("connection").textContent = words[state];
  if (["unavailable", "unreachable", "offline"].includes(state)) speak(words[state]);
}

function showEntering() {
  showConnection("entering");
  at("bar").value = 100;
  at("percent").textContent = "100%";
  at("wait").textContent = words.soon;
  document.title = `${words.entering} · TIKETI`;
  speak(words.entering);
}

function showEnd(name) {
  page.dataset.line = "over";
  at("turn").hidden = true;
  at("over").hidden = false;
  at("again").hidden = name === "deleted";
  at("over-title").textContent = words[`${name}Title`];
  at("over-text").textContent = words[`${name}Text`];
  document.title = `${words[`${name}Title`]} · TIKETI`;
  at("over-title").focus();
}
