// Adds, removes and reorders lines, and asks the server what they come to while one types.
// Rows count upwards in the numbers of their names, with gaps where some were removed: that is their order.
const WAIT = 200;
const NOTHING = "–";

for (const editor of document.querySelectorAll("[data-line-editor]")) begin(editor);

function begin(editor) {
  const form = editor.closest("form");
  const body = editor.querySelector("[data-lines]");
  const template = editor.querySelector("template[data-line-template]");
  const preview = previewer(editor, form);
  editor.classList.add("is-live");
  sortable(editor, body, (from, to) => { renumber(body, from, to); preview(); });

  editor.addEventListener("click", (event) => {
    if (event.target.closest("[data-line-add]")) { event.preventDefault(); focusFirst(add()); }
    const remove = event.target.closest("[data-line-remove]");
    if (remove) { event.preventDefault(); take(remove.closest("[data-line]")); }
    const link = event.target.closest("[data-line-create]");
    if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); create(link); }
  });
  form.addEventListener("input", (event) => { if (matters(event.target)) preview(); });
  form.addEventListener("change", (event) => { fill(event.target); if (matters(event.target)) preview(); });
  body.addEventListener("keydown", (event) => {
    const row = event.target.closest("[data-line]");
    if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) { event.preventDefault(); move(row, event.key === "ArrowUp" ? -1 : 1, event.target); }
    if (event.key === "Enter" && event.target.matches(".line-cell > input") && !event.ctrlKey && !event.metaKey) { event.preventDefault(); goDown(row, event.target); }
  });

  function add() {
    const number = body.lastElementChild ? Number(body.lastElementChild.dataset.line) + 1 : 0;
    const holder = document.createElement("tbody");
    holder.innerHTML = template.innerHTML.replaceAll("__index__", String(number));
    const row = holder.firstElementChild;
    body.append(row);
    return row;
  }

  function take(row) {
    const next = row.nextElementSibling || row.previousElementSibling;
    row.remove();
    if (next) focusFirst(next); else editor.querySelector("[data-line-add]").focus();
    preview();
  }

  function move(row, step, focused) {
    const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    other[step < 0 ? "before" : "after"](row);
    const place = [...body.children].indexOf(row);
    renumber(body, place, place - step);
    focused.focus();
    editor.querySelector("[data-line-status]").textContent = `Line ${place + 1} of ${body.children.length}`;
    preview();
  }

  // The same column of the next line, and a new line after the last.
  function goDown(row, field) {
    const next = row.nextElementSibling;
    if (!next) { focusFirst(add()); return; }
    next.querySelector(`[name$="-${nameOf(field)}"]`).focus();
  }

  function create(link) {
    const last = body.lastElementChild;
    const row = last && !last.querySelector("[name$='-description']").value && !last.querySelector("[name$='-product']").value ? last : add();
    const select = row.querySelector("[name$='-product']");
    dispatchEvent(new CustomEvent("record-wanted", { detail: { link, select, opener: link } }));
  }
}

function nameOf(field) {
  return field.name.slice(field.name.lastIndexOf("-") + 1);
}

// A text changes no sum, as long as there is one: what is not a line's, or of a line that has its amount.
function matters(field) {
  if (!field.matches("textarea")) return true;
  const row = field.closest("[data-line]");
  return Boolean(row) && (!field.value.trim() || row.querySelector("output").textContent === NOTHING);
}

function focusFirst(row) {
  row?.querySelector("select, input:not([type=hidden]), textarea")?.focus();
}

// The rows from one place to another share out the numbers that they have, upwards.
function renumber(body, from, to) {
  const rows = [...body.children].slice(Math.min(from, to), Math.max(from, to) + 1);
  const numbers = rows.map((row) => Number(row.dataset.line)).sort((a, b) => a - b);
  rows.forEach((row, index) => rename(row, numbers[index]));
}

function rename(row, number) {
  const old = `lines-${row.dataset.line}-`;
  if (Number(row.dataset.line) === number) return;
  row.dataset.line = number;
  for (const element of row.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
    for (const attribute of ["name", "id", "for", "aria-describedby"]) {
      const value = element.getAttribute(attribute);
      if (value?.startsWith(old)) element.setAttribute(attribute, `lines-${number}-${value.slice(old.length)}`);
    }
  }
  row.querySelector("[data-line-remove]").value = number;
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

function previewer(editor, form) {
  const status = editor.querySelector("[data-line-status]");
  let timer;
  let running;
  async function ask() {
    const mine = running = new AbortController();
    try {
      const answer = await fetch(editor.dataset.previewUrl, { method: "POST", body: filled(form), headers: { Accept: "text/html" }, signal: mine.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      const html = await answer.text();
      if (mine.signal.aborted) return;
      put(html);
      status.textContent = "";
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = "Totals could not be updated. They are computed again when you save.";
    }
  }
  return () => {
    running?.abort(); // What it answers is out of date.
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  };
}

// Without what is empty, and not in parts: a thousand lines are sent in a moment.
function filled(form) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) fields.append(name, value);
  return fields;
}

// Everything in the answer that has an id takes the place of what has that id on the page.
function put(html) {
  const fresh = new DOMParser().parseFromString(`<template>${html}</template>`, "text/html").querySelector("template").content;
  for (const element of fresh.querySelectorAll("[id]")) {
    const old = document.getElementById(element.id);
    if (!old) continue;
    if (old.matches("output")) {
      if (old.textContent !== element.textContent) old.textContent = element.textContent;
    } else if (old.innerHTML !== element.innerHTML) old.replaceChildren(...element.cloneNode(true).childNodes);
  }
}

// The library comes when the editor is first reached.
function sortable(editor, body, done) {
  let asked = false;
  const start = () => {
    if (asked) return;
    asked = true;
    const script = Object.assign(document.createElement("script"), { src: document.body.dataset.vendorSortable });
    script.onload = () => window.Sortable.create(body, {
      handle: "[data-line-handle]", ghostClass: "is-ghost", chosenClass: "is-moving", onEnd: ({ oldIndex, newIndex }) => done(oldIndex, newIndex),
    });
    document.head.append(script);
  };
  for (const event of ["pointerover", "focusin"]) editor.addEventListener(event, start, { once: true });
}
