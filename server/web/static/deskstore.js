// What a desk keeps so that it goes on without the server: the list of the day, and
// what was done and is not sent. Both are encrypted with the key in the cookie
// "deskkey", which ends with the browser and with signing out (decision 0023).
//
//   const store = await openStore({ office, day, csrf });
//   await store.find("20261234…")   rows of the local list: a number (8 digits), what a couple's QR code holds
//                             (16), the end of a document or of a phone (4), a name or its initials, a ticket
//                             [{ number, names: [], tails: [], starts, ends, status, ticket, office, rest }]
//   store.rows()              all of them, in order of time
//   store.rules()             { screening, early, late, fever, recheck, otherDevice, companions }, or null
//   await store.send({ kind: "check-in", number, key, at, readings: [{ party, celsius, device }],
//                      companions: [{ reason, celsius, device }], early })
//   await store.send({ kind: "enter", number, key })
//        celsius is in tenths of a degree: 365; key is a new UUID for each press; at may be left out (now)
//   await store.during(deed, act)   the same, but the page itself sends it with that key: the deed is kept before
//        act is called, forgotten when act has answered, and saved when it throws; answer is what act gave
//     { state: "sent", answer }            the server has done it; answer as the API's check-in:
//                                          { outcome, ticket, recheck_at, recheck, opens_at, companions, turned_away, outside }
//     { state: "saved", ticket, outcome, recheck_at, recheck }   it is kept here and will be sent: never shown as done
//     { state: "refused", code, fields, opens_at, ticket }       nothing was kept: say why, let them mend it
//   store.now()               the time by the server's clock, in milliseconds
//   store.onchange(f)         f({ online, waiting, failed, asOf, syncing, signedOut, others }), now and whenever it changes:
//                             waiting: kept here, not sent; failed: conflicts that wait for a person; asOf: when the list
//                             was fetched (ms); syncing: { done, of } or null; signedOut: the server wants a sign-in
//                             before it takes them; others: kept here by somebody else, who has to sign in to send them
//   await store.sync()        tries now; otherwise it does by itself
//   await store.wipe()        before signing out: false, and nothing is done, while something waits to be sent
"use strict";

const patience = 5000, often = 20000, soon = 3000, batch = 20; // ms; deeds in a request
const inHand = 10000; // ms for which what the page itself sends is the page's: longer than it waits
const lowest = 340, highest = 430, lukewarm = 350; // tenths of a degree, as in the hall

// ---- Rows in IndexedDB. A row holds its owner (who has its key), and bytes.

function database() {
  return new Promise((done, failed) => {
    const asked = indexedDB.open("hunyue-desk", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("list");
      asked.result.createObjectStore("queue", { autoIncrement: true });
      asked.result.createObjectStore("counter");
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

// within runs act on one store; what it hands to keep is the answer, once all of it is
// on the disk.
function within(db, name, mode, act) {
  return new Promise((done, failed) => {
    let answer;
    const t = db.transaction(name, mode, { durability: "strict" });
    t.oncomplete = () => done(answer);
    t.onabort = () => failed(t.error);
    act(t.objectStore(name), (asked) => { asked.onsuccess = () => { answer = asked.result; }; });
  });
}

// all is [place, row] of every row, in their order.
function all(db, name) {
  return new Promise((done, failed) => {
    const rows = [], asked = db.transaction(name).objectStore(name).openCursor();
    asked.onsuccess = () => {
      const at = asked.result;
      if (!at) return done(rows);
      rows.push([at.key, at.value]);
      at.continue();
    };
    asked.onerror = () => failed(asked.error);
  });
}

// ---- The key.

function secret() {
  const kept = /(?:^|; )deskkey=([\w-]+)/.exec(document.cookie);
  return kept ? kept[1] : "";
}

async function keyOf(text) {
  const raw = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", raw));
  return {
    owner: Array.from(sum.slice(0, 8), (b) => b.toString(16).padStart(2, "0")).join(""),
    key: await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]),
    names: await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
  };
}

// tagOf is what the list holds in place of a name, as the server makes it (nameTag).
async function tagOf(own, day, name) {
  const plain = name.normalize("NFKC").toLowerCase().replace(/[\s\p{P}\p{S}]/gu, "");
  const sum = new Uint8Array(await crypto.subtle.sign("HMAC", own.names, new TextEncoder().encode("name " + day + " " + plain)));
  return btoa(String.fromCharCode(...sum.slice(0, 9))).replace(/\+/g, "-").replace(/\//g, "_");
}

// begins reports whether letters may be the first of a name's characters, as the server
// reads them (hanzi.Begins).
function begins(heads, letters) {
  const each = heads.split(" ");
  return letters.length <= each.length && [...letters].every((l, i) => each[i] === "?" || each[i].includes(l));
}

async function seal(own, about, plain) {
  const iv = crypto.getRandomValues(new Uint8Array(12)), bytes = new TextEncoder().encode(JSON.stringify(plain));
  const additionalData = new TextEncoder().encode(about);
  return { owner: own.owner, iv, bytes: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, own.key, bytes) };
}

async function unseal(own, about, row) {
  const additionalData = new TextEncoder().encode(about);
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv, additionalData }, own.key, row.bytes);
  return JSON.parse(new TextDecoder().decode(plain));
}

