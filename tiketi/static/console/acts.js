// A slider beside each number, and what the settings would do while they are moved. Without it the button "Preview" asks.
(() => {
  const PAUSE_MS = 250; // a hand that moves a slider is no question yet
  const form = document.querySelector("[data-effect-at]");
  if (!form) return;
  const numbers = [...form.querySelectorAll("[data-slider-end]")];
  const note = form.querySelector("[data-effect-note]");
  let pause, asking;

  for (const number of numbers) {
    const range = document.createElement("input");
    range.type = "range";
    range.min = number.min || 1;
    range.max = Math.max(number.dataset.sliderEnd, number.value);
    range.value = number.value;
    range.setAttribute("aria-label", form.querySelector(`label[for="${number.id}"]`).textContent);
    number.before(range);
    range.addEventListener("input", () => {
      number.value = range.value;
      ask();
    });
    number.addEventListener("input", () => {
      range.value = number.value;
      ask();
    });
  }

  function ask() {
    clearTimeout(pause);
    pause = setTimeout(show, PAUSE_MS);
  }

  async function show() {
    asking?.abort();
    asking = new AbortController();
    const query = new URLSearchParams(numbers.map((number) => [number.name, number.value]));
    try {
      const answer = await fetch(`${form.dataset.effectAt}?${query}`, { signal: asking.signal });
      const told = await answer.json();
      note.textContent = Object.values(told.errors ?? {}).flat().join(" ");
      for (const row of form.querySelectorAll("[data-effect]")) {
        const words = told.words?.[row.dataset.effect];
        row.cells[1].textContent = words?.now ?? row.cells[1].textContent;
        row.cells[2].textContent = words?.then ?? "—";
        row.classList.toggle("changed", Boolean(words) && words.now !== words.then);
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      for (const row of form.querySelectorAll("[data-effect]")) row.cells[2].textContent = "—";
    }
  }
})();
