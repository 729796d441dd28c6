// Keeps the screen of a hall up to date, and says what is called.
(function () {
  "use strict";

  var body = document.body, wall = document.getElementById("wall");
  var told = body.dataset, langs = { on: ["zh", "en"], zh: ["zh"], en: ["en"], off: [] }[told.voice];

  // --- the voice

  var start = document.getElementById("start"), muted = document.getElementById("muted");
  var Context = window.AudioContext || window.webkitAudioContext;
  var context = langs.length && Context ? new Context() : null;
  var buffers = null, failed = false, queue = [], saying = false;

  function canSpeak() {
    return context && context.state === "running" && (buffers || failed && window.speechSynthesis);
  }

  // Whoever stands before the screen sees whether it can be heard.
  function tellMuted() {
    muted.hidden = !!canSpeak();
    start.hidden = !(context && context.state !== "running" && "start" in told && !start.dataset.done);
  }

  if (context) {
    context.onstatechange = tellMuted;
    window.hallVoice.load(context, told.clips).then(function (all) { buffers = all; }, function () { failed = true; }).then(tellMuted);
  }
  tellMuted();

  function wake() {
    start.dataset.done = "1";
    if (context) context.resume();
    if (navigator.wakeLock) navigator.wakeLock.request("screen").catch(function () {});
    tellMuted();
  }
  document.addEventListener("click", wake);
  document.addEventListener("keydown", wake);

  // One call after the other. What cannot be said now is never said: a call that is
  // heard late sends people to the wrong place.
  function say(call) {
    queue.push(call);
    if (queue.length > 6) queue.shift();
    next();
  }

  function next() {
    if (saying || !queue.length) return;
    if (!canSpeak()) {
      queue = [];
      return;
    }
    var call = queue.shift(), done = false;
    saying = true;
    told.saying = call.ticket + " " + call.counter;
    function over() {
      if (done) return;
      done = true;
      saying = false;
      delete told.saying;
      next();
    }
    var lasts = (buffers ? spoken : synthesised)(call, over);
    setTimeout(over, lasts * 1000 + 1000); // a context that is put to sleep never ends
  }

  function repeated(each) {
    for (var n = 0; n < +told.times; n++) langs.forEach(each);
  }

  function spoken(call, over) {
    var from = context.currentTime + 0.05, began = from, last;
    repeated(function (lang) {
      var played = window.hallVoice.play(context, buffers, window.hallVoice.words(call, lang), from);
      from = played.ends + 0.3;
      last = played.last;
    });
    last.onended = over;
    return from - began;
  }

  function synthesised(call, over) {
    var left = 0;
    repeated(function (lang) {
      var said = new SpeechSynthesisUtterance(window.hallVoice.sentence(call, lang));
      said.lang = lang === "zh" ? "zh-CN" : "en-GB";
      left++;
      said.onend = said.onerror = function () { if (--left === 0) over(); };
      window.speechSynthesis.speak(said);
    });
    return 12 * left;
  }

  // --- the picture

  var known = null; // the ids of the calls that were shown last
  function show(now) {
    wall.innerHTML = now.html;
    var newest = document.getElementById("newest"), age = now.calls.length ? now.now - now.calls[0].at : Infinity;
    if (newest && age < 12000) {
      newest.classList.add("hot");
      newest.style.animationDelay = -age + "ms";
      setTimeout(function () { newest.classList.remove("hot"); }, 12000 - age);
    }
    var patience = known ? 60000 : 15000; // a page that was just opened says only what is new
    now.calls.slice().reverse().forEach(function (call) {
      if ((!known || known.indexOf(call.id) < 0) && now.now - call.at < patience) say(call);
    });
    known = now.calls.map(function (call) { return call.id; });
  }

  // --- the stream

  if (!told.events || !window.EventSource) return;
  var source, heard = Date.now(), again;
  function listen() {
    clearTimeout(again);
    if (source) source.close();
    source = new EventSource(told.events);
    source.addEventListener("board", function (event) {
      alive();
      show(JSON.parse(event.data));
    });
    source.addEventListener("beat", alive);
    source.onerror = function () {
      if (source.readyState === EventSource.CLOSED) again = setTimeout(listen, 3000 + 4000 * Math.random());
    };
  }

  function alive() {
    heard = Date.now();
    body.classList.remove("stale");
  }

  setInterval(function () {
    var silent = Date.now() - heard;
    if (silent <= 15000) return;
    body.classList.add("stale");
    queue = [];
    if (silent % 20000 < 1000 && source.readyState !== EventSource.CONNECTING) listen(); // a connection that nobody has closed
  }, 1000);
  listen();
})();
