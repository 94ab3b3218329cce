// Folds the sidebar to its icons; theme.js restores it before the first paint.
const button = document.querySelector("[data-sidebar-fold]");

if (button) {
  button.hidden = false;
  say();
  button.addEventListener("click", () => {
    const folded = document.documentElement.classList.toggle("is-folded");
    localStorage.setItem("sidebar", folded ? "folded" : "open");
    say();
  });
}

function say() {
  const folded = document.documentElement.classList.contains("is-folded");
  button.setAttribute("aria-expanded", String(!folded));
  button.setAttribute("aria-label", folded ? "Expand the sidebar" : "Collapse the sidebar");
}
