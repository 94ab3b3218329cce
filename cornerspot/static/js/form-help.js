// Small helps of forms: grow with the text, show a password, submit filters on change, select all rows,
// and go to the first mistake.

// Where the style sheet cannot (field-sizing). All are measured before one is changed: a page of many lines is laid out once.
if (!CSS.supports("field-sizing", "content")) {
  grow([...document.querySelectorAll("textarea[data-grow]")].filter((area) => area.value));
  document.addEventListener("input", (event) => { if (event.target.matches?.("textarea[data-grow]")) grow([event.target]); });
}

function grow(areas) {
  for (const area of areas) area.style.height = "auto";
  const heights = areas.map((area) => area.scrollHeight + 2);
  areas.forEach((area, index) => { area.style.height = `${heights[index]}px`; });
}

for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });
}

for (const form of document.querySelectorAll("form[data-auto-submit]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

for (const box of document.querySelectorAll("[data-select-all]")) {
  const all = () => box.closest("table").querySelectorAll("tbody input[type=checkbox]");
  box.addEventListener("change", () => all().forEach((one) => { one.checked = box.checked; }));
}

document.querySelector("main [aria-invalid=true], main [data-form-errors]")?.focus();
