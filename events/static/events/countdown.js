// Counts a hold down on the server's clock, and ends the page at once and for good when it is over, without a reload.
(() => {
  const URGENT_S = 60, PATIENCE_MS = 3000, AGAIN_MS = 5000, JUMP_MS = 2000;
  const clocks = [...document.querySelectorAll("[data-ends]")];
  if (clocks.length === 0) return;
  const { check, every, claim } = clocks[0].dataset;
  const doubts = "doubts" in clocks[0].dataset;  // another tab may have made it longer: ask before the end
  const live = document.querySelectorAll("[data-hold-live]"), over = document.querySelectorAll("[data-hold-over]");
  const spoken = document.querySelector("[data-hold-spoken]");
  const loading = performance.getEntriesByType("navigation")[0];
  let ends = Number(clocks[0].dataset.ends);
  // The page is as old as its answer: what its loading took is the buyer's time, and never added to it.
  let offset = Number(clocks[0].dataset.now) - (Date.now() - performance.now() + (loading?.responseStart ?? 0));
  let [date, steady] = [Date.now(), performance.now()];
  let finished = false, asking = false, doubted = false, askedAt = Date.now();

  const left_ms = () => ends - (Date.now() + offset);

  function finish(why) {
    finished = true;
    for (const part of document.querySelectorAll("[data-if]")) part.hidden = part.dataset.if !== why;
    for (const part of document.querySelectorAll("[data-unless]")) part.hidden = part.dataset.unless === why;
    clearInterval(timer);
    for (const part of live) part.hidden = true;
    for (const part of over) part.hidden = false;
    document.dispatchEvent(new Event("hold-over"));
  }

  function go_on(told) {
    [ends, offset] = [Date.parse(told.expiresAt), Date.parse(told.now) - Date.now()];
  }

  // More time, where the server gives it: the page stays as it is, and says until when.
  async function extend(form) {
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS) });
      const told = await answer.json();
      if (!told.message) throw new TypeError(answer.status);
      if (told.expiresAt) go_on(told);
      const said = Object.assign(document.createElement("span"), { tabIndex: -1, textContent: told.message });
      form.replaceChildren(said);
      said.focus();
    } catch {
      form.submit();  // the page that follows says what came of it
    }
    show();
  }

  // Whether the hold still stands, from who knows: it may have been given back, or paid, in another tab.
  async function ask(address = check) {
    if (asking || finished || !address) return;
    asking = true;
    askedAt = Date.now();
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS) });
      const told = answer.ok || answer.status === 410 ? await answer.json() : {};
      if (told.expiresAt) go_on(told);
      // A place inside may have been renewed by another tab: how long, the line does not say.
      else if (told.status === "active" && left_ms() <= 0) [ends, doubted] = [Date.now() + offset + AGAIN_MS, false];
      else if (answer.status === 410 || (doubts && ["none", "queued"].includes(told.status))) finish(told.reason);
      else if (told.order && told.status !== "pending") location.replace(location.href);
    } catch {
      // No word: the clock goes on by itself.
    }
    asking = false;
    show();
  }

  function show() {
    if (finished) return;
    const jump = Date.now() - date - (performance.now() - steady);
    [date, steady] = [Date.now(), performance.now()];
    // Back: somebody set the clock. Forward: that, or the device slept; time is taken as gone unless the server says otherwise.
    if (jump < -JUMP_MS) offset -= jump;
    if (Math.abs(jump) > JUMP_MS) ask();
    if (left_ms() <= 0 && !asking) {
      if (!doubts || doubted) return finish();
      doubted = true;
      return ask();
    }
    const left = Math.max(0, Math.ceil(left_ms() / 1000));
    for (const clock of clocks) {
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      clock.classList.toggle("countdown-urgent", left <= URGENT_S);
    }
    const words = spoken?.getAttribute(`data-at-${left}`);
    if (words) spoken.textContent = words;
    if (!document.hidden && Date.now() - askedAt > every * 1000) ask();
  }

  const timer = setInterval(show, 250);
  show();
  if (claim) ask(claim);  // the first page of a visit: a cookie that comes back keeps the place
  for (const form of document.querySelectorAll("[data-extend]")) {
    form.addEventListener("submit", (press) => { press.preventDefault(); extend(form); });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { show(); ask(); } });
  addEventListener("pageshow", ({ persisted }) => { if (persisted) { show(); ask(); } });
})();
