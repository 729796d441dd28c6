// What a script adds to a kiosk, which works without one: the slip is printed, a
// scanner needs no focus, and whoever walks away leaves nothing behind. Kept by hand.
(function () {
  "use strict";

  if (document.querySelector("[data-print]")) window.print();

  var number = document.getElementById("number");
  if (!number) return;
  number.focus();
  document.addEventListener("keydown", function (event) {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
    var digit = /^(Digit|Numpad)(\d)$/.exec(event.code || "");
    if (!digit || event.target === number) return;
    event.preventDefault();
    number.focus();
    number.value += digit[2];
  });

  // What was typed and not sent is gone after a while.
  var idle = 0;
  document.addEventListener("input", function () {
    clearTimeout(idle);
    idle = setTimeout(function () { location.replace(location.pathname + "?over=1"); }, 30000);
  });
})();
