// Shows a ticket's code of this half minute; the next ones are here already, should the network be away.
for (const place of document.querySelectorAll("[data-moving]")) {
  place.querySelector("[data-scriptless]").hidden = true;
  const PATIENCE_MS = 8000;
  let codes = [];
  let ahead = 0; // of the site's clock before this device's, milliseconds
  let asking = false;

  const now = () => (Date.now() + ahead) / 1000;
  const current = () => codes.findLast(({ from }) => from <= now());

  async function ask() {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(place.dataset.moving, { signal: AbortSignal.timeout(PATIENCE_MS) });
      if (answer.ok && !answer.redirected) {
        const said = await answer.json();
        ahead = said.now - Date.now();
        codes = said.codes;
      }
    } catch {
      // The codes that are here go on.
    }
    asking = false;
    show();
  }

  function show() {
    const code = current();
    const isOver = !code || now() >= code.from + Number(place.dataset.seconds);
    place.querySelector("[data-away]").hidden = !isOver || asking;
    const drawing = place.querySelector("[data-code]");
    if (isOver) drawing.replaceChildren();
    else if (drawing.dataset.from !== String(code.from)) drawing.innerHTML = code.svg;
    drawing.dataset.from = isOver ? "" : code.from;
    place.querySelector("[data-left]").textContent = isOver ? "" : Math.ceil(code.from + Number(place.dataset.seconds) - now());
  }

  setInterval(() => {
    if (document.hidden) return;
    show();
    if (codes.filter(({ from }) => from > now()).length < codes.length - 2 || !codes.length) ask();
  }, 500);
  document.addEventListener("visibilitychange", () => document.hidden || show());
  ask();
}