// ---- What a desk decides alone, by the rules that the server would apply.

const minutes = (n) => n * 60000;

// judge is what becomes of a deed at a time: { outcome, … }, or { code, … } where it is
// refused.
export function judge(deed, row, rules, at) {
  if (!row) return { code: "no_such_appointment" };
  if (deed.kind === "enter") return row.ticket ? { outcome: "entered" } : { code: "not_possible" };
  if (row.ticket) return { code: "already_in", ticket: row.ticket };
  if (row.status !== "booked") return { code: "not_possible" };
  const starts = Date.parse(row.starts), opens = starts - minutes(rules.early);
  if (!row.arrived && at < opens && !deed.early) return { code: "early", opens_at: new Date(opens).toISOString() };
  const wrong = wrongReadings(deed, row, rules, at);
  if (wrong) return wrong;
  const found = rules.screening === "off" ? {} : fevers(deed, row, rules, at);
  if (found.outcome) return found;
  const arrived = row.arrived ? Date.parse(row.arrived) : at;
  return { outcome: arrived > starts + minutes(rules.late) ? "late" : "admitted" };
}

function wrongReadings(deed, row, rules, at) {
  const companions = deed.companions || [], fields = {};
  companions.forEach((c, i) => {
    if (!(c.reason || "").trim() && i >= rules.companions) fields["companions." + i + ".reason"] = "required";
    if (rules.screening === "required" && !c.celsius) fields["companions." + i + ".celsius"] = "required";
  });
  if (rules.screening === "off") return Object.keys(fields).length ? { code: "invalid_input", fields } : null;
  const given = {}, resting = row.rest ? row.rest.parties : [];
  (deed.readings || []).forEach((r, i) => {
    if (!(r.celsius >= lowest && r.celsius <= highest)) fields["readings." + i + ".celsius"] = "range";
    if (!(r.device || "").trim()) fields["readings." + i + ".device"] = "required";
    (given[r.party] = given[r.party] || []).push([i, r]);
  });
  for (let party = 1; party <= row.names.length; party++) {
    const own = given[party] || [], rests = resting.indexOf(party);
    if (!own.length && (rests >= 0 || rules.screening === "required" && !row.rest)) fields.readings = "required";
    if (own.length && rests >= 0 && at < Date.parse(row.rest.until)) return { code: "recheck_too_soon" };
    if (own.length === 1 && own[0][1].celsius < lukewarm) fields["readings." + own[0][0] + ".celsius"] = fields["readings." + own[0][0] + ".celsius"] || "too_low_repeat";
    for (const [i, r] of own) {
      const last = rests >= 0 ? row.rest.devices[rests] : "";
      if (rules.otherDevice && last && (r.device || "").trim().toLowerCase() === last.toLowerCase()) fields["readings." + i + ".device"] = "same_device";
    }
  }
  return Object.keys(fields).length ? { code: "invalid_input", fields } : null;
}

// fevers: the last reading of each party counts; a second fever of one of them puts the
// visit off.
function fevers(deed, row, rules, at) {
  const last = {}, recheck = [];
  (deed.readings || []).forEach((r) => { last[r.party] = r; });
  for (const party of Object.keys(last).map(Number)) {
    if (last[party].celsius < rules.fever) continue;
    if (row.rest && row.rest.parties.includes(party)) return { outcome: "deferred" };
    recheck.push(party);
  }
  if (!recheck.length) return {};
  return {
    outcome: "recheck", recheck, recheck_at: new Date(at + minutes(rules.recheck)).toISOString(),
    devices: recheck.map((party) => last[party].device),
  };
}

// ---- The store.

