// Begins, and listens to the visitor.
function start() {
  try {
    const before = Number(recall("position"));
    if (before && shown.position > before) tell(recall("lost") === "absent" ? renumberedText : renewedText);
    keep("position", "");
  } catch {
    return finish(() => showEnd("blocked"));  // no storage means no cookies either
  }
  showConnection("connecting");
  showMode(page.dataset.mode);
  if (page.dataset.mode === "closed") entitle(at("shut-title").textContent);
  at("slip").focus({ preventScroll: true });
  connect();
  document.addEventListener("visibilitychange", look);
  addEventListener("offline", () => showConnection("offline"));
  addEventListener("online", () => { if (!finished) startAgain(); });
  addEventListener("pageshow", ({ persisted }) => { if (persisted) location.replace(here); });
  setInterval(watch, 500);
}

at("language").hidden = false;
at("language").onclick = () => {
  document.cookie = `django_language=${at("language").lang}; path=/; max-age=31536000; samesite=lax`;
  location.replace(here);
};
start();
