// Makes a drawing larger and smaller: by its buttons, by pinching, and by a tap on what is too small to be hit.
(() => {
  const TARGET = 24, STEP = 1.5;  // WCAG 2.2's smallest target, in pixels
  const root = document.querySelector("[data-zoom]");
  const box = root?.querySelector(".zoom-box"), drawing = box?.querySelector("svg");
  if (!drawing) return;
  const [width, height] = [drawing.viewBox.baseVal.width, drawing.viewBox.baseVal.height];
  const fits = () => Math.min(1, box.clientWidth / width);
  const least = () => ("fit" in root.dataset ? fits() : Math.max(Number(root.dataset.least), Math.min(1, fits())));
  const most = Number(root.dataset.most) * ("fit" in root.dataset ? fits() : 1);
  const told = root.querySelector("[data-zoom-told]");
  let scale = "fit" in root.dataset ? fits() : 1;

  // Enlarge to `next` around a point of the screen; what lies there stays there.
  function zoom(next, x, y) {
    const area = box.getBoundingClientRect();
    [x, y] = [(x ?? area.left + area.width / 2) - area.left, (y ?? area.top + area.height / 2) - area.top];
    const kept = [(box.scrollLeft + x) / drawing.clientWidth, (box.scrollTop + y) / drawing.clientHeight];
    scale = Math.min(most, Math.max(least(), next));
    drawing.style.width = `${width * scale}px`;
    drawing.style.height = `${height * scale}px`;
    box.scrollLeft = kept[0] * drawing.clientWidth - x;
    box.scrollTop = kept[1] * drawing.clientHeight - y;
    root.querySelector("[data-zoom-in]").disabled = scale >= most - 0.001;
    root.querySelector("[data-zoom-out]").disabled = scale <= least() + 0.001;
  }

  for (const buttons of root.querySelectorAll(".zoom-buttons")) buttons.hidden = false;
  if (told) told.hidden = false;
  root.querySelector("[data-zoom-in]").addEventListener("click", () => zoom(scale * STEP));
  root.querySelector("[data-zoom-out]").addEventListener("click", () => zoom(scale / STEP));

  // The capturing half of a click: a seat or a section too small to be hit is enlarged first, and not chosen.
  box.addEventListener("click", (click) => {
    const shape = click.target.closest("[data-seat], [data-section]");
    if (!shape || click.detail === 0) return;  // by keyboard or a reader: nobody aimed
    if (told && shape.dataset.told) told.textContent = shape.dataset.told;
    const { width: w, height: h } = (shape.querySelector("path") ?? shape).getBoundingClientRect();
    const small = Math.min(w, h);
    if (small >= TARGET - 0.5 || scale >= most - 0.001) return;
    click.preventDefault();
    click.stopPropagation();
    zoom(scale * Math.max(STEP, (TARGET * 1.5) / small), click.clientX, click.clientY);
  }, true);

  let pinch = null;
  const span = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  box.addEventListener("touchstart", ({ touches }) => {
    pinch = touches.length === 2 ? { span: span(touches), scale } : null;
  }, { passive: true });
  box.addEventListener("touchmove", (move) => {
    if (!pinch || move.touches.length !== 2) return;
    move.preventDefault();
    const [a, b] = move.touches;
    zoom(pinch.scale * (span(move.touches) / pinch.span), (a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2);
  }, { passive: false });
  box.addEventListener("touchend", () => { pinch = null; });

  addEventListener("resize", () => zoom("fit" in root.dataset ? Math.max(scale, fits()) : scale));
  zoom(scale);
  if (!("fit" in root.dataset)) {
    [box.scrollLeft, box.scrollTop] = [(box.scrollWidth - box.clientWidth) / 2, 0];
    const free = drawing.querySelector(".seat.free");
    if (free && drawing.dataset.turned !== "0") free.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
})();
