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
  const starts = Date.parse(row.starts);
  if (HERE.includes(row.status)) return "already";
  if (row.status !== "booked") return "over";
  if (now < starts - rules.early * 60000) return "early";
  return now > starts + rules.late * 60000 ? "late" : "ok";
}

const clock = (ms) => new Date(ms + 8 * 3600000).toISOString().slice(11, 16); // in the one zone there is

function sentence(kind, row, now, rules) {
  const starts = Date.parse(row.starts);
  return word(kind, {
    who: row.names.join(word("and")), time: clock(starts), opens: clock(starts - rules.early * 60000),
    n: Math.floor((now - starts) / 60000), ticket: row.ticket || "", status: word(row.status)
  });
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
