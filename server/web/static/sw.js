// Keeps what was last seen of the calendars, which name nobody, for when there is
// no network. Everything else goes through as it is.
"use strict";

const shelf = "hunyue-1";

function keep(request, answer) {
  const copy = answer.clone();
  return caches.open(shelf).then((c) => c.put(request, copy)).then(() => answer);
}

self.addEventListener("fetch", (event) => {
  const request = event.request, at = new URL(request.url);
  if (request.method !== "GET" || at.origin !== self.location.origin) return;
  if (at.pathname.startsWith("/static/")) {
    event.respondWith(caches.match(request).then((kept) => kept || fetch(request).then((a) => (a.ok ? keep(request, a) : a))));
  } else if (at.pathname.startsWith("/o/")) {
    event.respondWith(fetch(request).then(
      (answer) => (answer.ok && !answer.redirected ? keep(request, answer) : answer),
      () => caches.match(request, { ignoreVary: true }).then((kept) => kept || Response.error()),
    ));
  }
});
