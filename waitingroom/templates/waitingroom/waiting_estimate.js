// How long it may take: a range, whose end moves away only where the server says why.
const RANGES = [[secondsText, 1, 10, 60], [minutesText, 60, 60, 600], [minutesText, 60, 300, 7200], [hoursText, 3600, 3600, Infinity]];
// Who has just joined has seen nothing change yet.
const SETTLED = 20000;
const began = Date.now();
// By when the turn was said to come at the latest, and when most likely.
let promisedBy = began + 1000 * shown.waitMost, expectedBy = began + 1000 * shown.wait;

// Rounded outwards, as the server does.
function rangeText(least, most) {
  const [unit, size, step] = RANGES.find(([, , , end]) => most < end);
  const low = Math.floor(least / step) * step / size, high = Math.ceil(Math.max(most, 1) / step) * step / size;
  const text = say(unit, { count: low > 0 && low < high ? say(spanText, { low, high }) : high });
  if (low === high) return say(aboutText, { duration: text });
  return low > 0 ? text : say(withinText, { duration: text });
}

// What to say of a wait, told with its range and why it changed.
function foreseen(wait, range, cause, relief) {
  if (!Number.isFinite(wait)) return unknownText;
  const [least, most] = range || [wait, wait];
  const now = Date.now(), expected = now + 1000 * wait, latest = now + 1000 * most;
  const stands = page.dataset.mode === "paused", settled = now - began > SETTLED && !stands;
  const broken = stands || expected > promisedBy;
  const sooner = expected < expectedBy - Math.max(SETTLED, (expectedBy - now) / 4);
  if (settled && broken && cause in grown) tell(grown[cause]);
  if (settled && sooner && relief in shrunk) tell(shrunk[relief]);
  promisedBy = broken || !settled ? latest : Math.min(promisedBy, latest);
  if (broken || sooner || !settled) expectedBy = expected;
  return rangeText(least, Math.round((promisedBy - now) / 1000));
}
