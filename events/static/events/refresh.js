// Asks what is free every few seconds while the page is seen, and tells the page by a "seats" event.
(() => {
  const address = document.currentScript.dataset.address;
  const PERIOD_MS = 3000;

  async function refresh() {
    if (!document.hidden) {
      try {
        const answer = await fetch(address, { headers: { Accept: "application/json" } });
        if (answer.ok) document.dispatchEvent(new CustomEvent("seats", { detail: await answer.json() }));
      } catch {
        // Away for a moment: what the page shows stays, and holding seats decides anyway.
      }
    }
    // Spread out, so that a crowd that came together does not ask together.
    setTimeout(refresh, PERIOD_MS * (0.8 + 0.4 * Math.random()));
  }

  setTimeout(refresh, PERIOD_MS * Math.random());
})();
