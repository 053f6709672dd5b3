// The desk by keyboard and on a phone: keys, panes, the composer. Everything also works without this file.

import { bringDraftsBack } from "./drafts.js";
import { say } from "./said.js";

const desk = document.querySelector(".desk");

const byId = (id) => document.getElementById(id);
const isPhone = () => matchMedia("(max-width: 47.5rem)").matches;

// Panes: one at a time on a phone.

function showPane(name, { focus = false } = {}) {
  desk.dataset.pane = name;
  if (!focus) return;
  if (name === "queue") (currentLink() ?? rowLinks()[0])?.focus({ preventScroll: false });
  else if (name === "context") byId("context").focus();
  else byId("thread-scroll")?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-pane-to]");
  if (!control) return;
  if (control.href) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", control.href);
  }
  showPane(control.dataset.paneTo, { focus: true });
});
addEventListener("popstate", (event) => {
  // a link to a place on this page, such as the skip link, is no other page
  if (!event.state?.htmx && !location.hash) location.reload();
});

// The list.

const rowLinks = () => [...document.querySelectorAll("#queue-list .row__link")];
const currentLink = () => document.querySelector("#queue-list .row__link[aria-current]");

function markCurrent(id) {
  currentLink()?.removeAttribute("aria-current");
  const link = byId(`row-link-${id}`);
  if (!link) return;
  link.setAttribute("aria-current", "true");
  const row = link.closest(".row");
  row.classList.remove("row--unread");
  row.removeAttribute("data-unread");
}

function walk(step) {
  const links = rowLinks();
  if (!links.length) return;
  const from = links.indexOf(document.activeElement.closest?.(".row__link") ?? currentLink());
  const to = from < 0 ? 0 : Math.min(Math.max(from + step, 0), links.length - 1);
  links[to].focus();
  links[to].scrollIntoView({ block: "nearest" });
}

function openNextUnread() {
  const rows = [...document.querySelectorAll("#queue-list .row")];
  const from = rows.findIndex((row) => row.contains(document.activeElement) || row.contains(currentLink()));
  const ordered = [...rows.slice(from + 1), ...rows.slice(0, from + 1)];
  const next = ordered.find((row) => row.hasAttribute("data-unread"));
  if (!next) return tell(desk.dataset.moreLater);
  const link = next.querySelector(".row__link");
  link.focus();
  link.scrollIntoView({ block: "nearest" });
  link.click();
}

function tell(text) {
  document.dispatchEvent(new CustomEvent("klankbord:say", { detail: { text } }));
}

// The composer.

function write(kind, { focus = true } = {}) {
  const composer = byId("composer");
  if (!composer) return;
  if (kind === "reply" && !byId("reply-text")) kind = "note";
  composer.dataset.writes = kind;
  for (const button of composer.querySelectorAll("[data-write]")) button.setAttribute("aria-pressed", String(button.dataset.write === kind));
  if (focus) {
    if (isPhone()) showPane("thread");
    byId(`${kind}-text`)?.focus();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-write]");
  if (button) write(button.dataset.write);
});

function countRoom(textarea) {
  const room = byId("reply-room");
  const most = Number(textarea.dataset.max);
  if (!room || !most) return;
  const left = most - [...textarea.value].length;
  room.toggleAttribute("data-over", left < 0);
  const text = left < 0 ? desk.dataset.tooLong : desk.dataset.roomLeft;
  room.textContent = textarea.value || left < 0 ? text.replace("{count}", Math.abs(left)) : "";
}

// Who can read the answer: the words above the field and its colour say what is chosen below it.
function sayWhoReads() {
  const chosen = byId("reply-visibility");
  if (!chosen) return;
  let isPrivate = false;
  for (const sentence of document.querySelectorAll("#composer [data-visibility]")) {
    sentence.hidden = sentence.dataset.visibility !== chosen.value;
    if (!sentence.hidden) isPrivate = sentence.hasAttribute("data-private");
  }
  byId("composer").classList.toggle("composer--private", isPrivate);
}

document.addEventListener("change", (event) => {
  if (event.target.id === "reply-visibility") sayWhoReads();
  // a browser forgets the file when the answer comes back without it, so it asks first
  if (event.target.id === "reply-file") {
    byId("reply-alt").required = [...event.target.files].some((file) => file.type.startsWith("image/"));
  }
});

document.addEventListener("input", (event) => {
  if (event.target.matches("form[data-draft] textarea")) countRoom(event.target);
});

// A form that was open too long, or a log-in that ended: the answer is another page. Drafts are kept, so go there.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (!/\sdata-entrance[\s>]/.test(event.detail.serverResponse ?? "")) return;
  event.detail.shouldSwap = false;
  location.assign(location.href);
});

