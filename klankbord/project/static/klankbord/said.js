// What a screen reader says about things that happen by themselves: politely, and never more than one line at a time.

const GAP = 2500; // milliseconds between two lines
const region = document.getElementById("said");
const words = document.querySelector(".desk").dataset;
const lines = [];
const names = []; // who wrote since the last line
let timer = 0;
let spoke = 0;

function speak() {
  timer = 0;
  spoke = Date.now();
  if (names.length === 1) lines.push(words.saidNew.replace("{name}", names[0]));
  else if (names.length) lines.push(words.saidMany.replace("{count}", names.length));
  region.textContent = [...new Set(lines)].join(" ");
  lines.length = names.length = 0;
}

function soon() {
  timer ||= setTimeout(speak, Math.max(150, spoke + GAP - Date.now()));
}

export function say(text) {
  lines.push(text);
  soon();
}

// Many messages at once are one number, not a list of names.
export function sayNew(name) {
  names.push(name);
  soon();
}
