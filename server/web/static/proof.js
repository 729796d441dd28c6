// A proof of work, for the while that an office is overrun: find a number so that
// the SHA-256 of the challenge, a dot and the number begins with so many bits of
// zero. A worker does it while the time is being chosen; this file is both.
(function () {
  "use strict";

  var K = new Int32Array(64), first = new Int32Array(8), w = new Int32Array(64), n = 0;
  for (var p = 2; n < 64; p++) {
    for (var d = 2; d * d <= p && p % d; d++);
    if (d * d <= p) continue;
    if (n < 8) first[n] = part(Math.sqrt(p));
    K[n++] = part(Math.cbrt(p));
  }

  // The first 32 bits after the point.
  function part(x) { return ((x - Math.floor(x)) * 4294967296) | 0; }

  function turn(x, n) { return (x >>> n) | (x << (32 - n)); }

  // One block of 16 words, from at on, worked into h.
  function block(h, words, at) {
    var a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
    for (var i = 0; i < 64; i++) {
      if (i < 16) w[i] = words[at + i];
      else {
        var x = w[i - 15], y = w[i - 2];
        w[i] = (w[i - 16] + w[i - 7] | 0) + ((turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10)) | 0) | 0;
      }
      var one = (k + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) | 0) + ((((e & f) ^ (~e & g)) + K[i] | 0) + w[i] | 0) | 0;
      var two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)) | 0;
      k = g; g = f; f = e; e = d + one | 0; d = c; c = b; b = a; a = one + two | 0;
    }
    h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
  }

  // A text of ASCII in words, with what SHA-256 adds to it.
  function padded(text) {
    var words = new Int32Array((text.length + 72) >> 6 << 4);
    for (var i = 0; i < text.length; i++) words[i >> 2] |= text.charCodeAt(i) << (24 - i % 4 * 8);
    words[i >> 2] |= 128 << (24 - i % 4 * 8);
    words[words.length - 1] = text.length * 8;
    return words;
  }

  // What begins every try is worked in once: challenges are longer than a block
  // and shorter than two.
  function proof(challenge, bits) {
    var begun = first.slice(), h = new Int32Array(8);
    block(begun, padded(challenge), 0);
    for (var n = 0; ; n++) {
      h.set(begun);
      block(h, padded(challenge + "." + n), 16);
      if (!(h[0] >>> (32 - bits))) return challenge + "." + n;
    }
  }

  if (!self.document) {
    onmessage = function (asked) {
      postMessage(proof(asked.data.challenge, asked.data.bits));
    };
    return;
  }

  var worker, wanted, source = document.currentScript.src;

  // The page may have been given another form since the last time. Reports whether
  // an answer is on its way.
  function solve() {
    var field = document.querySelector("input[data-challenge]");
    if (!field || field.value) return false;
    if (wanted === field.dataset.challenge) return true;
    try {
      worker = worker || new Worker(source);
    } catch (none) {
      return false;
    }
    wanted = field.dataset.challenge;
    worker.onmessage = function (found) {
      var field = document.querySelector("input[data-challenge]");
      if (!field || found.data.indexOf(field.dataset.challenge + ".")) return;
      field.value = found.data;
      if (field.dataset.sent) field.form.requestSubmit();
    };
    worker.postMessage({ challenge: wanted, bits: +field.dataset.bits });
    return true;
  }

  // Whoever is faster than the worker waits for it, but not for long.
  document.addEventListener("submit", function (event) {
    var form = event.target, field = form.querySelector("input[data-challenge]"), by = event.submitter;
    if (!field || !form.requestSubmit || by && by.hasAttribute("formaction") || !solve()) return;
    event.preventDefault();
    if (field.dataset.sent) return;
    field.dataset.sent = "1";
    setTimeout(function () { form.submit(); }, 10000);
  });
  document.addEventListener("change", solve);
  solve();
})();
