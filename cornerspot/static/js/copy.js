// Copies what a button carries, and says so where it is.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    dispatchEvent(new CustomEvent("toast", { detail: { kind: "warning", text: `This browser does not let us copy. Here it is: ${button.dataset.copy}` } }));
    return;
  }
  button.classList.add("is-done");
  dispatchEvent(new CustomEvent("toast", { detail: { kind: "success", text: "Copied." } }));
  setTimeout(() => button.classList.remove("is-done"), 1500);
});
