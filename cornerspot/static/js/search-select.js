// Turns <select data-search-select> into a box to type in, when it is first reached: 200 lines stay light.
// With a URL it asks for ?q=, and expects [{value, text, hint, fill}]. Products of lines are asked for at the
// editor's data-products-url, in the document's currency. A link with data-create-for="id" beside it (for
// lines data-line-create) is offered as the last choice, for what was typed and not found.
let loading;
let held;
let release;

function library() {
  loading ??= new Promise((resolve, reject) => {
    const { vendorTomSelect, vendorTomSelectStyle } = document.body.dataset;
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: vendorTomSelectStyle });
    document.head.prepend(style);
    const script = Object.assign(document.createElement("script"), { src: vendorTomSelect, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  return loading;
}

async function enhance(select, open) {
  if (select.tomselect || select.dataset.enhancing) return;
  select.dataset.enhancing = "yes";
  await library();
  const url = select.dataset.searchSelect || (isProduct(select) && select.closest("[data-line-editor]").dataset.productsUrl);
  const label = select.labels[0]?.textContent;
  const link = linkOf(select);
  const box = new window.TomSelect(select, {
    placeholder: select.dataset.placeholder || "Type to search",
    maxOptions: 200,
    searchField: ["text", "hint"],
    allowEmptyOption: false,
    plugins: select.multiple ? ["remove_button"] : [],
    dropdownParent: select.closest("dialog") || "body",
    ...(url && { load: (query, done) => ask(url, query, select).then(whenReleased, () => undefined).then(done), preload: "focus" }),
    ...(link && { create: (name, done) => want(link, select, name, done) }),
    render: {
      option: (item, escape) => `<div>${escape(item.text)}${item.hint ? `<small>${escape(item.hint)}</small>` : ""}</div>`,
      option_create: (item, escape) => `<div class="option create" role="option" id="${select.id}-create">${escape(link.textContent.trim())} “${escape(item.input)}”</div>`,
      no_results: () => '<div class="no-results">Nothing found.</div>',
    },
  });
  select.setAttribute("aria-label", (label || select.getAttribute("aria-label") || "").replace("*", ""));
  if (select.getAttribute("aria-describedby")) box.control_input.setAttribute("aria-describedby", select.getAttribute("aria-describedby"));
  if (open) box.focus();
}

// What was found waits while the pointer is down: new rows would move away what is being clicked.
async function whenReleased(found) {
  await held;
  return found;
}

function isProduct(select) {
  return select.matches(".line-product");
}

function linkOf(select) {
  if (isProduct(select)) return select.closest("[data-line-editor]").querySelector("[data-line-create]");
  return document.querySelector(`[data-create-for="${CSS.escape(select.id)}"]`);
}

function want(link, select, name, done) {
  dispatchEvent(new CustomEvent("record-wanted", { detail: { link, select, name: name.trim(), done } }));
}

async function ask(url, query, select) {
  const address = new URL(url, location.href);
  address.searchParams.set("q", query);
  if (isProduct(select)) address.searchParams.set("currency", select.form.elements.currency.value);
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : [];
}

// Those in rows wait until they are reached; single ones are ready at once.
function start(root) {
  for (const select of root.querySelectorAll("select[data-search-select]")) {
    if (!select.closest("[data-line-editor], template")) enhance(select, false);
  }
}

start(document);
document.addEventListener("pointerdown", () => {
  release?.();
  held = new Promise((resolve) => { release = resolve; });
}, true);
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(() => release?.()), true);
document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("[data-line-editor] select[data-search-select]")) enhance(event.target, true);
});
document.addEventListener("pointerdown", (event) => {
  if (event.target.matches?.("[data-line-editor] select[data-search-select]")) {
    event.preventDefault();
    enhance(event.target, true);
  }
});
document.addEventListener("htmx:after:swap", (event) => start(event.target));
document.addEventListener("fields-shown", (event) => start(event.target));
