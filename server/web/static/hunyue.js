// What a script adds to pages that work without one. Kept by hand, for the
// browsers that the stylesheet names.
(function () {
  "use strict";

  // A day is shown without loading the whole page again. Whatever goes wrong, the
  // link is followed as if there were no script.
  function swap(to, focus) {
    var choice = document.getElementById("choice");
    choice.setAttribute("aria-busy", "true");
    return fetch(to, { headers: { Accept: "text/html" } }).then(function (answer) {
      if (!answer.ok) throw answer.status;
      return answer.text();
    }).then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html");
      var fresh = page.getElementById("choice");
      if (!fresh) throw "another page";
      choice.replaceWith(fresh);
      document.title = page.title;
      var other = page.querySelector("nav a[hreflang]"), ours = document.querySelector("nav a[hreflang]");
      if (other && ours) ours.href = other.getAttribute("href");
      if (focus) document.getElementById("times").focus();
    });
  }

  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("#choice a");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    swap(link.href, true).then(function () {
      history.pushState({ day: true }, "", link.href);
    }).catch(function () { location.href = link.href; });
  });

  window.addEventListener("popstate", function () {
    if (document.getElementById("choice")) {
      swap(location.href, false).catch(function () { location.reload(); });
    }
  });

  // Without a network nothing is sent: the page stays as it is and says so.
  var bar = document.querySelector(".offline");
  function online() {
    bar.hidden = navigator.onLine;
    document.querySelectorAll("main form > button").forEach(function (button) {
      if (navigator.onLine) button.removeAttribute("aria-disabled");
      else button.setAttribute("aria-disabled", "true");
    });
  }
  window.addEventListener("online", online);
  window.addEventListener("offline", online);
  online();

  var sending = false;
  document.addEventListener("submit", function (event) {
    if (!navigator.onLine) {
      event.preventDefault();
      online();
      bar.scrollIntoView();
      return;
    }
    if (sending) { // pressed twice
      event.preventDefault();
      return;
    }
    sending = true;
    setTimeout(function () { sending = false; }, 5000); // stopped, or never answered: it may be pressed again
  });
  window.addEventListener("pageshow", function () { sending = false; }); // Back

  // An ID number ends in a digit or an X, which many a keypad lacks.
  document.querySelectorAll('input[name$="document.number"]:not([type="hidden"])').forEach(function (input) {
    var kind = document.getElementById(input.name.replace("number", "type"));
    if (kind && kind.value !== "resident_id") return;
    var key = document.createElement("button");
    key.type = "button";
    key.className = "quiet";
    key.textContent = "X";
    key.hidden = true;
    key.setAttribute("aria-label", "X");
    input.after(key);
    function digits() { return input.value.replace(/\s/g, ""); }
    input.addEventListener("input", function () { key.hidden = !/^\d{17}$/.test(digits()); });
    key.addEventListener("click", function () {
      input.value = digits() + "X";
      key.hidden = true;
      input.focus();
    });
    // Groups are easier to compare with the card; they are made when the field is
    // left, never while somebody types.
    input.addEventListener("blur", function () {
      var m = /^(\d{6})(\d{8})(\d{3}[\dXx])$/.exec(digits());
      if (m) input.value = m[1] + " " + m[2] + " " + m[3].toUpperCase();
    });
  });

  document.querySelectorAll('input[type="tel"]').forEach(function (input) {
    input.addEventListener("blur", function () {
      var m = /^(1\d{2})(\d{4})(\d{4})$/.exec(input.value.replace(/\s/g, ""));
      if (m) input.value = m[1] + " " + m[2] + " " + m[3];
    });
  });

  var print = document.getElementById("print");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", function () { window.print(); });
  }

  // The address, for a map on a screen that has no map of its own.
  var copy = document.getElementById("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", function () {
      navigator.clipboard.writeText(copy.value).then(function () { copy.textContent = copy.dataset.done; }, function () {});
    });
  }

  if ("serviceWorker" in navigator && document.getElementById("choice")) {
    navigator.serviceWorker.register("/sw.js").catch(function () {}); // pages work without it
  }
})();
