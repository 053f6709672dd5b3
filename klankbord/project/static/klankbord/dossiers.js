// The editor of a dossier: pieces are inserted where the cursor stands, a proposal is taken over with one press.

const field = document.getElementById("id_query");
const tools = document.querySelector("div.kb-insert");

function tell() {
  // htmx waits for this and asks for the explanation again
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function insert(piece) {
  const { selectionStart: start, selectionEnd: end, value } = field;
  const before = value.slice(0, start);
  const after = value.slice(end);
  const space = (text, edge) => (text && !edge.test(text) ? " " : "");
  const chosen = value.slice(start, end);
  const middle = piece.includes("…") ? piece.replace("…", chosen) : piece;
  const text = `${before}${space(before, /[\s(]$/)}${middle}`;
  field.value = `${text}${space(after, /^[\s)]/)}${after}`;
  const caret = piece.includes("…") && !chosen ? text.length - (piece.length - piece.indexOf("…") - 1) : text.length;
  field.setSelectionRange(caret, caret);
  field.focus();
  tell();
}

if (field && tools) {
  tools.hidden = false;
  document.querySelector("button.kb-ask").hidden = false;
  tools.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.insert) insert(button.dataset.insert);
    const from = document.getElementById(button.dataset.insertFrom ?? "");
    if (from?.value.trim()) {
      insert(from.value.trim());
      from.value = "";
    }
  });
  document.getElementById("completion")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    tools.querySelector("[data-insert-from]").click();
  });
  const explained = document.getElementById("explained");
  const show = () => {
    for (const button of explained.querySelectorAll("button[data-query]")) button.hidden = false;
  };
  explained.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-query]");
    if (!button) return;
    field.value = button.dataset.query;
    field.focus();
    tell();
  });
  document.body.addEventListener("htmx:afterSwap", show);
  show();
}
