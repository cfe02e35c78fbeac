"use strict";
const $ = (id) => document.getElementById(id);
const SHOWN = 10; // classes, the likeliest first
const LEAST = 0.01; // of probability that hiding a part must cost to be shown
let models = [], current = null, turn = 0;

const percent = (p) => (p > 0.999 && p < 1 ? "> 99.9" : p > 0 && p < 0.001 ? "< 0.1" : (100 * p).toFixed(1)) + " %";
const number = (x) => x.toLocaleString("en", { maximumSignificantDigits: 6 });
const model = () => models.find((m) => m.name === $("model").value) || models[0];

async function call(path, options = {}) {
  const headers = { ...options.headers };
  if ($("key").value) headers["X-API-Key"] = $("key").value;
  let reply;
  try {
    reply = await fetch(path, { ...options, headers });
  } catch {
    throw new Error("The server does not answer.");
  }
  const told = await reply.json().catch(() => ({ error: "The server's answer cannot be read." }));
  if (reply.status === 401) { $("locked").hidden = false; $("key").focus(); }
  if (!reply.ok) throw new Error(told.predictions?.[0]?.error || told.error);
  return told;
}

function say(text, wrong = false) {
  $("state").textContent = text;
  $("state").className = wrong ? "wrong" : "";
}

async function begin() {
  try {
    models = (await call("models")).models;
  } catch (problem) {
    return say(problem.message, true);
  }
  $("locked").hidden = true;
  say("");
  $("model").replaceChildren(...models.map((m) => new Option(m.name, m.name)));
  $("which").hidden = models.length < 2;
  choose();
}

function choose() {
  const m = model();
  document.title = $("title").textContent = m.name;
  $("sentence").textContent = m.sentence || "";
  $("by-file").hidden = m.input !== "file";
  $("by-text").hidden = m.input !== "text";
  $("explain").textContent = m.input === "text" ? "Which words matter?" : "Where did it look?";
  $("said").hidden = true;
  current = null;
  say("");
}

async function ask() {
  if (!current) return;
  const mine = ++turn, m = model(), query = new URLSearchParams({ model: m.name });
  if (m.judged) query.set("coverage", $("coverage").value);
  say("Asking …");
  try {
    const told = await call("predict?" + query, current.request);
    if (mine !== turn) return;
    const row = told.predictions[0];
    if (row.error) throw new Error(row.error);
    show(m, row);
    say("");
  } catch (problem) {
    if (mine !== turn) return;
    $("said").hidden = true;
    say((current.name ? current.name + ": " : "") + problem.message, true);
  }
}

function show(m, row) {
  const numeric = "value" in row, share = $("coverage").value * 100;
  $("said").hidden = false;
  $("seen").hidden = !current.url;
  if (current.url && $("picture").src !== current.url) $("picture").src = current.url;
  $("picture").alt = current.name || "";
  $("heat").hidden = $("told").hidden = $("explained").hidden = true;
  $("verdict").className = row.sure === false ? "unsure" : "";
  $("verdict").textContent = verdict(m, row, numeric);
  bars(m, row);
  $("sure-row").hidden = !m.judged;
  $("basis").textContent = basis(m, row, numeric, share);
}

function verdict(m, row, numeric) {
  if (numeric) return (m.labels[0] ? m.labels[0] + ": " : "") + number(row.value)
    + (row.interval ? ` (${number(row.interval[0])} to ${number(row.interval[1])})` : "");
  if (row.labels) return row.labels.length ? row.labels.join(", ") : "None of the labels";
  if (row.sure === false) return row.set.length ? "Not sure: " + row.set.slice(0, 4).join(", or ")
    + (row.set.length > 4 ? `, or ${row.set.length - 4} more` : "") : "Not sure: it looks like none of the classes";
  return row.label;
}

function basis(m, row, numeric, share) {
  if (!m.judged) return row.labels ? "" : "How sure it is cannot be told: no judged predictions are kept beside this model.";
  const by = `by its ${m.judged} judged predictions`;
  if (numeric) return row.interval ? `The interval holds the truth ${share} times in a hundred, ${by}.`
    : `Too few judged predictions (${m.judged}) for ${share} %.`;
  return `The true class is among those marked ${share} times in a hundred, ${by}; one alone is sure.`;
}

