// Keeps the place of a couple in the line up to date. Whatever goes wrong, the page
// is asked for again as it is without scripts.
(function () {
  "use strict";

  var line = document.getElementById("line"), behind = document.getElementById("behind");
  var title = line.querySelector("h1"), text = line.querySelector(".lead"), heard = Date.now();
  if (!line.dataset.events) return;
  if (!window.EventSource) {
    setTimeout(function () { location.reload(); }, 30000);
    return;
  }

  function alive() {
    heard = Date.now();
    behind.hidden = true;
  }

  (function listen() {
    var source = new EventSource(line.dataset.events);
    source.addEventListener("beat", alive);
    source.addEventListener("line", function (event) {
      alive();
      var now = JSON.parse(event.data);
      if (document.title.indexOf(title.textContent) === 0) document.title = now.title + document.title.slice(title.textContent.length);
      if (title.textContent !== now.title) title.textContent = now.title;
      if (text.textContent !== now.text) text.textContent = now.text;
    });
    source.addEventListener("over", function () {
      source.close();
      setTimeout(function () { location.reload(); }, 1000);
    });
    source.onerror = function () {
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000 + 5000 * Math.random());
    };
  })();

  setInterval(function () { behind.hidden = Date.now() - heard <= 15000; }, 1000);
})();
