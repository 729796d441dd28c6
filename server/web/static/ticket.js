// A ticket that was just asked for goes on to paper, and its window closes behind it.
(function () {
  "use strict";

  if (!document.getElementById("paper")) return;
  window.addEventListener("afterprint", function () { if (window.opener) window.close(); });
  window.addEventListener("load", function () { window.print(); });
})();
