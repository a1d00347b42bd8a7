// Keeps the refunds of a show that was called off fresh while the page is open, until all is finished.
(() => {
  const PERIOD_MS = 3000;
  const list = document.querySelector("[data-progress]");
  const finished = document.querySelector("[data-finished]");

  async function refresh() {
    if (!document.hidden) {
      try {
        const answer = await fetch(list.dataset.progress, { headers: { Accept: "application/json" } });
        if (answer.ok) {
          const progress = await answer.json();
          for (const cell of list.querySelectorAll("[data-count]")) {
            cell.textContent = progress[cell.dataset.count].toLocaleString();
          }
          finished.hidden = !progress.finished;
          if (progress.finished) return;
        }
      } catch {
        // The site is away for a moment: the numbers stay, and the next round tries again.
      }
    }
    setTimeout(refresh, PERIOD_MS);
  }

  setTimeout(refresh, PERIOD_MS);
})();
