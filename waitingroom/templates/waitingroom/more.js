{% load i18n %}// What few who wait ever see: the signals, the question before leaving, a turn that came while nobody looked, an end.
(() => {
"use strict";
const { at, put, say, exactly, entitle, soonText, showMode, countDown, claiming, announce, goIn, leave, here, digits, shown, keep, recall } = line;
const says = {% include "waitingroom/more_words.html" %};

// What it shows has styles of its own: the policy allows what such a script does to the page's sheet.
const sheet = document.styleSheets[0];
for (const rule of "{% filter escapejs %}{% include 'waitingroom/over.css' %}{% include 'waitingroom/more.css' %}{% endfilter %}".match(/[^{}]+\{[^{}]*\}/g)) {
  try {
    sheet.insertRule(rule, sheet.cssRules.length);
  } catch {
    // An old browser knows no such selector, and does without.
  }
}

// --- For who asked for them: a sound, a vibration, a notification, a screen that stays on.
let signals = false, awake, worker, pushed, pushing = Promise.resolve();

function beep() {
  const { audio } = line;
  if (!audio || audio.state !== "running") return;
  for (const [after, pitch] of [[0, 660], [0.2, 880]]) {
    const tone = audio.createOscillator(), volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.value = 0.2;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + after);
    tone.stop(audio.currentTime + after + 0.16);
  }
}

line.signal = (text) => {
  if (!signals) return;
  beep();
  if (navigator.vibrate) navigator.vibrate([200, 100, 200]);
  if (!document.hidden || !window.Notification || Notification.permission !== "granted") return;
  if (worker) return worker.showNotification(text, { tag: eventPath, data: eventPath });  // a push of the same replaces it
  try {
    const note = new Notification(text, { tag: here });  // one for this line, replaced by the next
    note.onclick = () => { window.focus(); note.close(); };
  } catch {
    // Telephones show none for a page without a service worker: sound and vibration remain.
  }
};

const room = document.body.dataset.socket.split("/")[3], eventPath = `/events/${room}/`;
{% if pushes %}
// --- A push reaches who looks away, and telephones whose pages may show no notification.
const pushPath = "{% url 'line:push' 'ROOM' %}".replace("ROOM", room);
const tellPush = (method, token, body) => fetch(pushPath, { method, body, headers: { "X-CSRFToken": token, "Content-Type": "application/json" } });

async function turnPush(on) {
  if (!navigator.serviceWorker || !window.PushManager || !window.Notification || Notification.permission !== "granted") return;
  const { key, token } = await (await fetch(pushPath, { cache: "no-store" })).json();
  if (!on) {
    pushed = false;
    return tellPush("DELETE", token);
  }
  worker = await navigator.serviceWorker.register("{% url 'line:push-worker' %}");
  const begun = worker.active || worker.waiting || worker.installing;
  while (begun.state !== "activated") await new Promise((done) => begun.addEventListener("statechange", done, { once: true }));
  const subscribe = () => worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  // One of an earlier key of the site's is in the way.
  const subscription = await subscribe().catch(async () => {
    await (await worker.pushManager.getSubscription()).unsubscribe();
    return subscribe();
  });
  pushed = (await tellPush("POST", token, JSON.stringify(subscription))).ok;
  showSignals();
}
{% endif %}
// Browsers let the screen go dark again whenever the page is hidden.
async function keepAwake() {
  if (!signals || document.hidden || !navigator.wakeLock || (awake && !awake.released)) return;
  try {
    const lock = await navigator.wakeLock.request("screen");
    if (signals) awake = lock;
    else lock.release();
  } catch {
    awake = undefined;  // a battery that is low, or a policy
  }
}

// Only what does work here is promised.
function showSignals() {
  const works = {
    sound: line.audio && line.audio.state === "running",
    vibration: "vibrate" in navigator && matchMedia("(pointer: coarse)").matches,
    note: window.Notification && Notification.permission === "granted",
    push: pushed,
    screen: awake && !awake.released,
  };
  const kinds = Object.keys(works).filter((kind) => works[kind]).map((kind) => says[kind]);
  at("signal").setAttribute("aria-pressed", signals);
  at("signals").hidden = !signals;
  at("signals").textContent = kinds.length ? say(says.on, { names: kinds.join(", ") }) : says.none;
}

line.turnSignals = async () => {
  signals = !signals;
  if (signals) {
    try {
      if (line.audio) line.audio.resume();
      await keepAwake();
      await line.asked;
    } catch {
      // What is not to be had is not promised.
    }
    beep();
  } else if (awake) {
    awake.release();
    awake = undefined;
  }
  showSignals();{% if pushes %}
  // Nothing waits for it but the next click: what is not to be had is not promised, and the last word counts.
  const on = signals;
  pushing = pushing.then(() => turnPush(on)).catch(() => { pushed = false; });{% endif %}
};

document.addEventListener("visibilitychange", () => keepAwake().then(() => { if (signals) showSignals(); }));

// --- Leaving.
document.body.insertAdjacentHTML("beforeend", "{% filter escapejs %}{% include 'waitingroom/leaving.html' %}{% endfilter %}");
line.askToLeave = () => at("confirm").showModal();
at("confirm").onclose = () => {
  if (at("confirm").returnValue === "leave") leave();
};

// --- A turn that came while nobody looks is not used up: it waits, with its countdown, for the visitor's click.
at("turn").insertAdjacentHTML("afterbegin", "{% filter escapejs %}{% include 'waitingroom/claim.html' %}{% endfilter %}");
line.keepTurn = (seconds) => {
  const begins = !claiming();
  showMode("claim");
  countDown(seconds, (left) => {
    put("claim-left", left ? exactly(left) : soonText);
    entitle(left ? `${says.turn} ${exactly(left)}` : says.turn);
  });
  if (begins) announce(says.turn);
};
line.focus = () => {
  at("enter").focus();
  dispatchEvent(new Event("online"));  // a frozen tab heard of the turn when it woke: the line says how long it is kept
};
at("enter").onclick = () => {
  keep("reloaded", 0);  // whoever clicks does not wait for what was refused before
  goIn(0);
};

// --- The end of the wait, but for a turn.
line.showEnd = (name) => {
  at("turn").hidden = true;
  at("turn").insertAdjacentHTML("afterend", "{% filter escapejs %}{% include 'waitingroom/over.html' %}{% endfilter %}");
  at("again").hidden = name === "deleted";
  at("again").onclick = () => location.replace(here);
  const title = says[`${name}Title`];
  put("over-title", title);
  put("over-text", says[`${name}Text`]);
  entitle(title);
  at("slip").setAttribute("aria-labelledby", "over-title");
  at("over-title").focus();
};

// --- What is left at each price, and of what the visitor wants.
const seats = at("seats"), leftAt = {};

function showWant() {
  const price = at("want-price").value, party = Number(at("want-party").value);
  const left = price ? leftAt[price] || 0 : Object.values(leftAt).reduce((sum, count) => sum + count, 0);
  const counted = { left: digits.format(left), party, parties: digits.format(Math.floor(left / party)), ahead: digits.format(shown.position - 1) };
  const told = left < party ? says.tooFew : party > 1 ? says.leftForParties : says.leftForOne;
  put("want-told", `${say(told, counted)} ${shown.position > 1 ? say(says.ahead, counted) : ""}`);
}

if (seats) {
  const rows = at("prices").children;
  seats.insertAdjacentHTML("beforeend", "{% filter escapejs %}{% include 'waitingroom/want.html' %}{% endfilter %}");
  for (const row of rows) at("want-price").add(new Option(row.firstChild.firstChild.textContent.trim(), row.dataset.price));
  for (let party = 1; party <= seats.dataset.parties; party++) at("want-party").add(new Option(party, party));
  // It outlasts a reload.
  for (const id of ["want-price", "want-party"]) {
    const kept = recall(id);
    if ([...at(id).options].some(({ value }) => value === kept)) at(id).value = kept;
    at(id).onchange = () => { keep(id, at(id).value); showWant(); };
  }
  line.showLeft = () => {
    if (!shown.left) return;
    Object.assign(leftAt, shown.left);
    for (const row of rows) {
      const count = shown.left[row.dataset.price];
      if (count !== undefined) row.querySelector(".left").textContent = say(says.left, { left: digits.format(count) });
    }
    at("want").hidden = false;
    showWant();
  };
}
})();
