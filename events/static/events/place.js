// How long the place inside lasts yet: renewed by what its reader does, warned of a minute before, by the server's clock.
import { Countdown, ask_for } from "./countdown.js";

const WARN_S = 60, MAX_RENEWED_MS = 30_000, ACTS = ["pointerdown", "keydown", "input", "wheel", "touchmove"];
const place = new Countdown("place");
const bar = document.querySelector("[data-place]");

if (bar && place.clocks.length) {
  const { here, claim } = place.clocks[0].dataset;
  const warning = bar.querySelector("[data-place-warning]"), last = bar.querySelector("[data-place-last]");
  const still = bar.querySelector("[data-place-still]"), share = bar.querySelector("progress");
  const title = document.title;
  let whole_ms = place.left_ms(), acted = false, renewing = false, renewedAt = Date.now();

  // A request renews it, as any page does; where the longest stay ends it, no request does, and the page says so.
  async function renew() {
    if (renewing || place.finished) return;
    [renewing, acted, renewedAt] = [true, false, Date.now()];
    try {
      const answer = await ask_for(here);
      const told = await answer.json();
      if (told.expiresAt) place.go_on(told);
      if (told.status === "active") bar.toggleAttribute("data-last", told.last === true);
      else if (["none", "queued"].includes(told.status)) place.finish(told.reason);
    } catch {
      renewedAt += 5_000 - MAX_RENEWED_MS;  // no word: what is done next asks again soon
    }
    renewing = false;
    place.show();
  }

  function warn(left) {
    const due = left <= WARN_S;
    const ends_for_good = bar.hasAttribute("data-last");
    for (const [part, shown] of [[warning, due && !ends_for_good], [last, due && ends_for_good]]) {
      if (part.hidden === shown) part.hidden = !shown;
    }
    document.title = due && document.hidden ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} · ${title}` : title;
  }

  place.addEventListener("second", ({ detail: left }) => {
    whole_ms = Math.max(whole_ms, place.left_ms());
    share.max = whole_ms;
    share.value = place.left_ms();
    warn(left);
    // Short places are renewed more often than long ones.
    if (acted && Date.now() - renewedAt > Math.min(MAX_RENEWED_MS, whole_ms / 10)) renew();
  });
  // Who is told nothing else: what no request renews any more, the longest stay ended.
  place.why = () => bar.hasAttribute("data-last") && place.left_ms() <= 0 ? "stayed" : undefined;
  place.addEventListener("over", () => {
    warning.hidden = last.hidden = true;
    document.title = title;
  });
  for (const act of ACTS) addEventListener(act, ({ isTrusted }) => { acted ||= isTrusted; }, { passive: true, capture: true });
  still.addEventListener("click", async () => {
    const said = bar.querySelector("[data-place-said]");
    await renew();
    if (place.finished || bar.hasAttribute("data-last")) return;
    said.textContent = said.dataset.words;
    said.focus();
  });
  if (claim !== undefined) renew();  // the first page of a visit: a cookie that comes back keeps the place
}
