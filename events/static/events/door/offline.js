// The door without a network: the list taken along, what it decides, and handing that in afterwards.

import { isGenuine, named, read, typed } from "./codes.js";
import * as store from "./store.js";

const FRESH = 0;
const INSIDE = 1;
const OUTSIDE = 2;
const VOID = 3;
const MAX_SCANS = 100; // of one request; the site takes 200, and 128 kB

let list = null;
let tickets = new Map(); // name on the list to [seat, state]
let codes = new Map(); // the name of what is typed for a ticket to the ticket's

export const facts = () => list;

function use(loaded, scans) {
  list = loaded;
  tickets = new Map(loaded.tickets.map(([name, seat, state]) => [name, [seat, state]]));
  codes = new Map(loaded.tickets.map(([name, , , code]) => [code, name]));
  for (const scan of scans.filter((scan) => scan.event === loaded.event).sort((a, b) => a.at - b.at)) remember(scan);
}

function remember({ named: name, seat, state }) {
  if (name) tickets.set(name, [tickets.get(name)?.[0] ?? seat, state]);
}

// From what this device kept; the site is not asked.
export async function open(event) {
  const kept = await store.get("lists", event);
  if (kept) use(kept, await store.all("scans"));
}

// Ask the site for the list; what it knows by then need not be remembered here. A Response, or null without a network.
export async function load(address, event) {
  const asked = Date.now();
  let answer;
  try {
    const known = list?.event === event ? list.version : "";
    answer = await fetch(`${address}?event=${event}&version=${known}`, { signal: AbortSignal.timeout(30_000) });
    if (answer.status === 200) {
      const loaded = await answer.json();
      loaded.ahead = loaded.madeAt - Date.now(); // the site's clock counts
      await store.put("lists", loaded);
      for (const scan of await store.all("scans")) {
        if (scan.event === event && scan.done && scan.doneAt < asked) await store.remove("scans", scan.scan);
      }
      use(loaded, await store.all("scans"));
    }
  } catch {
    return null;
  }
  return answer;
}

// What the site itself decided of a ticket here.
export async function note({ scan, event, named: name, seat, state }) {
  const known = { scan, event, named: name, seat, state, at: Date.now(), done: true, doneAt: Date.now() };
  remember(known);
  await store.put("scans", known);
}

export const states = { FRESH, INSIDE, OUTSIDE };

// { admitted, why, seat, newer }; `why` is the name of a sentence. What is admitted is kept for handing in.
export async function decide({ scan, event, code, way, entrance, keeper }) {
  if (list?.event !== event) return refused("noList");
  const at = Date.now() + list.ahead;
  const said = read(code);
  const letters = said ? null : typed(code);
  if (!said && !letters) return refused(/^[\x20-\x7e]*$/.test(code) && code.length < 60 ? "noSearch" : "unread");
  if (list.calledOff) return refused("calledOff");
  if (letters && list.moving) return refused("still");
  const name = said ? await named(said.serial) : codes.get(await named(letters));
  if (!name) return refused("notOnList");
  const genuine = said?.signature ? await isGenuine(list.key, said) : null;
  const [seat, state] = tickets.get(name) ?? [null, null];
  if (genuine === false || (seat === null && genuine !== true)) return refused("forged");
  if (state === VOID) return refused("void", seat);
  const late = said ? outOfTime(said, at, genuine) : null;
  if (late) return refused(late, seat);
  if (way === "out") {
    if (!list.reentry) return refused("noWayBack", seat);
    if (state !== INSIDE) return refused("notInside", seat);
  } else {
    if (state === INSIDE) return refused("used", seat);
    if (at < list.opensAt || at > list.closesAt) return refused("closed", seat);
  }
  const decided = { scan, event, code, at, entrance, way, keeper, named: name, seat, done: false };
  decided.state = way === "out" ? OUTSIDE : INSIDE;
  try {
    await store.put("scans", decided);
  } catch {
    return refused("storage", seat);
  }
  remember(decided);
  return { admitted: true, back: state === OUTSIDE, seat, newer: seat === null };
}

function outOfTime(said, at, genuine) {
  if (!said.window) return list.moving ? "still" : null;
  if (genuine === null) return "cannotCheck";
  const now = Math.floor(at / 1000 / list.windowSeconds);
  return Math.abs(said.window - now) > 1 ? "late" : null;
}

const refused = (why, seat = null) => ({ admitted: false, why, seat });

export async function waiting() {
  return (await store.all("scans")).filter((scan) => !scan.done);
}

export const clashes = () => store.all("clashes");
export const dismiss = (scan) => store.remove("clashes", scan);

let handingIn = false;

// Hand in what was decided here. The last Response, or null where there was nothing or no network.
export async function handIn(address, token) {
  if (handingIn) return null;
  handingIn = true;
  try {
    let answer = null;
    for (const [event, scans] of byEvent(await waiting())) {
      for (let first = 0; first < scans.length; first += MAX_SCANS) {
        answer = await hand(address, token(), event, scans.slice(first, first + MAX_SCANS));
        if (!answer?.ok) return answer;
      }
    }
    return answer;
  } finally {
    handingIn = false;
  }
}

function byEvent(scans) {
  const groups = new Map();
  for (const scan of scans) groups.set(scan.event, [...(groups.get(scan.event) ?? []), scan]);
  return groups;
}

async function hand(address, token, event, scans) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ event, scans }),
      signal: AbortSignal.timeout(30_000),
    });
    if (answer.ok) {
      const { outcomes } = await answer.json();
      for (const { scan, became, words } of outcomes) {
        // The clash first: were the page closed between the two, the scan would be handed in once more.
        if (became === "clashed") await store.put("clashes", { scan, event, words });
        const kept = scans.find((each) => each.scan === scan);
        if (kept) await store.put("scans", { ...kept, code: "", done: true, doneAt: Date.now() });
      }
    }
    return answer;
  } catch {
    return null;
  }
}
