// What the screen of a hall says, from clips of single words: no voice of the system
// is needed, and none of a company. The clips are put one after the other in time by
// Web Audio, so that what is heard is as long as they are together.
window.hallVoice = (function () {
  "use strict";

  function spelled(text, digits) {
    return text.toLowerCase().split("").map(function (c) {
      return /\d/.test(c) ? digits + c : "letter-" + c;
    });
  }

  // The clips of a call, in order: 请 A 零 一 八 号，到 三 号窗口.
  function words(call, lang) {
    return lang === "zh"
      ? ["zh-please"].concat(spelled(call.ticket, "zh-"), "zh-number", "zh-to", spelled(call.counter, "zh-"), "zh-counter")
      : ["en-number"].concat(spelled(call.ticket, "en-"), "en-to", spelled(call.counter, "en-"));
  }

  // The same as a sentence, for the voice of the system.
  function sentence(call, lang) {
    var ticket = call.ticket.split("").join(" "), counter = call.counter.split("").join(" ");
    return lang === "zh" ? "请 " + ticket + " 号，到 " + counter + " 号窗口" : "Number " + ticket + ", please go to counter " + counter;
  }

  // Load decodes all clips: NAME=ADDRESS, in a row. One that is missing fails all.
  function load(context, clips) {
    var buffers = {};
    return Promise.all(clips.split(" ").map(function (clip) {
      var at = clip.indexOf("=");
      return fetch(clip.slice(at + 1)).then(function (answer) {
        if (!answer.ok) throw answer.status;
        return answer.arrayBuffer();
      }).then(function (raw) {
        return new Promise(function (done, failed) { context.decodeAudioData(raw, done, failed); });
      }).then(function (buffer) { buffers[clip.slice(0, at)] = buffer; });
    })).then(function () { return buffers; });
  }

  // Play puts words on the time line of a context from a moment on. It gives the
  // moment at which they end, and the last of them.
  function play(context, buffers, said, from) {
    var source;
    said.forEach(function (word) {
      source = context.createBufferSource();
      source.buffer = buffers[word];
      source.connect(context.destination);
      source.start(from);
      from += source.buffer.duration;
    });
    return { ends: from, last: source };
  }

  return { words: words, sentence: sentence, load: load, play: play };
})();
