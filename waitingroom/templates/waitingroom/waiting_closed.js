// A closed line: a state, not an end. The socket or the poll says when it is over.
function showClosed(reason) {
  const before = page.dataset.mode;
  showMode("closed");
  if (reason) put("closed-reason", reason[document.documentElement.lang] || Object.values(reason)[0]);
  entitle(at("shut-title").textContent);
  if (before === "closed") return;
  speak(`${at("shut-title").textContent}. ${at("closed-reason").textContent} ${at("shut-text").textContent}`);
  at("slip").focus({ preventScroll: true });
  // Whether all is sold, this page cannot know: the site's own words, spread over time.
  setTimeout(() => { if (page.dataset.mode === "closed") renew("shut-title", "closed-reason", "shut-text"); }, jitter(PAUSE / 20, PAUSE));
}
