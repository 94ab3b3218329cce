// The word that must be typed: any case will do, and the button says what is missing until it is there.
for (const input of document.querySelectorAll("[data-typed-word]")) {
  const word = input.dataset.typedWord;
  const check = () => {
    const typed = input.value.trim().toLowerCase();
    if (typed === word.toLowerCase()) input.value = input.value.trim() === word ? input.value : word;
    input.setCustomValidity(typed === word.toLowerCase() ? "" : `Type ${word} to go on.`);
  };
  input.addEventListener("input", check);
  input.closest("dialog")?.addEventListener("close", () => { input.value = ""; check(); });
  check();
}
