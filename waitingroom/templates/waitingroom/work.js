// Solves the challenge in workers, hands the solution in, and goes on. Whatever is refused or comes too late begins anew,
// by itself and without a limit in time.
"use strict";
const here = location.pathname + location.search;
const page = document.body.dataset;
let tries = 0;

function pause() {
  return new Promise((done) => setTimeout(done, 2000 + Math.random() * Math.min(28000, 5000 * 2 ** tries++)));
}

// Each worker tries every so-manieth counter; the first to find the right one ends the others.
function solve(challenge) {
  return new Promise((found, failed) => {
    const count = Math.min(4, navigator.hardwareConcurrency || 1);
    const workers = Array.from({ length: count }, () => new Worker(page.solver));
    const end = (then, what) => {
      workers.forEach((worker) => worker.terminate());
      then(what);
    };
    workers.forEach((worker, i) => {
      worker.onmessage = ({ data }) => (data?.derivedKey ? end(found, data) : end(failed, data?.error));
      worker.onerror = (error) => end(failed, error);
      worker.postMessage({ type: "work", challenge, counterStart: i, counterStep: count, timeout: 0 });
    });
  });
}

async function goOn(challenge) {
  for (;;) {
    const solution = btoa(JSON.stringify({ challenge, solution: await solve(challenge) }));
    for (;;) {
      const answer = await fetch(page.join, {
        headers: { Accept: "application/json", "X-Proof-Of-Work": solution },
        cache: "no-store",
      }).catch(() => null); // no network: the next try may have one
      if (answer && answer.status === 428) {
        challenge = (await answer.json()).challenge;
        break;
      }
      if (answer && answer.status < 500 && answer.status !== 429) return location.replace(here);
      await pause();
    }
    if (tries++ > 2) await pause();
  }
}

function unable() {
  document.getElementById("computing").hidden = true;
  document.getElementById("unable").hidden = false;
}

document.getElementById("scriptless").hidden = true;
if (navigator.cookieEnabled && window.Worker && window.crypto?.subtle) {
  document.getElementById("computing").hidden = false;
  goOn(JSON.parse(page.challenge)).catch(unable);
} else {
  unable();
}
