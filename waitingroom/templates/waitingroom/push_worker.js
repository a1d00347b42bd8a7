// Shows what is pushed to who waits with the page out of sight. It stands before no page.
"use strict";
const pagesOf = async (path) => {
  const open = await clients.matchAll({ type: "window", includeUncontrolled: true });
  return open.filter(({ url }) => new URL(url).pathname === path);
};

self.addEventListener("push", (event) => {
  const { title, body, path } = event.data.json();
  event.waitUntil((async () => {
    // Who looks at the page sees it there; and is by now perhaps inside.
    const open = await pagesOf(path);
    if (open.some(({ visibilityState }) => visibilityState === "visible")) return;
    await self.registration.showNotification(title, { body, tag: path, data: path });
  })());
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const path = event.notification.data;
  event.waitUntil(pagesOf(path).then(([page]) => (page ? page.focus() : clients.openWindow(path))));
});
