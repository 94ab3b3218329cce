// Lets toasts go after a while (never while they are pointed at or focused, never errors), and
// says more of them: dispatchEvent(new CustomEvent("toast", {detail: {text, kind, href, label}})).
const STAY = 6000;
const region = document.querySelector("[data-toasts]");

for (const toast of region?.querySelectorAll("[data-toast]") ?? []) begin(toast);

region?.addEventListener("click", (event) => {
  if (event.target.closest("[data-toast-close]")) leave(event.target.closest("[data-toast]"));
});

addEventListener("toast", ({ detail }) => {
  const toast = document.createElement("div");
  toast.className = `toast-card is-${detail.kind || "info"}`;
  toast.dataset.toast = "";
  toast.setAttribute("role", detail.kind === "error" ? "alert" : "status");
  const text = document.createElement("p");
  text.className = "toast-text";
  text.textContent = detail.text;
  if (detail.href) {
    const link = document.createElement("a");
    Object.assign(link, { className: "toast-link", href: detail.href, textContent: detail.label });
    text.append(" ", link);
  }
  toast.append(text);
  region.append(toast);
  begin(toast);
});

function begin(toast) {
  if (toast.classList.contains("is-error")) return;
  let timer = setTimeout(() => leave(toast), STAY);
  const hold = () => clearTimeout(timer);
  const resume = () => { hold(); timer = setTimeout(() => leave(toast), STAY / 2); };
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", resume);
  toast.addEventListener("focusout", resume);
}

function leave(toast) {
  toast.classList.add("is-leaving");
  setTimeout(() => toast.remove(), 200);
}
