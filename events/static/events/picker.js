// Picks single seats in a section's drawing, by mouse, touch or keyboard.
(() => {
  const form = document.getElementById("picker");
  const scroll = form.querySelector(".seats-scroll");
  const seats = [...form.querySelectorAll("[data-seat]")];
  const rows = [...form.querySelectorAll(".seats > g")].map((row) => [...row.querySelectorAll("[data-seat]")]);
  const said = document.getElementById("picked");
  const words = form.dataset;
  const picked = new Set();

  // Where a seat is drawn; a section that lies aside is drawn turned, and its rows with it.
  const at = (seat) => { const { x, y, width, height } = seat.getBBox(); return [x + width / 2, y + height / 2]; };
  const turned = Math.round(Number(form.querySelector(".seats").dataset.turned) / 90);
  const COMPANION = "companion", WHEELCHAIR = "wheelchair";

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
    const { kind } = seat.dataset;
    if (kind === COMPANION && !picked.has(seat) && free_for(seat) < 1) return show(words.alone);
    mark(seat, !picked.has(seat));
    if (kind === WHEELCHAIR) accompany(seat);
    show();
  }

  // A wheelchair space brings the seat beside it along, and takes it away again: companions sit there, nobody else.
  const row_of = (seat) => rows.find((row) => row.includes(seat));
  const mine = (seat) => picked.has(seat) || seat.classList.contains("mine");
  const free_for = (seat) => row_of(seat).reduce((left, other) => left + mine(other) * ({ [WHEELCHAIR]: 1, [COMPANION]: -1 }[other.dataset.kind] ?? 0), 0);
  function accompany(space) {
    const beside = row_of(space).filter((seat) => seat.dataset.kind === COMPANION).sort((a, b) => distance(a, space) - distance(b, space));
    if (picked.has(space)) {
      const seat = beside.find((other) => isFree(other) && !mine(other));
      if (seat && free_for(space) > 0 && picked.size < words.limit) mark(seat, true);
    } else {
      for (const seat of beside.filter((other) => picked.has(other))) if (free_for(space) < 0) mark(seat, false);
    }
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
    // The arrow's direction in the section itself: quarter turns to the right, from up.
    const arrow = ["ArrowUp", "ArrowRight", "ArrowDown", "ArrowLeft"].indexOf(press.key);
    const target = arrow < 0
      ? { Home: () => rows[y][0], End: () => rows[y].at(-1) }[press.key]?.()
      : [() => beside(rows[y - 1]), () => rows[y][x + 1], () => beside(rows[y + 1]), () => rows[y][x - 1]][(arrow - turned + 8) % 4]();
    if (target) moveTo(target);
    else if (press.key === " " || press.key === "Enter") toggle(seat);
    else return;
    press.preventDefault();
  });
  const distance = (a, b) => Math.hypot(at(a)[0] - at(b)[0], at(a)[1] - at(b)[1]);

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
})();