function bars(m, row) {
  const marked = new Set(row.labels || row.set || [row.label]);
  const all = Object.entries(row.probabilities || {});
  if (!row.labels) all.sort((a, b) => b[1] - a[1]);
  const lines = all.slice(0, row.labels ? all.length : SHOWN).map(([label, p]) => {
    const item = document.createElement("li"), line = document.createElement("div");
    const track = document.createElement("div"), bar = document.createElement("div");
    line.className = "line";
    track.className = "track";
    bar.style.width = 100 * p + "%";
    for (const text of [label, percent(p)]) line.append(Object.assign(document.createElement("span"), { textContent: text }));
    if (marked.has(label)) item.className = "in";
    track.append(bar);
    item.append(line, track);
    return item;
  });
  $("bars").replaceChildren(...lines);
}

async function explain() {
  const mine = turn;
  $("explain").disabled = true;
  $("explained").hidden = false;
  $("explained").textContent = "Hiding one part after the other …";
  try {
    const found = await call("explain?" + new URLSearchParams({ model: model().name }), current.request);
    if (mine === turn) (current.url ? onPicture : onText)(found);
  } catch (problem) {
    $("explained").textContent = problem.message;
  } finally {
    $("explain").disabled = false;
  }
}

const worth = (found, part) => (found.label === undefined ? Math.abs(part.drop) : Math.max(part.drop, 0));

function strongest(found) {
  const most = Math.max(...found.parts.map((part) => worth(found, part)));
  return found.label === undefined || most >= LEAST ? most : 0;
}

function legend(found, most) {
  const what = found.label === undefined ? "the number changes by" : `the probability of ${found.label} falls by`;
  const size = found.label === undefined ? number(most) : (100 * most).toFixed(1) + " points";
  $("explained").textContent = most > 0 ? `Strongest where, with that part hidden, ${what} up to ${size}.`
    : "No single part matters: with any one of them hidden the answer stays as it is.";
}

function onPicture(found) {
  const side = Math.round(Math.sqrt(found.parts.length)), most = strongest(found);
  const heat = $("heat"), draw = heat.getContext("2d");
  heat.width = heat.height = side;
  for (const part of found.parts) {
    draw.fillStyle = `rgba(255, 90, 0, ${most > 0 ? 0.75 * worth(found, part) / most : 0})`;
    draw.fillRect(Math.round(part.at[0] * side), Math.round(part.at[1] * side), 1, 1);
  }
  heat.hidden = false;
  legend(found, most);
}

function onText(found) {
  const most = strongest(found), letters = current.text;
  const out = [];
  let at = 0;
  for (const part of found.parts) {
    const [start, end] = part.at, mark = document.createElement("mark");
    mark.textContent = [...letters].slice(start, end).join("");
    mark.style.backgroundColor = `rgba(255, 120, 0, ${most > 0 ? 0.6 * worth(found, part) / most : 0})`;
    out.push([...letters].slice(at, start).join(""), mark);
    at = end;
  }
  $("told").replaceChildren(...out);
  $("told").hidden = false;
  legend(found, most);
}

function take(file) {
  if (!file) return;
  if (current?.url) URL.revokeObjectURL(current.url);
  const form = new FormData();
  form.append("file", file, file.name || "pasted picture");
  current = { name: file.name || "pasted picture", url: URL.createObjectURL(file), request: { method: "POST", body: form } };
  ask();
}

function write() {
  const text = $("text").value;
  if (!text.trim()) return say("Write a text first.", true);
  const request = { method: "POST", body: JSON.stringify({ inputs: [text] }), headers: { "Content-Type": "application/json" } };
  current = { text, request };
  ask();
}

$("ask").addEventListener("submit", (event) => { event.preventDefault(); models.length && model().input === "text" ? write() : begin(); });
$("text").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) write(); });
$("key").addEventListener("change", begin);
$("model").addEventListener("change", choose);
$("file").addEventListener("change", (event) => { take(event.target.files[0]); event.target.value = ""; });
$("coverage").addEventListener("change", ask);
$("explain").addEventListener("click", explain);
$("picture").addEventListener("error", () => { $("seen").hidden = true; });
for (const kind of ["dragenter", "dragover"]) addEventListener(kind, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
for (const kind of ["dragleave", "drop"]) addEventListener(kind, () => $("drop").classList.remove("over"));
addEventListener("drop", (event) => { event.preventDefault(); if (models.length && model().input === "file") take(event.dataTransfer.files[0]); });
addEventListener("paste", (event) => { if (models.length && model().input === "file") take(event.clipboardData.files[0]); });
begin();
