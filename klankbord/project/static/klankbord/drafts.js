// What somebody types is kept: at once in this tab, a moment later on the server, where it survives reload, log-out and
// hand-over. The copy in the tab goes as soon as the server has it.

import { say } from "./said.js";

const LOCAL = "klankbord-draft-";
const PAUSE = 700; // milliseconds without a key before it is kept
const AGAIN = 5000; // after a save that failed

const timers = new Map();
const underway = new Map();
const behind = new Set(); // forms that changed while a save was under way

function stored(key, value) {
  try {
    if (value === undefined) return sessionStorage.getItem(key);
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // Storage is switched off: only the server keeps it.
  }
  return null;
}

const local = (form) => LOCAL + form.dataset.draft;
const field = (form, name) => form.querySelector(`[name=${name}]`);

function content(form) {
  return { text: field(form, "text").value, to: field(form, "to")?.value ?? "", visibility: field(form, "visibility")?.value ?? "", client_id: field(form, "client_id").value };
}

// crypto.randomUUID() is only there on a secure address.
function freshIdentity() {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function show(form, what) {
  const state = form.querySelector(".composer__draft");
  if (state) state.textContent = what ? state.dataset[what] : "";
}

async function save(form, { leaving = false } = {}) {
  clearTimeout(timers.get(form));
  timers.delete(form);
  if (underway.has(form) && !leaving) return behind.add(form);
  const now = content(form);
  const abort = new AbortController();
  underway.set(form, abort);
  const body = new URLSearchParams({ ...now, csrfmiddlewaretoken: field(form, "csrfmiddlewaretoken").value });
  try {
    const answer = await fetch(form.dataset.keep, { method: "POST", body, signal: abort.signal, keepalive: leaving, credentials: "same-origin" });
    // it stood open elsewhere too and was sent there: this is something new
    if (answer.status === 409 && form.isConnected) field(form, "client_id").value = freshIdentity();
    if (answer.status !== 204) throw new Error(answer.statusText);
    if (stored(local(form)) === JSON.stringify(now)) stored(local(form), null);
    show(form, now.text.trim() ? "kept" : "");
  } catch {
    if (abort.signal.aborted || !form.isConnected) return;
    show(form, "unkept");
    plan(form, AGAIN);
  } finally {
    if (underway.get(form) === abort) underway.delete(form);
    if (behind.delete(form)) save(form);
  }
}

function plan(form, wait = PAUSE) {
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(save, wait, form));
}

function touched(form) {
  stored(local(form), JSON.stringify(content(form)));
  plan(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-draft]");
  if (!form || event.target.tagName !== "TEXTAREA") return;
  show(form, "");
  touched(form);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-draft]");
  if (form && event.target.name === "visibility" && field(form, "text").value) touched(form);
});

// A link that chooses whom to answer makes a fresh form; what was typed goes along.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-answer-to]");
  const form = document.querySelector(".composer__form--reply");
  if (!link || !form || !field(form, "text").value) return;
  stored(local(form), JSON.stringify({ ...content(form), to: link.dataset.answerTo }));
}, { capture: true });

function leave() {
  for (const form of timers.keys()) save(form, { leaving: true });
}
addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
document.body.addEventListener("htmx:beforeSwap", leave);

// What is being sent is no draft; the server sees to that too, should a save arrive late.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (!form.matches?.("form[data-draft]")) return;
  clearTimeout(timers.get(form));
  timers.delete(form);
  behind.delete(form);
  underway.get(form)?.abort();
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  // htmx puts what still stands in the page in "elt": a form that made room for a fresh one is no longer there
  const form = event.detail.requestConfig.elt;
  if (!form.matches?.("form[data-draft]")) return;
  const refused = /id="(reply|note)-error"/.test(event.detail.xhr.responseText ?? "");
  const entrance = /\sdata-entrance[\s>]/.test(event.detail.xhr.responseText ?? "");
  if (event.detail.successful && !refused && !entrance) stored(local(form), null);
  else if (form.isConnected) touched(form);
});

function answerTheSameOne(form, to) {
  if (to && to !== field(form, "to")?.value) document.querySelector(`[data-answer-to="${CSS.escape(to)}"]`)?.click();
}

// What this tab still has and the server may not: it was typed last.
function bringBack(form) {
  const kept = stored(local(form));
  if (!kept) return false;
  const { text, to, visibility, client_id: identity } = JSON.parse(kept);
  const textarea = field(form, "text");
  if (!text || textarea.value === text) {
    stored(local(form), null);
    return false;
  }
  textarea.value = text;
  // the same thing that was being written, so that a save of the page before cannot bring it back once it is sent
  field(form, "client_id").value = identity;
  const choice = field(form, "visibility");
  if (choice && [...choice.options].some((option) => option.value === visibility)) choice.value = visibility;
  answerTheSameOne(form, to);
  plan(form);
  return true;
}

// The kind of which a draft came back from this tab; the server has opened the composer for its own already.
export function bringDraftsBack() {
  let kind = null;
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (bringBack(form)) {
      show(form, "back");
      kind ??= form.matches(".composer__form--note") ? "note" : "reply";
    }
    const state = form.querySelector(".composer__draft");
    if (state?.textContent.trim() && field(form, "text").value) say(state.textContent.trim());
  }
  return kind;
}
