// Counts down what `data-seconds` says was left when the page was made.
(() => {
  const URGENT_S = 60;
  const loadedAt = performance.now();
  const clocks = [...document.querySelectorAll("[data-seconds]")];

  function show() {
    for (const clock of clocks) {
      const left = Math.max(0, Math.ceil(clock.dataset.seconds - (performance.now() - loadedAt) / 1000));
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      clock.classList.toggle("countdown-urgent", left <= URGENT_S);
      if (left === 0 && clock.dataset.atZero === "reload") {
        clearInterval(timer);
        location.reload();
      }
    }
  }

  // A page that opens with nothing left would reload for ever.
  const running = clocks.some((clock) => Number(clock.dataset.seconds) > 0);
  const timer = running ? setInterval(show, 250) : undefined;
  if (running) show();
})();
