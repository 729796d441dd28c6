// Keeps what was last seen of the calendars, which name nobody, for when there is
// no network, and a page that says so in place of all others. Everything else goes
// through as it is.
"use strict";

const shelf = "hunyue-2", away = "/offline";

function keep(request, answer) {
  const copy = answer.clone();
  return caches.open(shelf).then((c) => c.put(request, copy)).then(() => answer);
}

function kept(request) {
  return caches.match(request, { ignoreVary: true });
}

// The page and what it loads. Without it the calendars are kept all the same.
function prepare() {
  return fetch(away).then((a) => keep(away, a)).then((a) => a.text())
    .then((page) => caches.open(shelf).then((c) => c.addAll(page.match(/\/static\/[0-9a-f]+\.\w+/g))));
}

self.addEventListener("install", (event) => event.waitUntil(prepare().catch(() => {})));

self.addEventListener("activate", (event) => event.waitUntil(
  caches.keys().then((all) => Promise.all(all.filter((name) => name !== shelf).map((name) => caches.delete(name)))),
));

self.addEventListener("fetch", (event) => {
  const request = event.request, at = new URL(request.url);
  if (request.method !== "GET" || at.origin !== self.location.origin) return;
  const lost = () => kept(request.mode === "navigate" ? away : request).then((page) => page || Response.error());
  if (at.pathname.startsWith("/static/")) {
    event.respondWith(kept(request).then((found) => found || fetch(request).then((a) => (a.ok ? keep(request, a) : a))));
  } else if (at.pathname.startsWith("/o/")) {
    event.respondWith(fetch(request).then(
      (answer) => (answer.ok && !answer.redirected ? keep(request, answer) : answer),
      () => kept(request).then((found) => found || lost()),
    ));
  } else if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(lost));
  }
});
