// Keys that press a link or a button: data-shortcut="n", or two in a row: "g d". A field is focused.
let first = "";
let timer;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog[open], [popover]:popover-open, [data-board-card]")) return;
  if (event.key === "?") return press(document.querySelector('[data-dialog-open="shortcuts"]'), event);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") return walk(event);
  const typed = first ? `${first} ${event.key}` : event.key;
  const found = [...document.querySelectorAll("[data-shortcut]")].find((one) => one.dataset.shortcut === typed);
  clearTimeout(timer);
  first = "";
  if (found) return press(found, event);
  if (document.querySelector(`[data-shortcut^="${CSS.escape(event.key)} "]`)) {
    first = event.key;
    timer = setTimeout(() => { first = ""; }, 1200);
  }
});

function press(element, event) {
  if (!element) return;
  event.preventDefault();
  if (element.matches("input")) element.focus();
  else element.click();
}

// Up and down go through the rows of a list; Enter follows the link that has the focus.
function walk(event) {
  const rows = [...document.querySelectorAll(".records .row-link")];
  if (!rows.length || (document.activeElement !== document.body && !rows.includes(document.activeElement))) return;
  event.preventDefault();
  const now = rows.indexOf(document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, now + (event.key === "ArrowDown" ? 1 : -1)))].focus();
}