// A fresh thread.

// The button or field that was used may be gone, and the focus with it; who went on or writes meanwhile stays there.
function keepFocus() {
  const at = document.activeElement;
  const done = at === document.body || at.closest(".kb-toast, #thread-head") || (at.closest("#composer") && !at.value);
  if (done) byId("thread-scroll")?.focus({ preventScroll: true });
}

function showControls() {
  for (const hidden of document.querySelectorAll("#thread [data-pane-to], #context [data-pane-to], .composer__switch")) hidden.hidden = false;
}

function setUpComposer(writes) {
  showControls();
  const composer = byId("composer");
  if (!composer) return;
  const back = bringDraftsBack();
  write(writes ?? (composer.dataset.writes === "note" ? "note" : back) ?? composer.dataset.writes, { focus: false });
  for (const textarea of composer.querySelectorAll("form[data-draft] textarea")) countRoom(textarea);
  sayWhoReads();
}

document.addEventListener("klankbord:composer", (event) => setUpComposer(event.detail.writes));

function setUpThread() {
  const thread = byId("thread");
  const id = thread.dataset.id;
  setUpComposer();
  if (id) markCurrent(id);
  const scroll = byId("thread-scroll");
  if (scroll) scroll.scrollTop = scroll.scrollHeight;
}

let textBefore = "";
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id !== "thread") return;
  event.detail.target.classList.add("is-loading");
  textBefore = byId("reply-text")?.value ?? "";
});
// Of a line or a head that a live change replaced while the answer was on its way, no htmx:afterRequest is heard.
let replaced = false;
document.body.addEventListener("htmx:beforeSwap", (event) => {
  replaced = !event.detail.requestConfig.elt.isConnected;
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "thread-head") keepFocus();
  if (replaced) arrived(event.detail);
});
document.body.addEventListener("htmx:afterRequest", (event) => arrived(event.detail));

function arrived({ requestConfig: { elt }, successful, target }) {
  byId("thread").classList.remove("is-loading");
  showControls();
  if (successful && target?.id === "composer") {
    const writes = elt.matches("[data-answer-to]") ? "reply" : byId("composer").dataset.writes;
    setUpComposer(writes);
    write(writes);
  }
  if (!successful || target?.id !== "thread") return;
  setUpThread();
  if (elt.matches(".row__link")) {
    if (isPhone()) showPane("thread", { focus: true });
    else showPane("thread");
  } else if (elt.matches(".kb-toast__undo")) {
    elt.closest(".kb-toast").remove();
    keepFocus();
    // an answer that was taken back stands in the field again
    const text = byId("reply-text")?.value ?? "";
    if (text !== textBefore && document.activeElement === byId("thread-scroll")) write("reply");
  } else if (byId("reply-error") || byId("note-error")) {
    const kind = byId("note-error") ? "note" : "reply";
    write(kind);
  } else {
    keepFocus();
    const state = [...document.querySelectorAll("#posts .delivery__text")].at(-1);
    if (elt.matches(".composer__form--reply") && state) say(state.textContent.trim());
  }
}

// Keys.

const typing = (element) => element.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const press = (selector) => document.querySelector(selector)?.click();
const help = byId("keys");

const ACTS = {
  "?": () => help.showModal(),
  "/": () => { if (isPhone()) showPane("queue"); byId("search").focus(); byId("search").select(); },
  j: () => walk(1),
  k: () => walk(-1),
  n: openNextUnread,
  r: () => write("reply"),
  i: () => write("note"),
  a: () => press("#assign-me"),
  e: () => press("#close"),
  z: () => press(".kb-toast__undo button"),
};

const singleKeys = byId("single-keys");
singleKeys.addEventListener("change", () => {
  const body = new FormData(singleKeys.form);
  body.set("single_keys", singleKeys.checked ? "yes" : "no");
  fetch(singleKeys.form.action, { method: "POST", body, credentials: "same-origin" }).catch(() => tell(document.body.dataset.noConnection));
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  const field = typing(event.target);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest("form[data-draft]");
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.key === "Escape" && field && !help.open) {
    event.preventDefault();
    field.blur();
    (field.closest("#thread") ? byId("thread-scroll") : currentLink() ?? rowLinks()[0])?.focus({ preventScroll: true });
    return;
  }
  if (field || help.open || !singleKeys.checked || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = Object.hasOwn(ACTS, event.key) ? ACTS[event.key] : null;
  if (!act) return;
  event.preventDefault();
  act();
});

const keysButton = document.querySelector("[data-open-keys]");
keysButton.hidden = false;
keysButton.addEventListener("click", () => help.showModal());

setUpThread();
currentLink()?.scrollIntoView({ block: "nearest" });
