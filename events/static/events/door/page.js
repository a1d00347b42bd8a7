// The door's page: a scan by keyboard, camera or choice asks the site, and without a network the list on this device.

import { Camera } from "./camera.js";
import * as offline from "./offline.js";
import { bad, good } from "./signals.js";

const { event, keeper, addresses, words } = JSON.parse(document.getElementById("door-facts").textContent);
const find = (id) => document.getElementById(id);
const form = find("door-form");
const code = find("code");
const PATIENCE_MS = 4000;
const SAME_CODE_MS = 2000;
const COUNTS_EVERY_MS = 5000;
const LIST_EVERY_MS = 300_000;
const HAND_IN_EVERY_MS = 10_000;

const filled = (words, facts) => words.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
const token = () => /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? form.elements.csrfmiddlewaretoken.value;
const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// --- what is said

function show(kind, title, ...lines) {
  const verdict = element("section", `verdict verdict-${kind === "in" ? "in" : "out"}`);
  const sign = element("p", "verdict-sign", kind === "in" ? "✓" : kind === "wait" ? "…" : "✕");
  sign.setAttribute("aria-hidden", "true");
  verdict.append(sign, element("h2", "", title));
  for (const [className, text] of lines) if (text) verdict.append(element("p", className, text));
  find("verdict").replaceChildren(verdict);
  verdict.scrollIntoView({ block: "start", behavior: "instant" });
  if (kind === "in") good();
  if (kind === "out") bad();
}

function say(refusal, seat) {
  show("out", words.refused, ["", refusal], ["ticket-seat", seat]);
}

function sayIn({ way, back, seat, tier, newer }, byList) {
  const title = way === "out" ? words.out : back ? words.back : words.welcome;
  const line = newer ? words.newer : tier;
  show("in", byList ? filled(words.offline, { words: title }) : title, ["ticket-seat", seat], ["", line]);
}

function offerUndo(sent) {
  const undo = find("undo-form");
  if (!undo) return;
  undo.hidden = !sent;
  if (sent) undo.elements.code.value = sent.code ?? "";
  if (sent) undo.elements.ticket.value = sent.ticket ?? "";
}

// --- asking

async function ask(address, facts) {
  const body = new URLSearchParams({ ...facts, event, csrfmiddlewaretoken: token() });
  const headers = { Accept: "application/json", "X-CSRFToken": token() };
  const answer = await fetch(address, { method: "POST", body, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.redirected || answer.status === 401) return { failed: words.signIn };
  if (answer.status >= 500) throw new Error(answer.statusText);
  const isJson = answer.headers.get("Content-Type")?.includes("json");
  if (!isJson) return { failed: answer.status === 403 ? words.notAllowed : words.failed };
  return answer.json();
}

let busy = false;
let line = Promise.resolve(); // scans typed while another is checked wait for it
let last = { what: "", at: 0 };

// A scanner that fires twice, or a code that stays before the camera, counts once.
function isNew(what, fromCamera) {
  const again = what === last.what && Date.now() - last.at < SAME_CODE_MS;
  if (!again || fromCamera) last = { what, at: Date.now() };
  return !again;
}

function submit(what, fromCamera = false) {
  if (fromCamera && busy) return line;
  line = line.then(() => scanned(what, fromCamera));
  return line;
}

async function scanned(what, fromCamera) {
  const way = form.elements.way?.value ?? "in";
  const entrance = form.elements.entrance.value;
  if (!isNew(`${way} ${what.code ?? ""} ${what.ticket ?? ""}`, fromCamera)) return;
  if (!form.elements.entrance.reportValidity()) return;
  busy = true;
  offerUndo(null);
  show("wait", words.wait);
  const sent = { scan: newNumber(), way, entrance, ...what };
  try {
    await decided(sent);
  } finally {
    busy = false;
    last.at = Date.now();
    refreshCounts();
    showState();
  }
}

async function decided(sent) {
  let answer;
  try {
    answer = await ask(addresses.door, sent);
  } catch {
    return byTheList(sent);
  }
  find("found").replaceChildren();
  if (answer.failed) return say(answer.failed);
  if (answer.found) return choose(answer.found);
  if (answer.admitted) {
    const { INSIDE, OUTSIDE } = offline.states;
    await offline.note({ ...answer, scan: sent.scan, event, state: sent.way === "out" ? OUTSIDE : INSIDE }).catch(() => {});
    sayIn(answer, false);
  } else {
    say(answer.refusal);
  }
  offerUndo(sent.way === "out" ? null : sent);
}

async function byTheList(sent) {
  if (!sent.code) return say(words.noSearch);
  const answer = await offline.decide({ ...sent, event, keeper }).catch(() => ({ admitted: false, why: "storage" }));
  if (answer.admitted) sayIn({ ...answer, way: sent.way }, true);
  else say(filled(words.offline, { words: words[answer.why] }), answer.seat);
}

function choose(tickets) {
  find("verdict").replaceChildren();
  const list = element("ul", "found-list");
  for (const ticket of tickets) {
    const row = element("li", "card found");
    const facts = element("div");
    facts.append(element("strong", "", ticket.seat), element("p", "", `${ticket.name} · ${ticket.order} · ${ticket.state}`));
    const button = element("button", "button button-primary", form.elements.way?.value === "out" ? words.letOut : words.admitOne);
    button.type = "button";
    button.addEventListener("click", async () => {
      await submit({ ticket: ticket.ticket });
      code.focus({ preventScroll: true });
    });
    row.append(facts, button);
    list.append(row);
  }
  find("found").replaceChildren(element("h2", "", words.choose), list);
}

function newNumber() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// --- the parts of the page

form.addEventListener("submit", async (submitted) => {
  if (find("event").value !== event) return; // another door: a page of its own
  submitted.preventDefault();
  const typed = code.value;
  code.value = "";
  code.focus({ preventScroll: true });
  if (typed.trim()) await submit({ code: typed });
});
find("event").addEventListener("change", () => {
  if (find("event").value !== event) location.assign(`${addresses.door}?event=${find("event").value}`);
});
find("undo-form")?.addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const undo = find("undo-form");
  const facts = { code: undo.elements.code.value, ticket: undo.elements.ticket.value, reason: undo.elements.reason.value };
  try {
    const answer = await ask(addresses["door-undo"], facts);
    if (answer.undone) {
      last = { what: "", at: 0 };
      await offline.note({ ...answer, scan: newNumber(), event, state: offline.states.FRESH }).catch(() => {});
      show("out", words.undone, ["ticket-seat", answer.seat], ["", words.again]);
      undo.reset();
      offerUndo(null);
    } else {
      say(answer.failed ?? answer.refusal);
    }
  } catch {
    say(words.failed);
  }
  refreshCounts();
  code.focus({ preventScroll: true });
});

