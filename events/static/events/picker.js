// Picks single seats in a section's drawing, by mouse, touch or keyboard.
(() => {
  const form = document.getElementById("picker");
  const scroll = form.querySelector(".seats-scroll");
  const seats = [...form.querySelectorAll("[data-seat]")];
  const rows = [...form.querySelectorAll(".seats > g")].map((row) => [...row.querySelectorAll("[data-seat]")]);
  const said = document.getElementById("picked");
  const words = form.dataset;
  const picked = new Set();

  const nameOf = (seat) => seat.getAttribute("aria-label").split(":")[0];
  const isFree = (seat) => seat.getAttribute("aria-disabled") === "false";

  function show(notice) {
    const chosen = seats.filter((seat) => picked.has(seat));
    const names = chosen.map(nameOf).join(" · ");
    said.textContent = notice ?? (names ? words.some.replace("{seats}", names) : words.none);
    const won = (chosen.length * words.price).toLocaleString("en");
    document.getElementById("total").textContent = chosen.length ? words.won.replace("{won}", won) : "";
    document.getElementById("hold").disabled = chosen.length === 0;
    for (const input of form.querySelectorAll("input[name=seat]")) input.remove();
    for (const seat of chosen) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "seat", value: seat.dataset.seat }));
    }
  }

  function mark(seat, yes) {
    if (yes) picked.add(seat);
    else picked.delete(seat);
    seat.classList.toggle("picked", yes);
    seat.setAttribute("aria-checked", yes);
  }

  function toggle(seat) {
    if (!picked.has(seat) && !isFree(seat)) return;
    if (!picked.has(seat) && picked.size >= words.limit) return show(words.full.replace("{limit}", words.limit));
    mark(seat, !picked.has(seat));
    show();
  }

  // One seat at a time is in the tab order; arrows move it.
  let current = seats.find(isFree) ?? seats[0];
  function moveTo(seat) {
    current?.setAttribute("tabindex", "-1");
    current = seat;
    current.setAttribute("tabindex", "0");
    current.focus();
    current.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  current?.setAttribute("tabindex", "0");

  form.addEventListener("keydown", (press) => {
    const seat = press.target.closest("[data-seat]");
    if (!seat) return;
    const y = rows.findIndex((row) => row.includes(seat));
    const x = rows[y].indexOf(seat);
    const beside = (row) => row?.reduce((near, other) => (distance(other, seat) < distance(near, seat) ? other : near));
    const target = {
      ArrowLeft: () => rows[y][x - 1],
      ArrowRight: () => rows[y][x + 1],
      ArrowUp: () => beside(rows[y - 1]),
      ArrowDown: () => beside(rows[y + 1]),
      Home: () => rows[y][0],
      End: () => rows[y].at(-1),
    }[press.key]?.();
    if (target) moveTo(target);
    else if (press.key === " " || press.key === "Enter") toggle(seat);
    else return;
    press.preventDefault();
  });
  const distance = (a, b) => Math.abs(a.getAttribute("cx") - b.getAttribute("cx"));

  scroll.addEventListener("click", (click) => {
    const seat = click.target.closest("[data-seat]");
    if (seat) toggle(seat);
  });

  const STATES = { 0: "free", 1: "held", 2: "sold" };
  const LABELS = Object.fromEntries([...document.querySelectorAll(".seat-legend .dot")].map((dot) => [dot.classList[1], dot.parentElement.textContent]));
  document.addEventListener("seats", ({ detail: { seats: states } }) => {
    if (!states) return;
    for (const seat of seats) {
      const state = STATES[states[seat.dataset.ordinal]];
      if (seat.classList.contains("mine") || seat.classList.contains(state)) continue;
      seat.classList.remove("free", "held", "sold");
      seat.classList.add(state);
      seat.setAttribute("aria-disabled", state !== "free");
      seat.setAttribute("aria-label", `${nameOf(seat)}: ${LABELS[state]}`);
      if (picked.has(seat) && state !== "free") {
        mark(seat, false);
        show();
        said.textContent = words.lost.replace("{seat}", nameOf(seat));
      }
    }
  });

  // The next look at what is free tells who has them now.
  document.addEventListener("hold-over", () => {
    for (const seat of seats) seat.classList.remove("mine");
  });

  // Going back to this page, the browser may bring old marks along.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  scroll.scrollLeft = (scroll.scrollWidth - scroll.clientWidth) / 2;
})();
