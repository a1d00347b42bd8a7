// Of a draw: what there is to say of one's own entry. Asked seldom, when the server says, and not by all together.
const drawTold = at("draw-told");
async function askDraw() {
  let pause = 30;
  try {
    const answer = await fetch(drawTold.dataset.ask, { headers: { Accept: "application/json" } });
    const told = await answer.json();
    if (drawTold.textContent !== told.text) drawTold.textContent = told.text;
    pause = told.againInSeconds;
  } catch { /* the next answer says it */ }
  if (pause > 0) setTimeout(askDraw, 1000 * pause);
}
if (drawTold) setTimeout(askDraw, 2000 + 8000 * Math.random());
