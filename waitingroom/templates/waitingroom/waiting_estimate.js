// How long it may take: a range, whose end moves away only where the server says why.
const RANGES = [["seconds", 1, 10, 60], ["minutes", 60, 60, 600], ["minutes", 60, 300, 7200], ["hours", 3600, 3600, Infinity]];
// Who has just joined has seen nothing change yet.
const SETTLED = 20000;
const began = Date.now();
// By when the turn was said to come at the latest, and when most likely.
let promisedBy = began + 1000 * shown.waitMost, expectedBy = began + 1000 * shown.wait;

// Rounded outwards, as the server does.
function rangeText(least, most) {
  const [unit, size, step] = RANGES.find(([, , , end]) => most < end);
  const low = Math.floor(least / step) * step / size, high = Math.ceil(Math.max(most, 1) / step) * step / size;
  const text = say(words[unit], { count: low > 0 && low < high ? say(words.span, { low, high }) : high });
  if (low === high) return say(words.about, { duration: text });
  return low > 0 ? text : say(words.within, { duration: text });
}

// What to say of a wait, told with its range and why it changed.
function foreseen(wait, range, cause, relief) {
  if (!Number.isFinite(wait)) return words.unknown;
  const [least, most] = range || [wait, wait];
  const now = Date.now(), expected = now + 1000 * wait, latest = now + 1000 * most;
  const stands = page.dataset.mode === "paused", settled = now - began > SETTLED && !stands;
  const broken = stands || expected > promisedBy;
  const sooner = expected < expectedBy - Math.max(SETTLED, (expectedBy - now) / 4);
  if (settled && broken && cause in words.grown) tell(words.grown[cause]);
  if (settled && sooner && relief in words.shrunk) tell(words.shrunk[relief]);
  promisedBy = broken || !settled ? latest : Math.min(promisedBy, latest);
  if (broken || sooner || !settled) expectedBy = expected;
  return rangeText(least, Math.round((promisedBy - now) / 1000));
}
