// Counts down on the server's clock to the end of a hold or of a place inside, and ends the page's parts then, at once and
// for good, without a reload.
const URGENT_S = 60, PATIENCE_MS = 3000, AGAIN_MS = 1000, JUMP_MS = 2000;
const loading = performance.getEntriesByType("navigation")[0];

// What asks the server takes a moment at most.
export const ask_for = (address, options) => fetch(address, { headers: { Accept: "application/json" }, cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS), ...options });

// "second" tells what is left, ms; "over" that nothing is.
export class Countdown extends EventTarget {
  constructor(kind) {
    super();
    this.kind = kind;
    this.clocks = [...document.querySelectorAll(`[data-clock="${kind}"]`)];
    if (this.clocks.length === 0) return;
    const told = this.clocks[0].dataset;
    this.check = told.check;
    this.every_ms = 1000 * told.every;
    this.doubts = "doubts" in told;  // another tab may have made it longer: ask before the end
    this.ends = Number(told.ends);
    // The page is as old as its answer: what its loading took is the reader's time, and never added to it.
    this.offset = Number(told.now) - (Date.now() - performance.now() + (loading?.responseStart ?? 0));
    [this.date, this.steady] = [Date.now(), performance.now()];
    this.finished = this.asking = this.doubted = false;
    this.askedAt = Date.now();
    this.timer = setInterval(() => this.show(), 250);
    this.show();
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.again(); });
    addEventListener("pageshow", ({ persisted }) => { if (persisted) this.again(); });
  }

  left_ms() { return this.ends - (Date.now() + this.offset); }

  parts(what) { return document.querySelectorAll(`[data-${this.kind}-${what}]`); }

  again() {
    this.show();
    this.ask();
  }

  go_on({ expiresAt, now }) {
    [this.ends, this.offset] = [Date.parse(expiresAt), Date.parse(now) - Date.now()];
    this.doubted = false;
  }

  finish(why = this.why?.()) {
    if (this.finished) return;
    this.finished = true;
    clearInterval(this.timer);
    for (const part of document.querySelectorAll("[data-if]")) part.hidden = part.dataset.if !== why;
    for (const part of document.querySelectorAll("[data-unless]")) part.hidden = part.dataset.unless === why;
    for (const part of this.parts("live")) part.hidden = true;
    for (const part of this.parts("over")) part.hidden = false;
    this.dispatchEvent(new Event("over"));
  }

  // Whether it still stands, from who knows: it may have been given back, or paid, or renewed in another tab.
  async ask(address = this.check) {
    if (this.asking || this.finished || !address) return;
    this.asking = true;
    this.askedAt = Date.now();
    try {
      const answer = await ask_for(address);
      const told = answer.ok || answer.status === 410 ? await answer.json() : {};
      const left_ms = answer.headers.get("x-place-left-ms");  // the line's word
      if (told.expiresAt) this.go_on(told);
      else if (left_ms) [this.ends, this.doubted] = [Date.now() + this.offset + Math.max(Number(left_ms), AGAIN_MS), false];
      else if (answer.status === 410 || (this.doubts && ["none", "queued"].includes(told.status))) this.finish(told.reason);
      else if (told.order && told.status !== "pending") location.replace(location.href);
    } catch {
      // No word: the clock goes on by itself.
    }
    this.asking = false;
    this.show();
  }

  show() {
    if (this.finished) return;
    const jump = Date.now() - this.date - (performance.now() - this.steady);
    [this.date, this.steady] = [Date.now(), performance.now()];
    // Back: somebody set the clock. Forward: that, or the device slept; time is taken as gone unless the server says otherwise.
    if (jump < -JUMP_MS) this.offset -= jump;
    if (Math.abs(jump) > JUMP_MS) this.ask();
    if (this.left_ms() <= 0 && !this.asking) {
      if (!this.doubts || this.doubted) return this.finish();
      this.doubted = true;
      return this.ask();
    }
    const left = Math.max(0, Math.ceil(this.left_ms() / 1000));
    for (const clock of this.clocks) {
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      clock.classList.toggle("countdown-urgent", left <= URGENT_S);
    }
    for (const part of this.parts("spoken")) {
      const words = part.getAttribute(`data-at-${left}`);
      if (words) part.textContent = words;
    }
    this.dispatchEvent(new CustomEvent("second", { detail: left }));
    if (!document.hidden && Date.now() - this.askedAt > this.every_ms) this.ask();
  }
}

const hold = new Countdown("hold");
hold.addEventListener("over", () => document.dispatchEvent(new Event("hold-over")));

// More time, where the server gives it: the page stays as it is, and says until when.
async function extend(form) {
  form.querySelector("button").disabled = true;
  try {
    const answer = await ask_for(form.action, { method: "POST", body: new FormData(form) });
    const told = await answer.json();
    if (!told.message) throw new TypeError(answer.status);
    if (told.expiresAt) hold.go_on(told);
    const said = Object.assign(document.createElement("span"), { tabIndex: -1, textContent: told.message });
    form.replaceChildren(said);
    said.focus();
  } catch {
    form.submit();  // the page that follows says what came of it
  }
  hold.show();
}

for (const form of document.querySelectorAll("[data-extend]")) {
  form.addEventListener("submit", (press) => { press.preventDefault(); extend(form); });
}