export async function openStore({ office, csrf = "" }) {
  const able = "indexedDB" in window && window.crypto && crypto.subtle && navigator.locks;
  const db = able ? await database().catch(() => null) : null;
  let own = null, list = null, tag = "", ahead = 0, timer = 0, inHands = 0;
  const state = { online: true, waiting: 0, failed: 0, asOf: 0, syncing: null, signedOut: false, others: 0 };
  const told = [];
  const now = () => Date.now() + ahead;
  const tell = (change) => { Object.assign(state, change); told.forEach((f) => f({ ...state })); };
  // turn runs act while no other tab or press sends anything.
  const turn = (how, act) => navigator.locks.request("hunyue-desk", how, act);

  // ---- The list.

  // take shows a list, with what waits to be sent done to it.
  async function take(fresh, asOf) {
    list = fresh;
    if (list) for (const { deed } of await pending()) show(deed);
    tell({ asOf: list ? asOf : 0 });
  }

  // show does to the list what a deed that waits has done.
  function show(deed) {
    const row = list && list.rows.find((r) => r.number === deed.number);
    if (!row || !deed.said) return;
    const s = deed.said;
    if (s.outcome === "admitted" || s.outcome === "late") { row.status = s.outcome === "late" ? "late" : "checked_in"; row.ticket = deed.ticket; }
    if (s.outcome === "deferred") row.status = "health_deferred";
    if (s.outcome === "recheck") row.rest = { until: s.recheck_at, parties: s.recheck, devices: s.devices };
    if (!row.arrived) row.arrived = deed.at;
  }

  async function recall() {
    const rows = await all(db, "list");
    for (const [place, row] of rows) {
      let kept = null;
      if (own && row.owner === own.owner && place === office) kept = await unseal(own, "list " + place, row).catch(() => null);
      if (kept && Date.now() + kept.ahead < Date.parse(kept.list.until)) {
        ahead = kept.ahead;
        await take(kept.list, kept.asOf);
      } else {
        await within(db, "list", "readwrite", (s) => s.delete(place));
      }
    }
  }

  async function forget() {
    list = null;
    tag = "";
    if (db) await within(db, "list", "readwrite", (s) => s.clear());
    if (window.caches) await caches.delete("hunyue-desk");
    tell({ asOf: 0 });
  }

  async function fetchList() {
    const asked = Date.now();
    const answer = await ask("/desk/list.json?office=" + encodeURIComponent(office), { headers: tag ? { "If-None-Match": tag } : {} });
    if (!answer) return;
    if (db) await unlock();
    if (answer.status === 304 && list) return tell({ asOf: asked });
    if (!answer.ok) return;
    const fresh = await answer.json();
    tag = answer.headers.get("ETag") || "";
    ahead = Date.parse(fresh.now) - (asked + Date.now()) / 2;
    if (db && own) {
      const row = await seal(own, "list " + office, { list: fresh, ahead, asOf: asked });
      await within(db, "list", "readwrite", (s) => s.put(row, office));
    }
    await take(fresh, asked);
    tell({ failed: fresh.conflicts });
  }

  // unlock takes the key of whoever is signed in. What somebody else keeps here stays shut.
  async function unlock() {
    const text = secret(), before = own && own.owner;
    own = text ? await keyOf(text) : null;
    if (before && (!own || own.owner !== before)) await forget();
    await count();
  }

  // ---- What waits.

  async function count() {
    const rows = db ? await all(db, "queue") : [];
    const mine = rows.filter(([, row]) => own && row.owner === own.owner), waiting = mine.filter(([, row]) => !handed(row)).length;
    const age = rows.length ? 7 * 24 * 3600 : 0;
    document.cookie = "deskwaiting=" + rows.length + "; path=/; SameSite=Strict; max-age=" + age + (location.protocol === "https:" ? "; Secure" : "");
    inHands = mine.length - waiting;
    tell({ waiting, others: rows.length - mine.length });
    return mine.length;
  }

  // handed: a page is sending it at this moment. One that has gone meanwhile leaves it to
  // whoever comes next, a few seconds later.
  function handed(row) {
    const left = (row.until || 0) - Date.now();
    return left > 0 && left <= inHand;
  }

  // pending is what whoever is signed in keeps here, in the order in which it was done.
  async function pending() {
    if (!db || !own) return [];
    const rows = (await all(db, "queue")).filter(([, row]) => row.owner === own.owner && !handed(row));
    return Promise.all(rows.map(async ([place, row]) => ({ place, deed: await unseal(own, "deed", row) })));
  }

  async function keep(deed, place, until = 0) {
    const row = { ...(await seal(own, "deed", deed)), until };
    const kept = await within(db, "queue", "readwrite", (s, answer) => answer(place === undefined ? s.add(row) : s.put(row, place)));
    await count();
    return kept;
  }

  async function drop(place) {
    await within(db, "queue", "readwrite", (s) => s.delete(place));
    await count();
  }

  // ticket is the next of this desk's own. A number that is not used in the end is lost.
  async function ticket() {
    const place = [own.owner, office, list.day, list.letter].join(" ");
    const n = await within(db, "counter", "readwrite", (s, answer) => {
      s.get(place).onsuccess = (event) => {
        const next = Math.max(event.target.result || 0, list.last) + 1;
        s.put(next, place).onsuccess = () => answer(s.get(place));
      };
    });
    return list.letter + String(n).padStart(3, "0");
  }

  // ---- To the server.

  // ask is the server's answer, or null where there is none.
  async function ask(to, how = {}) {
    try {
      const answer = await fetch(to, { ...how, redirect: "manual", signal: AbortSignal.timeout(how.patience || patience) });
      if (answer.status >= 500) throw answer.status;
      const out = answer.type === "opaqueredirect" || answer.status === 401;
      tell({ online: true, signedOut: out });
      if (out) await forget();
      return out ? null : answer;
    } catch {
      tell({ online: false });
      return null;
    }
  }

  async function bring(deeds, wait) {
    const answer = await ask("/desk/sync?office=" + encodeURIComponent(office), {
      method: "POST", patience: wait, body: JSON.stringify({ deeds }),
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf },
    });
    if (!answer || !answer.ok) return null;
    return answer.json().then((told) => told.results, () => null); // cut off in the middle
  }

  async function sync() {
    if (db && (await count())) await turn({}, bringAll);
    await fetchList();
    again();
  }

  async function bringAll() {
    const mine = await pending();
    tell({ syncing: { done: 0, of: mine.length } });
    for (let done = 0, waits = false; done < mine.length && !waits;) {
      const part = mine.slice(done, done + batch), results = await bring(part.map((m) => m.deed), 3 * patience);
      waits = !results;
      for (let i = 0; i < part.length && !waits; i++) {
        const r = results[i];
        if (!r || r.key !== part[i].deed.key || r.state === "retry") { waits = true; break; }
        await drop(part[i].place);
        tell({ syncing: { done: ++done, of: mine.length } });
      }
    }
    tell({ syncing: null });
  }

  function again() {
    clearTimeout(timer);
    if (list && now() >= Date.parse(list.until)) forget();
    timer = setTimeout(sync, state.online && !state.waiting && !inHands ? often : soon);
  }

  // ---- What the page asks for.

  async function send(given) {
    if (!db || !own) return sendOnly(given);
    const deed = timed(given), able = () => state.online && !state.signedOut && !state.waiting;
    const answer = able() && (await turn({ signal: AbortSignal.timeout(500) }, () => (able() ? live(deed) : null)).catch(busy));
    return answer || save(deed);
  }

  const timed = (given) => ({ ...given, at: given.at || new Date(now()).toISOString() });

  // during keeps a deed before act sends it, so that a tab that goes in between, or an
  // answer that does not come, loses nothing. What lacks a reading is mended at the desk,
  // and not kept. Where nothing can be kept, act is all there is.
  async function during(given, act) {
    const deed = timed(given), whole = !list || decide(deed).code !== "invalid_input";
    const place = db && own && whole ? await keep(deed, undefined, Date.now() + inHand).catch(() => undefined) : undefined;
    let answer;
    try {
      answer = await act();
    } catch {
      return db && own ? save(deed, place) : { state: "refused", code: "unavailable" };
    }
    if (place !== undefined) await drop(place).catch(() => {}); // it is brought again, and known
    return { state: "sent", answer };
  }

  const decide = (deed) => judge(deed, list.rows.find((r) => r.number === deed.number), list.rules, Date.parse(deed.at));

  // busy: another tab is sending; this deed waits behind.
  function busy(why) {
    if (why.name === "TimeoutError" || why.name === "AbortError") return null;
    throw why;
  }

  // live keeps the deed before it is sent, so that nothing is lost with the tab.
  async function live(deed) {
    const place = await keep(deed);
    const results = await bring([{ ...deed, live: true }], patience);
    const r = results && results[0];
    if (!r || r.state === "retry") return save(deed, place);
    await drop(place);
    soonFresh();
    return r.state === "done" ? { state: "sent", answer: r.answer } : { state: "refused", code: r.code, fields: r.fields };
  }

  function soonFresh() {
    clearTimeout(timer);
    timer = setTimeout(sync, 0);
  }

  // save decides alone and keeps what was decided.
  async function save(deed, place) {
    const said = !list ? { code: "no_list" } : decide(deed);
    const admitted = said.outcome === "admitted" || said.outcome === "late";
    if (admitted && !list.letter) said.code = "no_letter";
    if (said.code) {
      if (place !== undefined) await drop(place);
      return { state: "refused", code: said.code, fields: said.fields, opens_at: said.opens_at, ticket: said.ticket };
    }
    const whole = { ...deed, said, ticket: admitted ? await ticket() : "" };
    await keep(whole, place);
    show(whole);
    again();
    tell({});
    return { state: "saved", ticket: whole.ticket, outcome: said.outcome, recheck_at: said.recheck_at, recheck: said.recheck };
  }

  // sendOnly is for a browser that can keep nothing.
  async function sendOnly(given) {
    const results = await bring([{ ...given, at: given.at || new Date(now()).toISOString(), live: true }], patience);
    const r = results && results[0];
    if (!r || r.state === "retry") return { state: "refused", code: "unavailable" };
    return r.state === "done" ? { state: "sent", answer: r.answer } : { state: "refused", code: r.code, fields: r.fields };
  }

  async function find(text) {
    const q = text.normalize("NFKC").trim().toUpperCase(), digits = q.replace(/[\s-]/g, "");
    if (!list || !q) return [];
    const rows = list.rows, letters = /^[A-Z]{2,20}$/.test(q) ? q.toLowerCase() : "", name = own && q.length > 1 && !/^[\dX]+$/.test(digits) ? await tagOf(own, list.day, q) : "";
    const active = ["booked", "late", "checked_in", "called", "in_service"];
    const named = (row) => active.includes(row.status) && (letters && (row.heads || []).some((h) => begins(h, letters)) || name && (row.tags || []).includes(name));
    const is = (row) => {
      if (/^\d{16}$/.test(digits)) return row.number + row.pass === digits;
      if (/^\d{8}$/.test(digits)) return row.number === digits;
      if (/^\d{3}[\dX]$/.test(digits)) return row.phone === digits || row.tails.some((t) => t.toUpperCase() === digits);
      return row.ticket === q || row.names.some((masked) => masked.toUpperCase() === q || masked[0] === q) || named(row);
    };
    return rows.filter(is).map(outside);
  }

  function outside(row) {
    const { pass, phone, heads, tags, ...shown } = row; // eslint-disable-line no-unused-vars
    return { ...shown, office };
  }

  async function wipe() {
    if (db) await sync();
    if (db && (await count())) return false;
    clearTimeout(timer);
    await forget();
    document.cookie = "deskkey=; path=/desk; SameSite=Strict; max-age=0";
    own = null;
    return true;
  }

  // ---- The page itself, for when there is no network: without anybody on it.
  async function keepShell() {
    if (!("serviceWorker" in navigator) || !window.caches) return;
    await navigator.serviceWorker.register("/sw.js");
    const page = await fetch("/desk/shell?office=" + encodeURIComponent(office), { redirect: "manual" });
    if (!page.ok) return;
    const loads = (await page.clone().text()).match(/\/static\/[0-9a-f]+\.\w+/g) || [];
    const wanted = new Set([...loads, new URL(import.meta.url).pathname]), shelf = await caches.open("hunyue-desk");
    for (const kept of await shelf.keys()) if (!wanted.has(new URL(kept.url).pathname)) await shelf.delete(kept);
    await shelf.addAll([...wanted]);
    await shelf.put("/desk", page);
  }

  // Whoever signs out leaves nothing here but what could not be sent, which is sealed.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.getAttribute("action") !== "/staff/logout") return;
    event.preventDefault();
    wipe().finally(() => event.target.submit());
  });
  window.addEventListener("online", sync);
  window.addEventListener("offline", () => tell({ online: false }));
  if (db) {
    await unlock();
    await recall();
  }
  if (list) sync(); else await sync();
  keepShell().catch(() => {}); // the desk works without it while the page stays open

  return {
    find, send, during, sync, wipe, now,
    rows: () => (list ? list.rows.map(outside) : []),
    rules: () => (list ? { ...list.rules } : null),
    onchange: (f) => { told.push(f); f({ ...state }); },
  };
}
