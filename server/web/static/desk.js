// What a script adds to the desk, which works without one: what a scanner types is
// taken wherever the focus is, a couple is on the card before the server has
// answered, and the next may be scanned at once.
"use strict";

const byId = (id) => document.getElementById(id);
const scan = byId("scan"), box = byId("q"), card = byId("card"), away = byId("away");
const set = scan.dataset, ahead = set.now - Date.now(), patience = 8000, soonOpen = 1000; // ms
let now = () => Date.now() + ahead; // until the store is there: a page that was kept tells the time when it was made
const rules = { early: +set.early, late: +set.late };

// start begins once the parts are there.
async function start() {
  const [{ Scanner }, cards, { tones }] = await Promise.all([import(set.scanner), import(set.card), import(set.tones)]);
  const sound = tones(byId("sound")), own = document.querySelector(".own");
  let turn = 0, settled = true, pressed = false, store = null;

  const opening = import(set.store).then((kept) => kept.openStore({ office: set.office, day: set.day })).then((opened) => {
    store = opened;
    document.querySelector("p.offline").remove(); // the desk goes on without a network, and says so itself
    now = store.now;
    store.onchange(standing);
  }).catch(() => {}); // without it the desk needs the server

  const scanner = new Scanner({ scanned: (digits) => { box.value = digits; look(digits); }, put: type }).listen(window);

  // standing says how the store stands, and when something waits that it waits.
  let stood = "", waiting = 0, failed = 0, online = true;
  function standing(s) {
    const some = (id, n) => (n ? cards.word(id, { n }) : "");
    const text = !s.online ? cards.word("offline", { n: s.waiting }) : s.syncing && s.waiting ? cards.word("syncing", s.syncing)
      : some(s.signedOut ? "signed_out" : "waiting", s.waiting) || some("others", s.others);
    waiting = s.waiting;
    online = s.online;
    if (text !== stood) tell(stood = text);
    if (s.failed !== failed && s.online) ask("/desk?office=" + set.office).then(conflicts).catch(() => {});
    failed = s.failed;
  }

  function conflicts(page) {
    byId("unsettled").replaceChildren(...page.getElementById("unsettled").childNodes);
    queue(page);
  }

  // type puts what a person has typed where the focus is.
  function type(text) {
    if (!document.activeElement || !("value" in document.activeElement)) box.focus();
    document.execCommand("insertText", false, text);
  }

  function tell(text) {
    if (away.textContent !== text) away.textContent = text;
    away.hidden = !text;
  }

  // ask sends a form, or gets a page, and is the page that came. Whoever is signed out
  // meanwhile goes to sign in, unless a couple stands there and has to stay.
  async function ask(at, body, stay = false) {
    const stop = new AbortController(), late = setTimeout(() => stop.abort(), patience);
    try {
      const answer = await fetch(at, { method: body ? "POST" : "GET", body, signal: stop.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (page.getElementById("card")) return page;
      if (answer.status < 500 && !stay) location.href = "/desk"; // signed out, or not theirs any more
      throw new Error("no card");
    } finally {
      clearTimeout(late);
    }
  }

  // look finds whom a text means: at once in the list of the desk, and then for sure.
  const look = (text) => text.trim() && show(text.trim(), "/desk/find", new URLSearchParams({ office: set.office, q: text.trim() }));
  const open = (number) => show(number, "/desk/" + number);

  // listed is whom the list knows; who is scanned as the page opens waits for it a moment.
  async function listed(text) {
    await Promise.race([opening, new Promise((on) => setTimeout(on, soonOpen))]);
    return store ? meant(await store.find(text)) : [];
  }

  async function show(text, at, body) {
    const mine = ++turn;
    pressed = settled = false;
    const rows = await listed(text);
    if (mine !== turn) return;
    if (rows.length === 1) {
      known(rows[0]);
      if (body) box.value = "";
    } else tell(cards.word("looking"));
    if (!online) return gone(rows);
    try {
      const page = await ask(at, body);
      if (mine === turn) settle(page, body && body.get("q"));
    } catch (lost) {
      if (mine !== turn) return;
      tell(cards.word("offline", { n: waiting }));
      if (!rows.length) await opening; // now the list is all there is
      const late = rows.length ? rows : await listed(text);
      if (mine !== turn) return;
      if (!rows.length && late.length === 1) known(late[0]);
      gone(late);
    }
  }

  // known shows a couple as the list has it.
  function known(row) {
    cards.fill(card, row, now(), rules);
    sound(card.dataset.tone);
    focus(card.querySelector("#receive input") || byId("arrive") || box);
  }

  // meant is the one couple that is expected, where others have come or gone already.
  function meant(rows) {
    const now = rows.filter((row) => cards.active(row));
    return now.length === 1 ? now : rows;
  }

  // gone is the card as the desk knows it, which is all there is for now.
  function gone(rows) {
    settled = true;
    if (store && rows.length !== 1) {
      if (rows.length) cards.choose(card, rows);
      else cards.unknown(card);
      sound(card.dataset.tone);
      focus(card.querySelector("a") || box);
    }
    tell(cards.word("offline", { n: waiting }));
    const note = card.querySelector(".checking");
    if (note) note.textContent = away.textContent;
    if (pressed && rows.length === 1) receive(byId("receive"));
  }

  // settle takes over what the server says, with what was typed meanwhile.
  function settle(page, looked) {
    const fresh = page.getElementById("card"), kind = card.dataset.kind, same = card.dataset.number === fresh.dataset.number;
    const typed = new Map(), at = document.activeElement && card.contains(document.activeElement) && document.activeElement.id;
    if (same && !("done" in fresh.dataset)) card.querySelectorAll("input[id]").forEach((input) => input.value && typed.set(input.id, input.value));
    for (const name of Object.keys(card.dataset)) delete card.dataset[name];
    Object.assign(card.dataset, fresh.dataset);
    const heard = !same || kind !== fresh.dataset.kind || "done" in fresh.dataset;
    card.replaceChildren(...fresh.childNodes);
    typed.forEach((value, id) => { const input = byId(id); if (input && !input.matches("[aria-invalid]")) input.value = value; });
    document.title = page.title;
    settled = true;
    tell("");
    if (page.getElementById("queue")) queue(page);
    box.value = !card.dataset.number && looked || "";
    if (heard) sound(card.dataset.tone);
    focus(same && typed.size && byId(at) || byId(card.dataset.focus) || box);
    if (pressed && same && kind === card.dataset.kind) receive(byId("receive"));
    pressed = false;
  }

  // queue takes over the day of this office: a card may be of another one of theirs.
  function queue(page) {
    const here = byId("queue"), fresh = page.getElementById("queue"), of = page.getElementById("scan");
    if (here && fresh && of && of.dataset.office === set.office) here.replaceChildren(...fresh.childNodes);
  }

  // receive sends what was measured; to the desk's own list where the server is away.
  async function receive(form) {
    if (!form || wrong(form)) return;
    if (!settled) {
      pressed = true; // and sent when it is known who they are
      form.setAttribute("aria-busy", "true");
      return;
    }
    const body = new URLSearchParams(new FormData(form)), number = card.dataset.number;
    if (!body.get("key")) body.set("key", crypto.randomUUID());
    const mine = ++turn;
    settled = false;
    form.setAttribute("aria-busy", "true");
    const came = await handOver(deedOf(number, body), () => ask(form.action, body, !!store));
    if (came.state !== "sent") return alone(came, number, mine === turn);
    if (mine === turn) settle(came.answer);
    else queue(came.answer);
  }

  // handOver has the store keep a deed until send has an answer. What only the server can
  // do (a deed that is null) is kept by nobody.
  async function handOver(deed, send) {
    const act = () => (online ? send() : Promise.reject(new Error("offline")));
    if (store && deed) return store.during(deed, act).catch(() => ({}));
    return act().then((answer) => ({ state: "sent", answer }), () => ({}));
  }

  // deedOf is what a form says, as the store keeps it; null for those who came before and
  // are entered later: whoever has them on paper has them still.
  function deedOf(number, body) {
    if ((body.get("arrived") || "").trim()) return null;
    const device = (body.get("device") || "").trim(), readings = [], reason = (body.get("companion.reason") || "").trim();
    for (const party of [1, 2]) for (const of of ["reading.", "again."]) {
      const celsius = cards.tenths(body.get(of + party) || "");
      if (celsius) readings.push({ party, celsius, device });
    }
    const along = cards.tenths(body.get("companion.celsius") || "") || 0;
    const companions = reason || along ? [{ reason, celsius: along, device }] : [];
    const early = body.has("early") || card.dataset.kind === "early";
    return { kind: "check-in", number, key: body.get("key"), readings, companions, early };
  }

  // alone says what the desk has decided by itself: on the card, or beside it where
  // another couple is on it already.
  function alone(kept, number, here) {
    const why = () => cards.word("refused_" + kept.code, kept) || cards.word("not_kept");
    const says = kept.state !== "saved" ? why() : kept.ticket ? cards.word("saved", { ticket: kept.ticket }) : cards.word("saved_" + kept.outcome);
    if (!here) return tell(cards.word("of", { number, says }));
    settled = true;
    const form = byId("receive"), said = card.querySelector(".says, .verdict > :last-child"), note = card.querySelector(".checking");
    if (form) form.removeAttribute("aria-busy");
    if (kept.state !== "saved") return tell(says);
    said.textContent = says;
    if (note) note.remove();
    form.remove();
    card.dataset.done = "";
    sound("wait");
    focus(box);
  }

  // wrong reads the temperatures before they are sent, and asks again for what is none.
  function wrong(form) {
    const bad = [...form.querySelectorAll('[inputmode="decimal"]')].filter((input) => input.value && asked(input));
    if (bad.length) focus(bad[0]);
    return bad.length > 0;
  }

  // asked says beside an input that its value is no temperature, if it is none.
  function asked(input) {
    const t = cards.tenths(input.value), id = input.id + "-odd", said = byId(id);
    if (said) said.remove();
    const odd = Number.isNaN(t) || cards.odd(t);
    if (!odd) {
      input.removeAttribute("aria-invalid");
      input.value = cards.printed(t);
      return false;
    }
    const note = document.createElement("p");
    Object.assign(note, { id, className: "wrong", textContent: cards.word("odd", { value: Number.isNaN(t) ? input.value : cards.printed(t) }) });
    note.setAttribute("role", "alert");
    input.setAttribute("aria-invalid", "true");
    input.before(note);
    return true;
  }

  // A temperature is whole with its third digit: the next is typed at once.
  card.addEventListener("input", ({ target: input }) => {
    if (input.inputMode !== "decimal" || Number.isNaN(cards.tenths(input.value)) || input.value.length < 3) return;
    const value = input.value;
    setTimeout(() => {
      if (scanner.busy || input.value !== value || document.activeElement !== input) return;
      if (asked(input)) return input.select();
      const all = [...card.querySelectorAll("#receive .readings input")];
      focus(all.slice(all.indexOf(input) + 1).find((next) => !next.value) || byId("arrive"));
    }, 80);
  });

  function focus(on) {
    if (own) own.hidden = !!card.dataset.number; // theirs is not to be taken for the couple's
    on.focus();
    if (on.select && on.value) on.select();
  }

  // reset is the desk with nobody at it.
  function reset() {
    turn++;
    settled = true;
    for (const name of Object.keys(card.dataset)) delete card.dataset[name];
    card.replaceChildren();
    box.value = "";
    tell("");
    focus(box);
  }

  scan.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation(); // what other pages do before they are left
    if (box.value.trim()) look(box.value);
    else act("[data-default]");
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.target === "_blank") return event.stopImmediatePropagation(); // on paper: this page stays
    if (form.id !== "receive" && !form.matches(".next")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.id === "receive") receive(form);
    else letIn(form);
  }, true);

  async function letIn(form) {
    const body = new URLSearchParams(new FormData(form)), number = form.getAttribute("action").split("/")[2];
    if (!body.get("key")) body.set("key", crypto.randomUUID());
    const came = await handOver({ kind: "enter", number, key: body.get("key") }, () => ask(form.action, body));
    if (came.state !== "sent") return tell(came.state === "saved" ? cards.word("offline", { n: waiting }) : cards.word("not_kept"));
    queue(came.answer);
    tell([...came.answer.querySelectorAll("#card .summary p")].map((p) => p.textContent).join(" "));
  }

  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-open]"), later = event.target.closest('[data-press="F8"]');
    if (!row && !later || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (later) reset();
    else open(row.dataset.open);
  });

  // act presses what a key is printed on.
  function act(selector) {
    const on = card.querySelector(selector);
    if (on) on.click();
    return !!on;
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    const name = (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + event.key, idle = document.activeElement === document.body;
    if (name === "Escape") reset();
    else if (name === "F2") focus(box);
    else if (/^(?:F8|F9|Ctrl\+Enter)$/.test(name)) act(`[data-press="${name}"]`);
    else if (name === "Enter" && idle) act("[data-default]");
    else {
      if (idle && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) box.focus();
      return;
    }
    event.preventDefault();
  });

  // Keys of a window that is not in front reach nobody here.
  const blocked = byId("blocked");
  window.addEventListener("blur", () => { blocked.hidden = false; });
  window.addEventListener("focus", () => { blocked.hidden = true; });
  blocked.addEventListener("click", () => { blocked.hidden = true; focus(box); });

  // Whoever rests after a fever is called to mind when it is time.
  const reminded = new Set();
  setInterval(() => document.querySelectorAll("[data-until]").forEach((row) => {
    if (Date.parse(row.dataset.until) > now() || reminded.has(row.dataset.until)) return;
    reminded.add(row.dataset.until);
    row.classList.add("due");
    sound("wait");
    tell(cards.word("due"));
  }), 5000);

  const camera = byId("camera");
  let shut = null;
  camera.hidden = !(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
  camera.addEventListener("click", async () => {
    if (shut) shut = shut();
    else {
      shut = await import(set.camera).then((c) => c.watch(byId("view"), set.qr, (code) => { box.value = code; look(code); }))
        .catch(() => { tell(cards.word("no_camera")); });
    }
    camera.setAttribute("aria-pressed", String(!!shut));
  });

  if (!card.dataset.number) focus(box);
  else if (byId(card.dataset.focus)) focus(byId(card.dataset.focus));
  document.documentElement.dataset.desk = "ready";
}

start();
