// Opens and closes <dialog> where the browser does not know commandfor, shows those that a refused
// submit asks for, closes on a press beside them, and puts focus on the first field.
const native = "command" in HTMLButtonElement.prototype;

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) {
    opener.closest("[popover]")?.hidePopover();
    if (!native) show(document.getElementById(opener.dataset.dialogOpen));
  }
  const closer = event.target.closest("[data-dialog-close]");
  if (closer && !native) closer.closest("dialog").close();
  if (event.target.matches("dialog[data-dialog]") && isBeside(event)) event.target.close();
});

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("dialog[data-dialog]") && event.newState === "open") focusFirst(event.target);
}, true);

function show(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
}

function isBeside({ target, clientX: x, clientY: y }) {
  const box = target.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

function focusFirst(dialog) {
  const wrong = dialog.querySelector("[aria-invalid=true]");
  const field = wrong || dialog.querySelector("[autofocus], .sheet-body :is(input:not([type=hidden]), select, textarea)");
  const button = dialog.querySelector(".sheet-foot .btn:last-child");
  (field || button)?.focus();
}

for (const dialog of document.querySelectorAll("dialog[data-dialog-shown]")) show(dialog);
