// Takes these parts of the page anew from the site.
async function renew(...ids) {
  try {
    const fresh = new DOMParser().parseFromString(await (await fetch(here, { cache: "no-store" })).text(), "text/html");
    for (const id of ids) {
      const part = fresh.getElementById(id);
      if (part) at(id).replaceWith(part);
    }
  } catch {
    // What is shown grows old; the line's own connection tells about outages.
  }
}

// How many tickets are left at each price: the server tells it with the place.
const prices = at("prices"), leftAt = {};

function showWant() {
  const price = at("want-price").value, party = Number(at("want-party").value);
  const left = price ? leftAt[price] || 0 : Object.values(leftAt).reduce((sum, count) => sum + count, 0);
  const counted = { left: digits.format(left), party, parties: digits.format(Math.floor(left / party)), ahead: digits.format(shown.position - 1) };
  put("want-told", `${say(left < party ? words.tooFew : party > 1 ? words.leftForParties : words.leftForOne, counted)} ${shown.position > 1 ? say(words.ahead, counted) : ""}`);
}

function showLeft(left) {
  Object.assign(leftAt, left);
  for (const row of prices.children) {
    const count = left[row.dataset.price];
    if (count !== undefined) row.querySelector(".left").textContent = say(words.left, { left: digits.format(count) });
  }
  at("want").hidden = false;
  showWant();
}

if (prices) {
  const heardPlace = hear["queue-position-update"];
  hear["queue-position-update"] = (place) => {
    heardPlace(place);
    if (place.ticketsLeft) showLeft(place.ticketsLeft);
  };
  // What the visitor wants outlasts a reload.
  for (const id of ["want-price", "want-party"]) {
    try {
      const kept = recall(id);
      if ([...at(id).options].some(({ value }) => value === kept)) at(id).value = kept;
    } catch {
      // Without storage there are no cookies either: `start` says so.
    }
    at(id).onchange = () => { keep(id, at(id).value); showWant(); };
  }
}
