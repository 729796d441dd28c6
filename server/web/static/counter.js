// What a script adds to the page of a counter, which works without one: keys, a line
// that keeps up by itself, and the time that is left to undo. Kept by hand.
(function () {
  "use strict";

  var form = document.getElementById("press"), every = 4000, failed = 0;
  if (!form || !window.hunyueKeys) return;

  // A key presses the button that says so, if it can be pressed. An input method has
  // its keys to itself, and Enter is for whatever has the focus.
  document.addEventListener("keydown", function (event) {
    if (window.hunyueKeys.composing(event) || event.repeat) return;
    var name = window.hunyueKeys.name(event);
    if (name === "Enter" && event.target.closest("a, button, input, select, textarea, summary")) return;
    var keyed = document.querySelectorAll('[data-key="' + name + '"]');
    if (!keyed.length) return;
    event.preventDefault(); // also where there is nothing to do: no browser acts on it then
    for (var i = 0; i < keyed.length; i++) {
      if (!keyed[i].disabled) { keyed[i].click(); return; }
    }
  });

  function typing() {
    var serial = document.getElementById("certificate_number"), reason = document.getElementById("reason");
    return (serial && serial.value) || (reason && reason.value);
  }

  // The line is asked for again while the page can be seen. Where the couple of this
  // counter is another one than here, the whole page is.
  function look() {
    if (document.hidden || !navigator.onLine) return again();
    fetch(form.getAttribute("data-live"), { headers: { Accept: "application/json" } }).then(function (answer) {
      if (!answer.ok) throw answer.status;
      return answer.json();
    }).then(function (now) {
      failed = 0;
      if (now.mark !== form.getAttribute("data-mark")) {
        if (!typing()) location.replace(location.pathname + location.search);
        return again();
      }
      show(now);
      again();
    }).catch(function () { failed = Math.min(failed + 1, 4); again(); });
  }
  function again() { setTimeout(look, every << failed); }

  function show(now) {
    var list = document.getElementById("waiting"), inside = document.getElementById("inside");
    document.getElementById("many").textContent = now.line.length;
    if (inside && now.inside) inside.textContent = now.inside;
    list.textContent = "";
    now.line.forEach(function (one) {
      var row = document.createElement("li"), ticket = document.createElement("b"), words = document.createElement("span");
      ticket.textContent = one.Ticket;
      words.textContent = one.Words;
      row.append(ticket, " ", words);
      list.append(row);
    });
  }

  // How long a completion can still be undone, whatever the time is on this machine.
  var left = document.querySelector("[data-left]"), shown = performance.now();
  function count() {
    var seconds = Math.round(left.getAttribute("data-left") - (performance.now() - shown) / 1000);
    if (seconds <= 0) { left.textContent = ""; return; }
    left.textContent = Math.floor(seconds / 60) + ":" + (seconds % 60 < 10 ? "0" : "") + seconds % 60;
    setTimeout(count, 1000);
  }
  if (left) count();
  var serial = document.getElementById("certificate_number");
  if (serial) serial.focus();
  again();
})();
