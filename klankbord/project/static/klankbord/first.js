// Runs before the first paint: the chosen display, and the mark that scripts work here.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("klankbord-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage is switched off: the display follows the device.
  }
})();
