// Left and right move between tabs; the current one is scrolled into sight on narrow screens.
for (const tabs of document.querySelectorAll("[data-tabs]")) {
  const all = [...tabs.querySelectorAll("a")];
  const current = tabs.querySelector("[aria-current]");
  if (current && tabs.scrollWidth > tabs.clientWidth) tabs.scrollLeft = current.offsetLeft - 16;
  tabs.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
}
