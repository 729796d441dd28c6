// What a hand-held scanner types. It is a keyboard: sixteen digits within a second
// or less and mostly an Enter behind them, wherever the focus happens to be. A digit
// is held back until it is known whether it came from a scanner, for 90 ms; what
// a person types is then put where it belongs. An input method may see keys first
// and type what it likes: then the field is made again what it was before.
"use strict";

const GAP = 60;    // ms from one key to the next, at most
const LEAST = 8;   // keys that are a scan
const MORE = 30;   // ms that a key may be on its way
const LATE = 25;   // ms that a timer may be late before what is on its way is heard first
const DEAF = 150;  // ms after a scan in which its Enter may still come

// digitOf is the digit of a key, by where it is on the keyboard: an input method, or
// a keyboard of another country, says something else of it. X ends ID numbers. It is
// "" for every other key.
export function digitOf(event) {
  const place = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (place) return /^Numpad/.test(event.code) && /^(?:Arrow|End|Home|Page|Insert|Clear)/.test(event.key) ? "" : place[1];
  if (event.code === "KeyX") return "X";
  return event.code || !/^[\dXx]$/.test(event.key) ? "" : event.key.toUpperCase();
}

function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

// Scanner hears every key of a page. scanned is called with what was scanned, and
// put with what somebody has typed.
export class Scanner {
  constructor({ scanned, put, now = () => performance.now() }) {
    Object.assign(this, { scanned, put, now, keys: [], last: -Infinity, ended: -Infinity, timer: 0, was: null });
  }

  // listen hears a window before anything on the page does.
  listen(on) {
    on.addEventListener("keydown", (event) => this.key(event), true);
    on.addEventListener("beforeinput", (event) => this.before(event), true);
    on.addEventListener("compositionend", () => setTimeout(() => this.mend()), true);
    return this;
  }

  // busy reports whether keys are on their way that may be a scan.
  get busy() { return this.keys.length > 0; }

  key(event) {
    if (/^(?:Shift|CapsLock|NumLock|Control|Alt|Meta)$/.test(event.key)) return;
    const digit = event.ctrlKey || event.altKey || event.metaKey || event.repeat ? "" : digitOf(event);
    if (this.keys.length && event.timeStamp - this.last > GAP) this.rest(true);
    if (/^(?:Enter|Tab)$/.test(event.key) || event.code === "Enter" || event.code === "NumpadEnter") return this.suffix(event);
    if (!digit || digit === "X" && this.keys.length < 14) return this.give();
    if (!this.keys.length) this.was = this.field();
    const held = !event.isComposing && event.keyCode !== 229;
    if (held) stop(event);
    this.keys.push({ digit, typed: /^.$/.test(event.key) ? event.key : digit, held });
    this.last = event.timeStamp;
    this.wait(GAP + MORE);
  }

  // suffix is the key that scanners are set to send behind the digits.
  suffix(event) {
    if (this.keys.length >= LEAST) {
      stop(event);
      this.end();
    } else if (event.timeStamp - this.ended < DEAF) stop(event);
    else this.give();
  }

  // before refuses the character of a key that was held back, and what an input method
  // types of a scan, where that can be refused.
  before(event) {
    if (this.giving || !event.cancelable || !/^insert/.test(event.inputType)) return;
    const key = this.keys[this.keys.length - 1];
    if (key ? event.data === key.typed && (key.held || this.keys.length > 1) : this.now() - this.ended < DEAF) {
      stop(event);
      if (key) key.held = true; // and put back if it was no scan
    }
  }

  wait(ms) {
    clearTimeout(this.timer);
    const due = this.now() + ms;
    this.timer = setTimeout(() => {
      if (this.now() - due > LATE) this.wait(0);
      else this.rest(false);
    }, ms);
  }

  // rest is when no key has come for so long.
  rest(late) {
    if (this.keys.length >= LEAST) this.end(late);
    else this.give();
  }

  // give puts what was held back where it was typed.
  give() {
    const typed = this.take().filter((key) => key.held).map((key) => key.typed).join("");
    if (!typed) return;
    this.giving = true;
    this.put(typed);
    this.giving = false;
  }

  end() {
    const digits = this.take().map((key) => key.digit).join("");
    this.ended = this.now();
    this.mend();
    for (const ms of [0, DEAF - 20]) setTimeout(() => this.mend(), ms);
    this.scanned(digits);
  }

  take() {
    clearTimeout(this.timer);
    const keys = this.keys;
    this.keys = [];
    return keys;
  }

  // field is how the field stands in which something may be typed.
  field() {
    const on = document.activeElement;
    return on && "value" in on && "selectionStart" in on ? { on, value: on.value } : null;
  }

  // mend makes it that again.
  mend() {
    const was = this.was;
    if (!was || this.keys.length || this.now() - this.ended > DEAF || was.on.value === was.value) return;
    was.on.value = was.value;
    was.on.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
