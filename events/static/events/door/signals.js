// What a doorkeeper hears and feels, without looking.

let context;

// Browsers let a page sound only after somebody touched it.
for (const touch of ["pointerdown", "keydown"]) {
  addEventListener(touch, () => {
    context ??= window.AudioContext && new AudioContext();
    context?.resume();
  });
}

function tone(hertz, from, seconds) {
  const [source, volume] = [context.createOscillator(), context.createGain()];
  source.frequency.value = hertz;
  volume.gain.value = 0.2;
  source.connect(volume).connect(context.destination);
  source.start(context.currentTime + from);
  source.stop(context.currentTime + from + seconds);
}

export function good() {
  navigator.vibrate?.(60);
  if (context) tone(1318, 0, 0.14);
}

export function bad() {
  navigator.vibrate?.([120, 80, 120]);
  if (!context) return;
  tone(196, 0, 0.18);
  tone(165, 0.24, 0.3);
}
