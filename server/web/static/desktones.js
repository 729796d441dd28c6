// Tones say how it stands to whoever looks at the couple and not at the page. A
// button keeps them quiet, for this browser.
"use strict";

const TONES = { yes: [[880, 0.15]], wait: [[587, 0.1], [587, 0.1]], no: [[196, 0.35]], known: [[698, 0.06], [698, 0.06]] };
const QUIET = "hunyue-desk-quiet";

// tones is a function that sounds a tone, unless the button says that it must not.
export function tones(button) {
  let audio = null;
  const on = () => button.getAttribute("aria-pressed") === "true";
  button.hidden = !window.AudioContext;
  button.setAttribute("aria-pressed", String(!localStorage.getItem(QUIET)));
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(!on()));
    if (on()) localStorage.removeItem(QUIET);
    else localStorage.setItem(QUIET, "1");
  });
  return (tone) => {
    if (!TONES[tone] || button.hidden || !on()) return;
    audio = audio || new AudioContext();
    let at = audio.currentTime;
    for (const [pitch, length] of TONES[tone]) {
      const wave = audio.createOscillator(), loud = audio.createGain();
      wave.frequency.value = pitch;
      loud.gain.setValueAtTime(0.15, at);
      loud.gain.exponentialRampToValueAtTime(0.001, at + length);
      wave.connect(loud).connect(audio.destination);
      wave.start(at);
      wave.stop(at + length);
      at += length + 0.05;
    }
  };
}
