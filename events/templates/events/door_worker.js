// The door's page goes on without a network: always the newest from the site, else what was kept.
const { assets, door } = {{ facts|safe }};
const KEPT = "tiketi-door";
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(assets)));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== location.origin) return;
  if (event.request.mode === "navigate" && address.pathname === door) {
    const event_slug = address.searchParams.get("event") || "";
    event.respondWith(newest(event.request, `${door}?event=${encodeURIComponent(event_slug)}`));
  } else if (assets.includes(address.pathname)) {
    event.respondWith(newest(event.request, address.pathname));
  }
});

async function newest(request, name) {
  const kept = await caches.open(KEPT);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status >= 500) throw new Error(answer.statusText);
    // A redirect leads to the sign-in page, which is not the door.
    if (answer.ok && !answer.redirected && answer.type === "basic") await kept.put(name, answer.clone());
    return answer;
  } catch (away) {
    const before = await kept.match(name);
    if (before) return before;
    throw away;
  }
}
