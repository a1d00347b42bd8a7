// Opens Toss's payment window with what the server put into the page; the server confirms with its own amount.
(() => {
  const { clientKey, customerKey, ...payment } = JSON.parse(document.getElementById("toss-request").textContent);
  const button = document.querySelector("[data-toss-open]");
  const failed = document.querySelector("[data-toss-failed]"), opening = document.querySelector("[data-toss-opening]");

  async function open() {
    button.disabled = true;
    failed.hidden = true;
    opening.hidden = false;
    try {
      await TossPayments(clientKey).payment({ customerKey }).requestPayment({ method: "CARD", ...payment });
    } catch {
      // Closed, or its script did not come: nothing was charged.
      failed.hidden = false;
      opening.hidden = true;
    }
    button.disabled = false;
  }

  button.addEventListener("click", open);
  open();
})();
