// A submit button works once: it keeps its width, says what it does, and a second press is ignored.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "get" || form.method === "dialog") return;
  if (event.submitter?.hasAttribute("formtarget")) return; // Answered in a frame, as often as one likes.
  if (form.dataset.submitting) {
    event.preventDefault();
    return;
  }
  // Other listeners may still refuse the submit.
  queueMicrotask(() => { if (!event.defaultPrevented) begin(form, event.submitter); });
});

// The back button brings the page as it was left: pressed. Let go of it.
addEventListener("pageshow", () => document.querySelectorAll("form[data-submitting]").forEach(end));
document.addEventListener("htmx:after:request", (event) => { if (event.target.dataset?.submitting) end(event.target); });

function begin(form, button) {
  form.dataset.submitting = "yes";
  if (!button?.matches("[data-busy]")) return;
  button.style.minWidth = `${button.getBoundingClientRect().width}px`;
  button.classList.add("is-busy");
  button.setAttribute("aria-busy", "true");
  const label = button.querySelector(".btn-label");
  if (button.dataset.busy && label) button.setAttribute("aria-label", button.dataset.busy);
  // A download answers without leaving the page.
  if (form.hasAttribute("data-download")) setTimeout(() => end(form), 3000);
}

function end(form) {
  delete form.dataset.submitting;
  for (const button of form.querySelectorAll(".is-busy")) {
    button.classList.remove("is-busy");
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-label");
    button.style.minWidth = "";
  }
}
