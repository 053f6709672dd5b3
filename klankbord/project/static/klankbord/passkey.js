// Lets the buttons of a page use a passkey, with the scripts of django-allauth (mfa/js): they speak with the browser.

const forms = window.allauth?.webauthn?.forms;
const wire = { login: "loginForm", authenticate: "authenticateForm", add: "addForm" };

function ids(button) {
  return {
    [button.dataset.passkey]: button.id,
    credential: button.dataset.credential,
    data: button.dataset.options,
    passwordless: button.dataset.passwordless,
  };
}

function tell(kind) {
  const place = document.querySelector("[data-passkey-problem]");
  if (!place) return;
  place.hidden = false;
  // Emptied first, so that a screen reader says it again when it happens again.
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = place.dataset[kind] ?? place.dataset.other; });
}

for (const button of document.querySelectorAll("[data-passkey]")) {
  if (!forms || !window.PublicKeyCredential) {
    if (button.dataset.passkey !== "login") tell("unable");
    continue;
  }
  forms[wire[button.dataset.passkey]]({ ids: ids(button) });
  button.hidden = false;
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const { name } = event.detail.exception ?? {};
  tell(name === "NotAllowedError" ? "stopped" : name === "InvalidStateError" ? "known" : "other");
});
