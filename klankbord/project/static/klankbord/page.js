// What every page does: menus that close, the choice of display, messages that go away, minutes that pass.

const body = document.body;

// The choice of display takes effect at once; the account keeps it meanwhile.
function setUpDisplay() {
  const form = document.querySelector("[data-theme-choice]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = event.submitter;
    if (chosen.value) document.documentElement.dataset.theme = chosen.value;
    else delete document.documentElement.dataset.theme;
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === chosen));
    const body = new FormData(form);
    body.delete("next");
    body.set("theme", chosen.value);
    fetch(form.action, { method: "POST", body, credentials: "same-origin" }).catch(() => say(document.body.dataset.noConnection, "error"));
  });
}

function setUpMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.kb-menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details.kb-menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  });
}

const GOES_AWAY_AFTER = 8000;

function setUpToast(toast) {
  if (toast.dataset.ready) return;
  toast.dataset.ready = "yes";
  const close = toast.querySelector("[data-dismiss]");
  if (close) {
    close.hidden = false;
    close.addEventListener("click", () => toast.remove());
  }
  const undo = toast.querySelector(".kb-toast__undo");
  if (undo) {
    for (const earlier of document.querySelectorAll(".kb-toast__undo")) {
      if (earlier !== undo) earlier.closest(".kb-toast").remove();
    }
  }
  if (toast.classList.contains("utrecht-alert--error")) return;
  // a way back stays for as long as it leads somewhere
  const stays = 1000 * Number(undo && new URL(undo.action).searchParams.get("seconds")) || GOES_AWAY_AFTER;
  const leave = () => {
    if (toast.matches(":hover, :focus-within")) setTimeout(leave, GOES_AWAY_AFTER);
    else toast.remove();
  };
  setTimeout(leave, stays);
}

function say(text, level) {
  const toast = document.createElement("div");
  toast.className = `utrecht-alert kb-toast utrecht-alert--${level}`;
  const content = document.createElement("div");
  content.className = "utrecht-alert__content";
  const line = document.createElement("p");
  line.className = "kb-toast__text";
  line.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "nl-button nl-button--subtle";
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", body.dataset.dismiss);
  close.textContent = "×";
  content.append(line);
  toast.append(content, close);
  const region = document.getElementById("messages");
  for (const old of region.querySelectorAll(".kb-toast__text")) {
    if (old.textContent === text) old.closest(".kb-toast").remove();
  }
  region.append(toast);
  setUpToast(toast);
}

function setUpMessages() {
  const region = document.getElementById("messages");
  const all = () => region.querySelectorAll(".kb-toast").forEach(setUpToast);
  all();
  new MutationObserver(all).observe(region, { childList: true });
  document.addEventListener("klankbord:say", (event) => say(event.detail.text, event.detail.level ?? "info"));
}

// What takes long says so, to a screen reader too; what is there at once says nothing.
const LONG = 700;
const SHOWN = [409, 422]; // answers that are a page with what is wrong (htmx-config in base.html)

function refused(status) {
  const words = body.dataset;
  say({ 403: words.refused, 404: words.gone, 410: words.gone, 429: words.tooFast }[status] ?? (status >= 500 ? words.ourFault : words.notDone), "error");
}

// Of a line or a form that a live change replaced meanwhile htmx tells nothing: the request itself says how it ended.
function setUpRequests() {
  const sign = document.getElementById("busy");
  const late = new Set();
  const show = () => { sign.textContent = late.size ? body.dataset.busy : ""; };
  body.addEventListener("htmx:beforeSend", ({ detail: { xhr, target } }) => {
    const timer = setTimeout(() => {
      late.add(xhr);
      target?.setAttribute("aria-busy", "true");
      show();
    }, LONG);
    xhr.addEventListener("load", () => { if (xhr.status >= 400 && !SHOWN.includes(xhr.status)) refused(xhr.status); });
    xhr.addEventListener("error", () => say(body.dataset.noConnection, "error"));
    xhr.addEventListener("loadend", () => {
      clearTimeout(timer);
      late.delete(xhr);
      target?.removeAttribute("aria-busy");
      show();
    });
  });
}

// The same rule as said() in looks.py, for the first hour; after that the server's words stay right for the day.
function passMinutes() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time.kb-time")) {
    const minutes = Math.floor((now - Date.parse(time.dateTime)) / 60000);
    if (minutes < 0 || minutes >= 60) {
      if (time.dataset.passing) {
        time.textContent = new Date(time.dateTime).toLocaleTimeString("nl-NL", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Amsterdam" });
        delete time.dataset.passing;
      }
      continue;
    }
    time.dataset.passing = "yes";
    const text = minutes < 1 ? body.dataset.now : body.dataset.minutes.replace("{minutes}", minutes);
    if (time.textContent !== text) time.textContent = text;
  }
}

// The same rule as so_long() in looks.py: who waits, waits longer and longer.
function waitLonger() {
  const now = Date.now();
  const words = body.dataset;
  for (const time of document.querySelectorAll("time.kb-waited")) {
    const minutes = Math.max(1, Math.floor((now - Date.parse(time.dateTime)) / 60000));
    const hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    const text = minutes < 60 ? words.minutes.replace("{minutes}", minutes)
      : hours < 24 ? (hours === 1 ? words.hour : words.hours.replace("{hours}", hours))
      : days === 1 ? words.day : words.days.replace("{days}", days);
    if (time.textContent !== text) time.textContent = text;
    if (days) time.closest(".row__waits")?.classList.add("row__waits--long");
  }
}

function passTime() {
  passMinutes();
  waitLonger();
}

// A copy button needs the clipboard, so it only shows where scripts run.
function setUpCopy() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      say(button.dataset.copied, "ok");
    });
  }
}

// Only there on a secure address; without it the browser shows its own page when there is no connection.
navigator.serviceWorker?.register("/service-worker.js").catch(() => {});

// On a phone the menu is wider than the screen: where one is stands in sight.
document.querySelector(".kb-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

setUpDisplay();
setUpMenus();
setUpMessages();
setUpRequests();
setUpCopy();
passTime();
setInterval(passTime, 30000);
document.addEventListener("htmx:load", passTime);
