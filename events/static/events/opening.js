// Counts down to openings on the server's clock, and turns the page by itself when one comes.
(() => {
  const AGAIN_MS = 3000, JUMP_MS = 2000, SPREAD_MS = 1000, MOVED_MS = 1500;
  const MAX_COUNTED_MS = 3 * 86400000;  // as "opening soon" in the list
  const here = document.querySelector("[data-opening]");
  const clocks = [...document.querySelectorAll("[data-until]")];
  const address = here ? here.dataset.poll : "/api/clock/";
  if (!here && clocks.length === 0) return;
  const gathers = Number(here?.dataset.gathers), opens = Number(here?.dataset.opens);
  // An instant is known beforehand; that a closed line takes people again is heard by asking alone.
  const ASK_MS = here && !gathers ? 10000 : 30000;
  const loadedAt = Date.now();
  let offset, turning = false, asked = 0, [date, steady] = [Date.now(), performance.now()];

  const spread = () => Math.random() * SPREAD_MS;

  // A crowd that waited for the same instant must not come in the same moment; nor anybody twice in one.
  function turn() {
    if (turning) return;
    turning = true;
    setTimeout(() => location.reload(), spread() + (Date.now() - loadedAt < JUMP_MS ? JUMP_MS / 2 : 0));
  }

  // What the server says of the time, and of an opening that was moved, or a sale that takes people again.
  async function ask() {
    asked = Date.now();
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
      const now = (asked + Date.now()) / 2, told = await answer.json();
      if (told.now) offset = told.now - now;
      if (!here) return;
      if (told.opening) offset = told.opening.now - now;
      const known = told.opening ? Math.abs(told.opening.gathersAt - gathers) < MOVED_MS && Math.abs(told.opening.opensAt - opens) < MOVED_MS : !gathers && told.status === "closed";
      if (answer.status === 404 || (answer.ok && !known)) turn();
    } catch {
      asked += AGAIN_MS - ASK_MS;  // no word: the clock goes on by itself, and asks again soon
    }
  }

  const clockText = (left) => {
    const seconds = Math.max(0, Math.ceil(left / 1000)), two = (number) => String(number).padStart(2, "0");
    const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
    const clock = `${days || hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
    return days ? `${new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "day", unitDisplay: "long" }).format(days)} ${clock}` : clock;
  };

  function show() {
    const jump = Date.now() - date - (performance.now() - steady);
    [date, steady] = [Date.now(), performance.now()];
    // Somebody set the clock, or the device slept.
    if (Math.abs(jump) > JUMP_MS || (here && !document.hidden && Date.now() - asked > ASK_MS * (0.8 + 0.4 * Math.random()))) ask();
    if (offset === undefined) return;
    const now = Date.now() + offset;
    for (const clock of clocks) {
      const left = Number(clock.dataset.until) - now;
      clock.textContent = clockText(left);
      clock.parentElement.hidden = left <= 0 || left > MAX_COUNTED_MS;
    }
    if (gathers && now >= gathers) turn();
    for (const part of document.querySelectorAll("[data-from]")) part.hidden = now < Number(part.dataset.from);
    for (const part of document.querySelectorAll("[data-before]")) part.hidden = now >= Number(part.dataset.before);
  }

  ask().then(show);
  setInterval(show, 250);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask().then(show); });
  addEventListener("pageshow", ({ persisted }) => { if (persisted) ask().then(show); });
})();
