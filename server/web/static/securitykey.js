// Security keys: the browser asks the key, and the answer travels in the form.
// Without this script, and without keys, the form works with a code.
(function () {
  "use strict";

  if (!window.PublicKeyCredential) return;

  function bytes(text) {
    var raw = atob(text.replace(/-/g, "+").replace(/_/g, "/")), all = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) all[i] = raw.charCodeAt(i);
    return all;
  }

  function text(buffer) {
    if (!buffer) return undefined;
    var all = new Uint8Array(buffer), raw = "";
    for (var i = 0; i < all.length; i++) raw += String.fromCharCode(all[i]);
    return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function ask(options) {
    options.challenge = bytes(options.challenge);
    (options.excludeCredentials || []).forEach(function (c) { c.id = bytes(c.id); });
    if (!options.user) return navigator.credentials.get({ publicKey: options });
    options.user.id = bytes(options.user.id);
    return navigator.credentials.create({ publicKey: options });
  }

  function said(key) {
    var r = key.response;
    return JSON.stringify({
      id: key.id, rawId: text(key.rawId), type: key.type, clientExtensionResults: key.getClientExtensionResults(),
      response: {
        clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject),
        authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: text(r.userHandle),
        transports: r.getTransports ? r.getTransports() : undefined
      }
    });
  }

  document.querySelectorAll("button[data-key]").forEach(function (button) {
    var form = button.form, failed = document.getElementById("key-failed");
    button.parentNode.hidden = false;
    button.addEventListener("click", function (event) {
      event.preventDefault();
      failed.hidden = true;
      ask(JSON.parse(button.dataset.key)).then(function (key) {
        form.elements.key_answer.value = said(key);
        form.submit();
      }).catch(function () {
        failed.hidden = false;
        failed.focus();
      });
    });
  });
})();
