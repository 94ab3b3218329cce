// The list of invoices: rows are ticked one by one, in ranges with Shift, or all; j and k move, x ticks.
// One dialog copies whichever row asks for it.
const bar = document.querySelector("[data-bulk]");

if (bar) {
  const rows = [...document.querySelectorAll("[data-bulk-row]")];
  const all = document.querySelector("[data-select-all]");
  const everything = bar.querySelector("[data-bulk-everything]");
  let last = null;

  const say = () => {
    const count = rows.filter((row) => row.checked).length;
    if (everything && count < rows.length) everything.checked = false;
    const words = everything?.checked ? everything.nextElementSibling.textContent : `${count} selected`;
    bar.querySelector("[data-bulk-count]").textContent = words;
    for (const place of document.querySelectorAll("[data-bulk-which]")) place.textContent = words;
    if (!all) return;
    all.checked = count === rows.length;
    all.indeterminate = count > 0 && count < rows.length;
  };

  const pick = (row, checked, isRange) => {
    const from = isRange && last ? rows.indexOf(last) : rows.indexOf(row);
    const to = rows.indexOf(row);
    for (const one of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = checked;
    last = row;
    say();
  };

  for (const row of rows) row.addEventListener("click", (event) => pick(row, row.checked, event.shiftKey));
  all?.addEventListener("change", () => { rows.forEach((row) => { row.checked = all.checked; }); say(); });
  everything?.addEventListener("change", () => {
    if (everything.checked) rows.forEach((row) => { row.checked = true; });
    say();
  });
  bar.querySelector("[data-bulk-clear]").addEventListener("click", () => {
    rows.forEach((row) => { row.checked = false; });
    say();
    all?.focus();
  });
  addEventListener("pageshow", say);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !["j", "k", "x", "X"].includes(event.key)) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]")) return;
    const links = rows.map((row) => row.closest("tr").querySelector(".row-link"));
    const now = rows.findIndex((row) => row.closest("tr").contains(document.activeElement));
    event.preventDefault();
    if (event.key.toLowerCase() === "x") {
      if (now >= 0) pick(rows[now], event.shiftKey || !rows[now].checked, event.shiftKey);
    } else {
      links[Math.max(0, Math.min(links.length - 1, now + (event.key === "j" ? 1 : -1)))].focus();
    }
  });
}

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy-invoice]");
  const form = document.querySelector("#duplicate form");
  if (!copy || !form || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  form.action = copy.dataset.copyInvoice;
  form.closest("dialog").showModal();
});
