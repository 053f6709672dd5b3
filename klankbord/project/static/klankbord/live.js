// What others do appears by itself, and nothing moves under a hand: rows change in place, new ones wait behind a button.

import { sayNew } from "./said.js";

const desk = document.querySelector(".desk");
const byId = (id) => document.getElementById(id);
const SETTLE = 150; // milliseconds in which events of one act come together
const MANY = 20; // above this the list is fetched once instead of row by row
const COUNTS_SETTLE = 1000; // milliseconds in which the counts are asked once
const QUIET = 5000; // how long a connection may be gone before we say so
const RETRY = 5000;

const title = document.title;
const changed = new Set();
const waiting = new Map(); // id -> fresh row that the list does not show yet
let timer = 0;

const filter = () => byId("queue-list").dataset.filter || location.search.slice(1);
const withFilter = (address) => (filter() ? `${address}?${filter()}` : address);

async function fragment(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (response.redirected && !new URL(response.url).pathname.startsWith("/desk")) return { gone: true, content: null };
  if (!response.ok) return { gone: response.status === 404 || response.status === 403, content: null };
  const template = document.createElement("template");
  template.innerHTML = await response.text();
  return { gone: false, content: template.content };
}

// The list.

function put(fresh, old) {
  const focused = old.contains(document.activeElement);
  const link = fresh.querySelector(".row__link");
  if (old.querySelector("[aria-current]") || String(fresh.dataset.id) === byId("thread").dataset.id) link?.setAttribute("aria-current", "true");
  // who is there is put in by this browser, and comes back right away
  old.querySelector(".there")?.remove();
  if (!fresh.isEqualNode(old)) {
    old.replaceWith(fresh);
    window.htmx.process(fresh);
  } else fresh = old;
  showWhoIsThere(fresh);
  if (focused && fresh !== old) link?.focus({ preventScroll: true });
}

function showWhoIsThere(row) {
  row.dispatchEvent(new CustomEvent("klankbord:row", { bubbles: true }));
}

const inSight = (row) => {
  const list = byId("queue").getBoundingClientRect();
  const place = row.getBoundingClientRect();
  return place.bottom > list.top && place.top < list.bottom;
};

const atRest = () => {
  const queue = byId("queue");
  return queue.scrollTop === 0 && !queue.matches(":hover, :focus-within") && !new URLSearchParams(location.search).has("before");
};

function nameIn(row) {
  return row.querySelector(".row__name")?.textContent ?? "";
}

function showWaiting() {
  const button = byId("new-messages");
  const count = waiting.size;
  button.hidden = count === 0;
  const text = count === 1 ? desk.dataset.oneNew : desk.dataset.moreNew.replace("{count}", count);
  if (count) button.textContent = text;
  document.title = count ? `(${count}) ${title}` : title;
}

function bringIn() {
  const list = byId("queue-list");
  const fresh = [...waiting.values()];
  waiting.clear();
  for (const row of fresh) {
    byId(row.id)?.remove();
    list.prepend(row);
    window.htmx.process(row);
    showWhoIsThere(row);
  }
  byId("queue").querySelector(".kb-empty")?.remove();
  showWaiting();
  return fresh.at(-1);
}

byId("queue").addEventListener("click", (event) => {
  if (!event.target.closest("#new-messages")) return;
  const first = bringIn();
  byId("queue").scrollTop = 0;
  first?.querySelector(".row__link")?.focus({ preventScroll: true });
});

function receive(row) {
  const old = byId(row.id);
  const isNews = row.hasAttribute("data-unread") && !old?.hasAttribute("data-unread");
  if (old && (inSight(old) || !isNews)) {
    put(row, old);
    if (isNews) sayNew(nameIn(row));
    return;
  }
  if (row.hasAttribute("data-elsewhere")) return;
  waiting.set(row.id, row);
  sayNew(nameIn(row));
  if (atRest()) bringIn();
  else showWaiting();
}

async function refreshRow(id) {
  const { gone, content } = await fragment(withFilter(`/desk/${id}/row`));
  const row = content?.querySelector(".row");
  if (row) receive(row);
  else if (gone) {
    waiting.delete(`row-${id}`);
    // What one may no longer see goes, but its place stays, so that nothing moves.
    byId(`row-${id}`)?.replaceChildren();
    showWaiting();
  }
}

async function refreshList() {
  const { content } = await fragment(withFilter("/desk/"));
  if (!content) return;
  for (const row of [...content.querySelectorAll("#queue-list .row")].reverse()) receive(row);
  renewCounts(content);
}

// How much waits in each list. The links stay the same ones, so that whoever walks through them stays there.

let countsTimer = 0;

function renewCounts(content) {
  const fresh = content.querySelectorAll(".views__link");
  const shown = document.querySelectorAll("#views .views__link");
  if (fresh.length !== shown.length) return;
  shown.forEach((link, at) => { if (link.innerHTML !== fresh[at].innerHTML) link.innerHTML = fresh[at].innerHTML; });
}

function refreshCounts() {
  countsTimer ||= setTimeout(async () => {
    countsTimer = 0;
    const { content } = await fragment(withFilter("/desk/lists"));
    if (content) renewCounts(content);
  }, COUNTS_SETTLE);
}

// The open thread.

const below = new Set();

function showBelow() {
  const button = byId("new-below");
  if (!button) return;
  button.hidden = below.size === 0;
  if (below.size) button.textContent = below.size === 1 ? desk.dataset.oneBelow : desk.dataset.moreBelow.replace("{count}", below.size);
}

