// Ticking a box also chooses what it belongs to: data-selects="id of a radio button".
for (const box of document.querySelectorAll("[data-selects]")) {
  box.addEventListener("change", () => {
    const choice = document.getElementById(box.dataset.selects);
    if (box.checked && choice && !choice.checked) choice.click();
  });
}
