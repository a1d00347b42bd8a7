// What a code says, whatever keyboard typed it, and whether the event's key made it.

const LETTERS = "cbdefghijklnrtuv";
const WINDOW_BYTES = 4;
const SIGNATURE_BYTES = 64;
const PURPOSE = "tiketi-ticket-1:";
// The keys of the Korean keyboard, by the order of Unicode's conjoining jamo.
const JAMO = {
  0x1100: "r R s e E f a q Q t T d w W c z x v g",
  0x1161: "k o i O j p u P h hk ho hl y n nj np nl b m ml l",
  0x11a8: "r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g",
};
const KEYS = new Map();
for (const [first, row] of Object.entries(JAMO)) {
  row.split(" ").forEach((keys, at) => KEYS.set(String.fromCodePoint(Number(first) + at), keys));
}

function keysOf(text) {
  return [...text.normalize("NFKD")].map((letter) => KEYS.get(letter) ?? letter).join("");
}

// { serial, window, said, signature }, or an old code's { serial }, or null.
export function read(code) {
  const typed = keysOf(code.trim());
  const letters = typed.toLowerCase();
  if (letters.length % 2 === 0 && letters.length > 2 * (WINDOW_BYTES + SIGNATURE_BYTES)) {
    const values = [...letters].map((letter) => LETTERS.indexOf(letter));
    if (!values.includes(-1)) return signed(values);
  }
  return typed.length === 64 ? { serial: typed.slice(0, 20) } : null;
}

// The letters of what is typed for a ticket (an order's number, which of its tickets, a proof), without groups, or null.
export function typed(code) {
  const letters = keysOf(code).replace(/[\s-]/g, "").toUpperCase();
  return /^[A-HJ-NP-Z2-9]{12}[1-9][0-9]?[A-HJ-NP-Z2-9]{4}$/.test(letters) ? letters : null;
}

function signed(values) {
  const bytes = new Uint8Array(values.length / 2).map((_, at) => (values[2 * at] << 4) | values[2 * at + 1]);
  const said = bytes.slice(0, -SIGNATURE_BYTES);
  const window = new DataView(said.buffer).getUint32(said.length - WINDOW_BYTES);
  const serial = new TextDecoder().decode(said.slice(0, -WINDOW_BYTES));
  return { serial, window, said, signature: bytes.slice(-SIGNATURE_BYTES) };
}

// How the list names a serial.
export async function named(serial) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(serial)));
  return [...digest.slice(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Whether the key made the code; null where this browser cannot tell (Ed25519 came to browsers from 2023 to 2025).
export async function isGenuine(key, code) {
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", fromBase64(key), "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
  const purpose = new TextEncoder().encode(PURPOSE);
  const said = new Uint8Array(purpose.length + code.said.length);
  said.set(purpose);
  said.set(code.said, purpose.length);
  return crypto.subtle.verify("Ed25519", imported, code.signature, said);
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
