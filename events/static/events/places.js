// Says on the list where one stands: asks each line that the browser holds a slip of, which joins nobody.
(() => {
  const AGAIN_MS = 8000;
  const here = document.querySelector(".my-places");
  if (!here) return;

  const said = (words, told) => words.replace("{position}", told.position.toLocaleString()).replace("{total}", told.total.toLocaleString());

  function show(place, told) {
    const badge = document.querySelector(`.event-card[data-slug="${CSS.escape(place.dataset.place)}"] [data-in-line]`);
    const { position, waiting, gathering, inside } = here.dataset;
    let [long, short] = ["", ""];
    if (told.status === "active") long = short = inside;
    else if (told.status === "queued" && (told.gathering || !told.position)) long = short = gathering;
    else if (told.status === "queued") [long, short] = [said(position, told), said(waiting, told)];
    const standing = place.querySelector("[data-standing]");
    if (standing.textContent !== long) standing.textContent = long;
    place.hidden = !long;
    here.hidden = [...here.querySelectorAll("[data-place]")].every((one) => one.hidden);
    if (badge) [badge.textContent, badge.hidden] = [short, !short];
    return Boolean(long);
  }

  async function ask(place) {
    let again = AGAIN_MS;
    if (!document.hidden) {
      try {
        const answer = await fetch(`/api/events/${place.dataset.place}/queue/`, { headers: { Accept: "application/json" }, cache: "no-store" });
        const told = await answer.json();
        if (answer.ok && !show(place, told)) return;
        again = Math.max(2000, 1000 * Number(answer.headers.get("Retry-After") ?? 0) || AGAIN_MS);
      } catch {
        // No word: the way back stays, and the line is asked again.
      }
    }
    setTimeout(() => ask(place), again * (0.9 + 0.2 * Math.random()));
  }

  for (const place of here.querySelectorAll("[data-place]")) ask(place);
})();
