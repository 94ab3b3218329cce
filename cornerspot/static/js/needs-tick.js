// A button that waits for a checkbox: data-needs-tick="id of the box", data-needs-tick-reason says so.
// Without this file the button works at once, and the server asks for the tick.
for (const button of document.querySelectorAll("[data-needs-tick]")) {
  const box = document.getElementById(button.dataset.needsTick);
  if (!box) continue;
  const show = () => {
    button.classList.toggle("is-disabled", !box.checked);
    button.toggleAttribute("data-tooltip", !box.checked);
    if (box.checked) {
      button.removeAttribute("aria-disabled");
    } else {
      button.setAttribute("aria-disabled", "true");
      button.dataset.tooltip = button.dataset.needsTickReason;
    }
  };
  box.addEventListener("change", show);
  addEventListener("pageshow", show); // The back button may bring the box as it was left.
  box.form?.addEventListener("submit", (event) => {
    if (box.checked) return;
    event.preventDefault();
    box.focus();
  });
  show();
}
