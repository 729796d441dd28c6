// The card of a couple as a desk knows them by itself: out of its own list, before
// the server has answered, or while it is away. And what a temperature is.
"use strict";

const SIGNS = { ok: "✓", early: "◷", late: "◷", "wrong-day": "✕", already: "i", over: "✕" };
const TONES = { ok: "yes", early: "wait", late: "wait", "wrong-day": "no", already: "known", over: "no" };
const HERE = ["checked_in", "late", "called", "in_service"];

const words = JSON.parse(document.getElementById("scan").dataset.words);

// word is a text of the page with what stands in its braces.
export function word(id, facts = {}) {
  return Object.keys(facts).reduce((text, name) => text.replace(`{${name}}`, facts[name]), words[id] || "");
}

// tenths reads a temperature as the server does: 365, 36.5, 36,5 and ３６。５ are
// 365. It is NaN for what is none.
export function tenths(typed) {
  const plain = typed.replace(/[０-９]/g, (d) => String.fromCharCode(d.charCodeAt(0) - 0xfee0)).replace(/[,，．。]/g, ".").replace(/℃|°C/, "").trim();
  if (/^\d\d\.?\d$/.test(plain)) return +plain.replace(".", "");
  return /^\d\d$/.test(plain) ? plain * 10 : NaN;
}

export const odd = (t) => t < 340 || t > 430;
export const printed = (t) => `${Math.floor(t / 10)}.${t % 10}`;

// judge is what a couple of the list is told at a time, as the server judges it.
export function judge(row, now, rules) {
  const starts = Date.parse(row.starts), came = row.arrived ? Date.parse(row.arrived) : now;
  if (HERE.includes(row.status)) return "already";
  if (row.status !== "booked") return "over";
  if (!row.arrived && now < starts - rules.early * 60000) return "early";
  return came > starts + rules.late * 60000 ? "late" : "ok";
}

const clock = (ms) => new Date(ms + 8 * 3600000).toISOString().slice(11, 16); // in the one zone there is

function sentence(kind, row, now, rules) {
  const starts = Date.parse(row.starts);
  return word(kind, {
    who: row.names.join(word("and")), time: clock(starts), opens: clock(starts - rules.early * 60000),
    n: Math.floor((now - starts) / 60000), ticket: row.ticket || "", status: word(row.status)
  });
}

// active: they are expected, or in the hall.
export const active = (row) => row.status === "booked" || HERE.includes(row.status);

// say puts a sentence on the card in place of a couple.
function say(card, text, tone) {
  const said = document.createElement(tone ? "p" : "h2");
  if (tone) {
    const sign = document.createElement("span"), words = document.createElement("span");
    Object.assign(sign, { className: "sign", textContent: SIGNS.over, ariaHidden: "true" });
    words.textContent = text;
    said.className = "verdict " + tone;
    said.setAttribute("role", "status");
    said.append(sign, " ", words);
  } else said.textContent = text;
  for (const name of Object.keys(card.dataset)) delete card.dataset[name];
  Object.assign(card.dataset, { tone, local: "" });
  card.replaceChildren(said);
}

// unknown says that nobody in the list is meant, which is all that is known.
export function unknown(card) {
  say(card, word("refused_no_such_appointment"), "no");
}

// choose lists those of the list who may be meant.
export function choose(card, rows) {
  const all = document.createElement("ul");
  for (const row of rows) {
    const line = document.createElement("li"), way = document.createElement("a");
    Object.assign(way, { href: "/desk/" + row.number, textContent: row.names.join(word("and")) });
    way.dataset.open = row.number;
    line.append(way, " ", clock(Date.parse(row.starts)) + "–\u2060" + clock(Date.parse(row.ends)), " · ", word(row.status));
    all.append(line);
  }
  all.className = "who";
  say(card, word("found"), "");
  card.append(all);
}

// fill puts a couple of the list on the card.
export function fill(card, row, now, rules) {
  const fresh = document.getElementById("local").content.cloneNode(true), kind = judge(row, now, rules);
  const part = (selector) => fresh.querySelector(selector);
  part(".verdict").classList.add(TONES[kind]);
  part(".sign").textContent = SIGNS[kind];
  part(".says").textContent = sentence(kind, row, now, rules);
  part(".when").textContent = clock(Date.parse(row.starts)) + "–\u2060" + clock(Date.parse(row.ends));
  part(".which").textContent = row.number;
  row.names.forEach((name, i) => {
    const line = document.createElement("li"), who = document.createElement("b"), tail = document.createElement("span");
    who.textContent = name;
    tail.className = "digits";
    tail.textContent = (row.tails || [])[i] || "";
    line.append(who, " ", tail);
    part(".who").append(line);
  });
  if (kind === "already" || kind === "over") part("#receive").remove();
  else arrival(part("#receive"), row, kind);
  for (const name of Object.keys(card.dataset)) delete card.dataset[name];
  Object.assign(card.dataset, { number: row.number, kind, tone: TONES[kind], local: "" });
  card.replaceChildren(fresh);
}

function arrival(form, row, kind) {
  form.action = `/desk/${row.number}/check-in`;
  form.querySelectorAll('[inputmode="decimal"]').forEach((input, i) => {
    const field = input.closest(".field");
    if (i >= row.names.length) return field.remove();
    field.querySelector("label").textContent = word("celsius", { who: row.names[i] });
  });
  const does = { early: "take_early", late: "take_late" }[kind] || (form.querySelector("input") || row.names.length < 2 ? "door" : "both");
  form.querySelector(".does").textContent = word(does);
}
