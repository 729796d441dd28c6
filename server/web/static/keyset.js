// A key is chosen by pressing it: its name appears in the field. Names can also be
// typed, as they are without this.
(function () {
  "use strict";

  document.querySelectorAll("[data-key] input").forEach(function (input) {
    input.addEventListener("keydown", function (event) {
      if (event.isComposing || event.keyCode === 229) return;
      var named = /^F\d+$/.test(event.key) || event.key === "Escape";
      var held = event.ctrlKey && !/^(Control|Shift|Alt|Meta)$/.test(event.key);
      if (event.key === "Tab" || !(named || held)) return;
      event.preventDefault();
      var key = event.key === "Escape" ? "Esc" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
      input.value = (event.ctrlKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + (event.shiftKey ? "Shift+" : "") + key;
    });
  });
})();
