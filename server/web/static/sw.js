// Keeps what was last seen of the calendars, which name nobody, for when there is
// no network, and a page that says so in place of all others. Everything else goes
// through as it is.
"use strict";

const shelf = "hunyue-2", away = "/offline";

// What the desk keeps by itself (deskstore.js): its page with nobody on it.
const desk = "hunyue-desk", patience = 5000;

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
  caches.keys().then((all) => Promise.all(all.filter((name) => name !== shelf && name !== desk).map((name) => caches.delete(name)))),
));

// The desk goes on: its kept page stands in for one that does not come, or not soon.
function atDesk(request) {
  const alone = () => caches.match("/desk", { cacheName: desk, ignoreVary: true });
  const late = new Promise((done) => { setTimeout(done, patience); }).then(alone);
  const asked = fetch(request).then((answer) => (answer.status < 502 ? answer : alone().then((page) => page || answer)));
  return Promise.race([asked, late.then((page) => page || asked)]).catch(() => alone().then((page) => page || kept(away)))
    .then((page) => page || Response.error());
}

self.addEventListener("fetch", (event) => {
  const request = event.request, at = new URL(request.url);
  if (request.method !== "GET" || at.origin !== self.location.origin) return;
  const lost = () => kept(request.mode === "navigate" ? away : request).then((page) => page || Response.error());
  if (at.pathname.startsWith("/static/")) {
    event.respondWith(kept(request).then((found) => found || fetch(request).then((a) => (a.ok ? keep(request, a) : a))));
  } else if (at.pathname.startsWith("/o/") && !at.pathname.endsWith("/phone") && !at.searchParams.has("typed")) { // nor what was typed
    event.respondWith(fetch(request).then(
      (answer) => (answer.ok && !answer.redirected ? keep(request, answer) : answer),
      () => kept(request).then((found) => found || lost()),
    ));
  } else if (request.mode === "navigate" && at.pathname === "/desk") {
    event.respondWith(atDesk(request));
  } else if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(lost));
  }
});
