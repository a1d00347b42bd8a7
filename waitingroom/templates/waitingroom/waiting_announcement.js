// Staff's word to everybody who waits: it stays until they take it back, and is spoken once.
function showAnnouncement({ texts, mark }) {
  const text = texts[document.documentElement.lang] || Object.values(texts)[0] || "";
  const before = at("announcement-text").textContent;
  page.dataset.announced = mark;
  at("announcement-text").textContent = text;
  if (text && text !== before) speak(`${at("announcement-from").textContent}: ${text}`);
}

hear["queue-announcement"] = showAnnouncement;
// A poll's answer says it each time, or that there is none.
for (const status of ["queued", "closed"]) {
  const told = answers[status];
  answers[status] = (answer) => {
    showAnnouncement(answer.announcement || { texts: {}, mark: "" });
    told(answer);
  };
}
