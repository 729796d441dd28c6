// Digits choose an outcome while the list of outcomes has the focus. Enter sends
// the form, as browsers have it. The page works without this.
(function () {
  "use strict";

  document.querySelectorAll("[data-digits]").forEach(function (list) {
    list.addEventListener("keydown", function (event) {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      var choice = /^[1-3]$/.test(event.key) && list.querySelectorAll('input[type="radio"]')[event.key - 1];
      if (!choice) return;
      event.preventDefault();
      choice.checked = true;
      choice.focus();
    });
  });
})();
