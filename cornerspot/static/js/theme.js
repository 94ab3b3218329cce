// The choice between light, dark and the system's theme, kept in this browser.
for (const group of document.querySelectorAll("[data-theme-choice]")) {
  group.hidden = false;
  show(group, localStorage.getItem("theme") || "auto");
  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    localStorage.setItem("theme", button.value);
    dispatchEvent(new Event("themechange"));
    show(group, button.value);
  });
}

function show(group, theme) {
  for (const button of group.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === theme));
}
