// Keeps the numbers of free places on the map, in the list and in headings fresh.
document.addEventListener("seats", ({ detail: { free } }) => {
  for (const number of document.querySelectorAll("[data-free]")) {
    const left = free[number.dataset.free] ?? 0;
    number.textContent = left.toLocaleString("en");
    number.closest("[data-section]")?.classList.toggle("gone", left === 0);
  }
});
