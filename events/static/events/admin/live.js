// Keeps "waiting" and "active" of the admin's event list fresh while the list is open.
(() => {
  const PERIOD_MS = 2000;
  const cells = () => [...document.querySelectorAll("[data-live]")];

  async function refresh() {
    const slugs = new Set(cells().map((cell) => cell.dataset.slug));
    if (slugs.size && !document.hidden) {
      const query = new URLSearchParams([...slugs].map((slug) => ["slug", slug]));
      let numbers = {};
      try {
        const answer = await fetch(`live/?${query}`, { headers: { Accept: "application/json" } });
        if (answer.ok) numbers = await answer.json();
      } catch {
        // The site is away for a moment: dashes say so, and the next round tries again.
      }
      for (const cell of cells()) {
        const number = numbers[cell.dataset.slug]?.[cell.dataset.live];
        cell.textContent = number === undefined ? "—" : number.toLocaleString();
      }
    }
    setTimeout(refresh, PERIOD_MS);
  }

  addEventListener("DOMContentLoaded", () => setTimeout(refresh, PERIOD_MS));
})();