// An answer and a closing say what somebody has seen: a message counts from the moment it was on the screen.
const seeing = new IntersectionObserver((entries) => {
  const forms = document.querySelectorAll("#thread input[name=seen]");
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    below.delete(entry.target.id);
    for (const seen of forms) if (Number(entry.target.dataset.id) > Number(seen.value)) seen.value = entry.target.dataset.id;
    seeing.unobserve(entry.target);
  }
  showBelow();
  markSeen();
});

// What came in while the conversation was open is no longer unread, for nobody at the desk.
async function markSeen() {
  const id = byId("thread").dataset.id;
  const row = waiting.get(`row-${id}`) ?? byId(`row-${id}`);
  const token = document.querySelector("#thread [name=csrfmiddlewaretoken]");
  if (!id || !token || below.size || document.hidden || !byId("posts")?.checkVisibility() || !row?.hasAttribute("data-unread")) return;
  await fetch(`/desk/${id}/seen`, { method: "POST", headers: { "X-CSRFToken": token.value }, credentials: "same-origin" });
}
document.addEventListener("visibilitychange", markSeen);

document.addEventListener("click", (event) => {
  if (!event.target.closest("#new-below")) return;
  const first = byId([...below][0]);
  first?.scrollIntoView({ block: "start" });
  byId("thread-scroll").focus({ preventScroll: true });
});

const holdsWork = (part) => [...part.querySelectorAll("textarea, input[type=file]")].some((field) => field.value);

function replaceUnlessInUse(fresh) {
  const old = byId(fresh.id);
  if (!old || old.contains(document.activeElement) || holdsWork(old)) return;
  fresh.removeAttribute("hx-swap-oob");
  for (const control of fresh.querySelectorAll("[data-pane-to]")) control.hidden = false;
  const [seen, seenBefore] = [fresh, old].map((part) => part.querySelector("input[name=seen]"));
  if (seen && seenBefore) seen.value = seenBefore.value;
  const writes = old.dataset.writes;
  old.replaceWith(fresh);
  window.htmx.process(fresh);
  if (fresh.id === "composer") document.dispatchEvent(new CustomEvent("klankbord:composer", { detail: { writes } }));
}

async function refreshThread() {
  const id = byId("thread").dataset.id;
  const posts = byId("posts");
  if (!id || !posts) return;
  const last = Math.max(0, ...[...posts.children].map((post) => Number(post.dataset.id)));
  const { content } = await fragment(`/desk/${id}/posts?after=${last}`);
  if (!content || byId("thread").dataset.id !== id) return;
  for (const post of content.querySelectorAll(".post")) {
    if (byId(post.id)) {
      replaceUnlessInUse(post);
      continue;
    }
    posts.append(post);
    window.htmx.process(post);
    below.add(post.id);
    seeing.observe(post);
  }
  // an answer that was taken back is not there any more
  const here = new Set(content.querySelector("#posts-here")?.dataset.ids.trim().split(/\s+/));
  for (const post of [...posts.children]) if (!here.has(post.dataset.id)) post.remove();
  for (const part of content.querySelectorAll("[hx-swap-oob]")) replaceUnlessInUse(part);
  showBelow();
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "queue") {
    waiting.clear();
    showWaiting();
  }
  if (event.detail.target?.id !== "thread") return;
  below.clear();
  seeing.disconnect();
});

// The stream.

async function settle() {
  const ids = [...changed];
  changed.clear();
  const open = byId("thread").dataset.id;
  const jobs = ids.length > MANY ? [refreshList()] : ids.map(refreshRow);
  if (ids.length > MANY || ids.includes(Number(open))) jobs.push(refreshThread());
  refreshCounts();
  await Promise.allSettled(jobs);
  markSeen();
}

function hear(id) {
  changed.add(id);
  clearTimeout(timer);
  timer = setTimeout(settle, SETTLE);
}

let lost = 0;

function losing() {
  lost ||= setTimeout(() => { byId("connection").hidden = false; }, QUIET);
}

function back() {
  clearTimeout(lost);
  lost = 0;
  byId("connection").hidden = true;
  // Also the first time: something may have changed since the page was made.
  refreshList();
  refreshThread();
  document.dispatchEvent(new CustomEvent("klankbord:presence"));
}

// A line that is refused for good: the log-in ended, or the server is not well yet and is asked again.
async function refused() {
  const answer = await fetch("/desk/lists", { redirect: "manual", credentials: "same-origin" }).catch(() => null);
  if (answer?.type !== "opaqueredirect") {
    setTimeout(listen, RETRY);
    return;
  }
  clearTimeout(lost);
  byId("connection").hidden = true;
  byId("logged-out").hidden = false;
}

function listen() {
  const stream = new EventSource(desk.dataset.live);
  stream.addEventListener("hello", back);
  stream.addEventListener("conversation", (event) => hear(Number(JSON.parse(event.data).id)));
  stream.addEventListener("presence", () => document.dispatchEvent(new CustomEvent("klankbord:presence")));
  stream.addEventListener("error", () => {
    losing();
    // A refusal ends the stream for good; a broken line is tried again by the browser itself.
    if (stream.readyState === EventSource.CLOSED) refused();
  });
  addEventListener("pagehide", () => stream.close(), { once: true });
}

listen();
