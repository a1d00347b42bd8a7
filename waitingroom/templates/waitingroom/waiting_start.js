// Begins, and listens to the visitor.
function start() {
  try {
    const before = Number(sessionStorage.getItem("position"));
    if (before && shown.position > before) tell(sessionStorage.getItem("lost") === "absent" ? words.renumbered : words.renewed);
    sessionStorage.removeItem("position");
  } catch {
    return finish(() => showEnd("blocked"));  // no storage means no cookies either
  }
  showConnection("connecting");
  showMode(page.dataset.mode);
  if (page.dataset.mode === "closed") document.title = `${at("shut-title").textContent} · TIKETI`;
  at("slip").focus({ preventScroll: true });
  connect();
  document.addEventListener("visibilitychange", look);
  addEventListener("offline", () => showConnection("offline"));
  addEventListener("online", () => { if (!finished) startAgain(); });
  addEventListener("pageshow", ({ persisted }) => { if (persisted) location.replace(here); });
  setInterval(doubt, 15000, QUIET);
}

at("leave").onclick = () => at("confirm").showModal();
at("confirm").onclose = () => {
  if (at("confirm").returnValue === "leave") leave();
};
at("again").onclick = () => location.replace(here);
at("language").hidden = false;
at("language").onclick = () => {
  document.cookie = `django_language=${at("language").lang}; path=/; max-age=31536000; samesite=lax`;
  location.replace(here);
};
start();
