// Warns before typed input is lost, and keeps a wizard's step saved: data-unsaved, data-autosave="url".
const changed = new Set();

for (const form of document.querySelectorAll("form[data-unsaved], form[data-autosave]")) {
  form.addEventListener("input", () => changed.add(form));
  form.addEventListener("submit", (event) => queueMicrotask(() => {
    if (!event.defaultPrevented && !event.submitter?.hasAttribute("formtarget")) changed.delete(form);
  }));
  if (form.dataset.autosave) autosave(form);
}

addEventListener("beforeunload", (event) => { if ([...changed].some((form) => form.isConnected)) event.preventDefault(); });

function autosave(form) {
  const status = document.querySelector(`[data-autosave-status="${form.id}"]`) || form.querySelector("[data-autosave-status]");
  let timer;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, 600);
  });
  form.addEventListener("submit", () => clearTimeout(timer)); // What is sent now is newer.
  async function save() {
    const body = new FormData(form);
    const answer = await fetch(form.dataset.autosave, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok) changed.delete(form);
    if (status) status.textContent = answer?.ok ? "Saved" : "Not saved yet. Continue saves it.";
  }
}
