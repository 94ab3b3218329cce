// Adds, removes and reorders lines, and asks the server what they come to while one types.
const WAIT = 250;

for (const editor of document.querySelectorAll("[data-line-editor]")) begin(editor);

function begin(editor) {
  const { prefix } = editor.dataset;
  const body = editor.querySelector("[data-lines]");
  const template = document.querySelector(`template[data-line-template="${prefix}"]`);
  const preview = previewer(editor);
  editor.querySelectorAll("[data-line-handle]").forEach((handle) => { handle.hidden = false; });
  sortable(body, () => { renumber(body, prefix); preview(); });

  editor.addEventListener("click", (event) => {
    if (event.target.closest("[data-line-add]")) { event.preventDefault(); add(); }
    const remove = event.target.closest("[data-line-remove]");
    if (remove) { event.preventDefault(); take(remove.closest("[data-line]")); }
  });
  editor.closest("form").addEventListener("input", preview);
  editor.closest("form").addEventListener("change", (event) => { fill(event.target); preview(); });
  body.addEventListener("keydown", (event) => {
    const row = event.target.closest("[data-line]");
    if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) { event.preventDefault(); move(row, event.key === "ArrowUp" ? -1 : 1, event.target); }
    if (event.key === "Enter" && event.target.matches("input") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (row === body.lastElementChild) add(); else focusFirst(row.nextElementSibling);
    }
  });

  function add() {
    const index = body.children.length;
    const holder = document.createElement("tbody");
    holder.innerHTML = template.innerHTML.replaceAll("__index__", String(index));
    const row = holder.firstElementChild;
    row.querySelectorAll("[data-line-handle]").forEach((handle) => { handle.hidden = false; });
    body.append(row);
    renumber(body, prefix);
    focusFirst(row);
    preview();
  }

  function take(row) {
    const next = row.nextElementSibling || row.previousElementSibling;
    row.remove();
    renumber(body, prefix);
    if (next) focusFirst(next); else editor.querySelector("[data-line-add]").focus();
    preview();
  }

  function move(row, step, focused) {
    const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    other[step < 0 ? "before" : "after"](row);
    renumber(body, prefix);
    focused.focus();
    editor.querySelector("[data-line-status]").textContent = `Line ${[...body.children].indexOf(row) + 1} of ${body.children.length}`;
    preview();
  }
}

function focusFirst(row) {
  row?.querySelector("select, input:not([type=hidden]), textarea")?.focus();
}

// The order on the page is the order of the numbers in the names.
function renumber(body, prefix) {
  const number = new RegExp(`^${prefix}-\\d+-`);
  [...body.children].forEach((row, index) => {
    row.dataset.line = index;
    for (const element of row.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
      for (const attribute of ["name", "id", "for", "aria-describedby"]) {
        const value = element.getAttribute(attribute);
        if (value && number.test(value)) element.setAttribute(attribute, value.replace(number, `${prefix}-${index}-`));
      }
    }
    row.querySelector("[data-line-remove]")?.setAttribute("value", index);
  });
}

// A chosen product fills its row: fields are found by the end of their names.
function fill(select) {
  const row = select.closest?.("[data-line]");
  if (!row || !select.matches("select")) return;
  const option = select.selectedOptions[0];
  const given = select.tomselect?.options[select.value]?.fill ?? (option?.dataset.fill && JSON.parse(option.dataset.fill));
  for (const [name, value] of Object.entries(given || {})) {
    const field = row.querySelector(`[name$="-${CSS.escape(name)}"]`);
    if (!field) continue;
    if (field.multiple) for (const one of field.options) one.selected = value.includes(one.value);
    else field.value = value;
    field.tomselect?.sync();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function previewer(editor) {
  const form = editor.closest("form");
  const status = editor.querySelector("[data-line-status]");
  let timer;
  let running;
  async function ask() {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(editor.dataset.previewUrl, { method: "POST", body: new FormData(form), headers: { Accept: "text/html" }, signal: running.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      put(await answer.text());
      status.textContent = "";
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = "Totals could not be updated. They are computed again when you save.";
    }
  }
  return () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  };
}

// Everything in the answer that has an id takes the place of what has that id on the page.
function put(html) {
  const fresh = new DOMParser().parseFromString(`<template>${html}</template>`, "text/html").querySelector("template").content;
  for (const element of [...fresh.querySelectorAll("[id]")]) {
    const old = document.getElementById(element.id);
    if (old && old.innerHTML !== element.innerHTML) old.replaceChildren(...element.cloneNode(true).childNodes);
  }
}

function sortable(body, done) {
  const start = () => {
    const script = Object.assign(document.createElement("script"), { src: document.body.dataset.vendorSortable });
    script.onload = () => window.Sortable.create(body, { handle: "[data-line-handle]", animation: 120, ghostClass: "is-ghost", onEnd: done });
    document.head.append(script);
  };
  body.closest("[data-line-editor]").addEventListener("pointerover", start, { once: true });
}
