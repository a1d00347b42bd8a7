// When the turn is near or has come: spoken, and signalled to who asked for it.
const NEAR = 10, BREATH = 10000;
let milestone, half = shown.position / 2;
// What more.js goes on with.
const claiming = () => page.dataset.mode === "claim";
const line = window.line = { at, put, say, exactly, entitle, soonText, showMode, countDown, claiming, announce, goIn, leave, here, waitText, rangeText, digits, shown, keep, recall, signal() {}, showLeft() {} };

// Said once each, however fast positions fall; true where it was said.
function passMilestone(position) {
  const reached = position === 1 ? nextText : position <= NEAR ? nearText : "";
  if (reached === milestone) return false;
  milestone = reached;
  if (reached) announce(reached);
  return reached;
}

function announce(text) {
  speak(text);
  line.signal(text);
}

// Half the way, and half of that: sooner than by the clock, yet not without a breath between.
function isHalved(position) {
  if (position > half || Date.now() - spokenAt < BREATH) return false;
  half = position / 2;
  return true;
}

// What few ever see is fetched when it is due (more.js): the signals, the question before leaving, a turn that waits.
let more;
function withMore(then, otherwise) {
  more = more || new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = at("signal").dataset.more;
    script.onload = done;
    script.onerror = fail;
    document.head.append(script);
  });
  more.then(then, () => {
    more = undefined;
    otherwise();
  });
}

const noAnswer = () => tell(states.unreachable);
at("leave").onclick = () => withMore(() => line.askToLeave(), noAnswer);
at("signal").hidden = false;
at("signal").onclick = () => {
  // Both within the click: afterwards browsers refuse.
  line.asked = line.asked || (window.Notification && Notification.requestPermission());
  line.audio = line.audio || (window.AudioContext && new AudioContext());
  withMore(() => line.turnSignals(), noAnswer);
};