const camera = new Camera(find("video"), (seen) => submit({ code: seen }, true), find("camera").dataset.jsqr);
find("camera-panel").hidden = false;
find("camera").addEventListener("click", async () => {
  if (camera.runs) {
    camera.stop();
  } else {
    try {
      await camera.start();
    } catch {
      camera.stop();
      say(words.noCamera);
    }
  }
  find("camera").textContent = camera.runs ? words.stop : words.start;
  find("video").hidden = !camera.runs;
  find("torch").hidden = !camera.hasTorch;
  find("torch").setAttribute("aria-pressed", "false");
});
find("torch").addEventListener("click", async () => {
  const on = find("torch").getAttribute("aria-pressed") !== "true";
  await camera.light(on);
  find("torch").setAttribute("aria-pressed", String(on));
});

// The device stays at its entrance, whoever looks at the page.
const ENTRANCE = `door-entrance-${event}`;
const entrance = form.elements.entrance;
if (!entrance.value) entrance.value = localStorage.getItem(ENTRANCE) ?? "";
entrance.addEventListener("change", () => localStorage.setItem(ENTRANCE, entrance.value));

async function refreshCounts() {
  if (document.hidden) return;
  try {
    const answer = await fetch(`${addresses["door-counts"]}?event=${event}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok || answer.redirected) return;
    const counts = await answer.json();
    find("inside").textContent = counts.inside;
    find("tickets").textContent = counts.tickets;
    find("counts").replaceChildren(...counts.entrances.map(row));
  } catch {
    // Without a network the numbers stay as they were.
  }
}

function row({ name, let_in: letIn, left, against }) {
  const made = element("tr");
  made.append(element("td", "", name || words.unnamed));
  for (const number of [letIn, left, against]) made.append(element("td", "number", String(number)));
  return made;
}

async function showState() {
  const list = offline.facts();
  const ready = list && filled(words.ready, { count: list.tickets.length, at: clock(list.madeAt) });
  find("ready").textContent = ready || words.notReady;
  const waiting = await offline.waiting().catch(() => []);
  find("waiting").textContent = waiting.length ? filled(words.waiting, { count: waiting.length }) : "";
  const clashes = await offline.clashes().catch(() => []);
  find("clashes").hidden = !clashes.length;
  find("clash-list").replaceChildren(...clashes.map(clash));
}

function clash({ scan, words: what }) {
  const made = element("li", "", what);
  const button = element("button", "button button-small", words.seen);
  button.type = "button";
  button.addEventListener("click", async () => {
    await offline.dismiss(scan);
    showState();
  });
  made.append(" ", button);
  return made;
}

async function handIn() {
  const answer = await offline.handIn(addresses["door-reconcile"], token).catch(() => null);
  if (answer?.ok) {
    await load();
    refreshCounts();
  }
  if (answer?.status === 401 || answer?.status === 403) find("waiting").textContent = words.signIn;
  else await showState();
}

async function load() {
  await offline.load(addresses["door-list"], event);
  await showState();
}

async function begin() {
  code.focus({ preventScroll: true });
  await offline.open(event).catch(() => {});
  await showState();
  if ("serviceWorker" in navigator) {
    await navigator.serviceWorker.register(addresses["door-worker"]).catch(() => {});
    // The first page came before its worker: it is kept by hand.
    const kept = await caches.open("tiketi-door").catch(() => null);
    await kept?.add(`${addresses.door}?event=${event}`).catch(() => {});
  }
  await load();
  await handIn();
  setInterval(handIn, HAND_IN_EVERY_MS);
  setInterval(load, LIST_EVERY_MS);
  setInterval(refreshCounts, COUNTS_EVERY_MS);
  addEventListener("online", handIn);
  navigator.storage?.persist?.();
}

begin();
