// Runs before the first paint: the mark that scripts work here.
document.documentElement.classList.add("js");
