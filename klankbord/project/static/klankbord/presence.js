// Who else has a conversation open, and who writes. This browser says so for itself; a change at a colleague comes as an
// event, and then the whole short list is fetched, at most once a second.

import { say } from "./said.js";

const STILL_HERE = 25000; // milliseconds; less than half of what a sign of life lasts (presence.py)
const LOOK = 3000; // how often this browser looks whether something changed with itself
const TYPED = 15000; // somebody who typed less than this ago is writing
const SETTLE = 1000;

const byId = (id) => document.getElementById(id);
const seen = new Map(); // conversation -> the list of people as it came
let open = "";
let writing = false;
let sentAt = 0;
let typedAt = 0;
let settling = 0;
let expiring = 0;
let stale = false;

function post(address, fields, keepalive = false) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const body = new URLSearchParams({ ...fields, csrfmiddlewaretoken: token });
  return fetch(address, { method: "POST", body, keepalive, credentials: "same-origin" }).catch(() => {});
}

function openHere() {
  const thread = byId("thread");
  const inSight = !document.hidden && thread.checkVisibility() && thread.querySelector("form[data-draft]");
  return inSight ? thread.dataset.id ?? "" : "";
}

function isWriting() {
  return Date.now() - typedAt < TYPED && [...document.querySelectorAll("#composer textarea")].some((field) => field.value);
}

function look({ leaving = false } = {}) {
  const id = leaving ? "" : openHere();
  if (!id) {
    if (open) post(`/desk/${open}/away`, {}, true);
    open = "";
    return;
  }
  const writes = isWriting();
  if (id === open && writes === writing && Date.now() - sentAt < STILL_HERE) return;
  post(`/desk/${id}/here`, { writing: writes ? "yes" : "", left: open });
  [open, writing, sentAt] = [id, writes, Date.now()];
}

document.addEventListener("input", (event) => {
  if (!event.target.closest("#composer")) return;
  typedAt = Date.now();
  if (!writing) look();
});
addEventListener("pagehide", () => look({ leaving: true }));
document.addEventListener("visibilitychange", () => {
  look();
  if (!document.hidden && stale) refresh();
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "thread") return;
  typedAt = 0;
  look();
  showOpen();
});
setInterval(look, LOOK);

// What colleagues do.

function showRow(row) {
  row.querySelector(".there")?.remove();
  const there = seen.get(row.dataset.id);
  if (there) row.querySelector(".row__state")?.prepend(there.cloneNode(true));
}

function showOpen() {
  const place = byId("present");
  if (!place) return;
  const there = seen.get(byId("thread").dataset.id);
  place.hidden = !there;
  place.replaceChildren(...(there ? [there.cloneNode(true)] : []));
}

const writersIn = (list) => [...(list?.querySelectorAll(".there__one--writes .there__name") ?? [])].map((name) => name.textContent);

async function refresh() {
  settling = 0;
  stale = document.hidden;
  if (stale) return;
  const answer = await fetch("/desk/presence", { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  const before = writersIn(seen.get(byId("thread").dataset.id));
  seen.clear();
  for (const there of template.content.querySelectorAll(".there")) seen.set(there.dataset.id, there);
  document.querySelectorAll("#queue-list .row").forEach(showRow);
  showOpen();
  for (const text of writersIn(seen.get(byId("thread").dataset.id))) if (!before.includes(text)) say(text);
  const ends = [...template.content.querySelectorAll("[data-until]")].map((one) => Date.parse(one.dataset.until));
  clearTimeout(expiring);
  if (ends.length) expiring = setTimeout(refresh, Math.max(SETTLE, Math.min(...ends) - Date.now() + SETTLE));
}

// Not all desks in the same instant.
document.addEventListener("klankbord:presence", () => { settling ||= setTimeout(refresh, SETTLE * (1 + Math.random())); });
document.addEventListener("klankbord:row", (event) => showRow(event.target));

look();
