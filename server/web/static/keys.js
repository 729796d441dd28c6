// Which key does what on the pages of operators. The page says in data-keys what
// its operator has chosen instead of a default; "" switches a key off.
(function () {
  "use strict";

  var DEFAULTS = {
    box: "F2", date: "F4", park: "F8", change: "F9",
    save: "Ctrl+Enter", back: "Escape", wait: "W", help: "Ctrl+/"
  };

  // An input method has a key to itself: while it composes, and for the Enter that
  // ends it, which some send only afterwards and then as 229.
  function composing(event) { return event.isComposing || event.keyCode === 229; }

  // name is a key as it is printed on buttons: F2, Ctrl+Enter, W.
  function name(event) {
    var key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") +
      (event.shiftKey && event.key.length > 1 ? "Shift+" : "") + key;
  }

  // of reads the keys that hold on a page, from the attribute of an element.
  function of(element) {
    var chosen = {}, table = {};
    try { chosen = JSON.parse(element.getAttribute("data-keys") || "{}"); } catch (e) { chosen = {}; }
    Object.keys(DEFAULTS).forEach(function (action) {
      var key = Object.prototype.hasOwnProperty.call(chosen, action) ? chosen[action] : DEFAULTS[action];
      if (key) table[key] = action;
    });
    return {
      // action is what a key does, or undefined. A single character is nobody's
      // but a list's.
      action: function (event) {
        if (composing(event)) return undefined;
        var key = name(event), action = table[key];
        if (action && key.length === 1 && !event.target.closest("[data-list]")) return undefined;
        return action;
      }
    };
  }

  window.hunyueKeys = { defaults: DEFAULTS, composing: composing, name: name, of: of };
})();
