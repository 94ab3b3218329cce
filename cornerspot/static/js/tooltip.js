// One tooltip for the page, for pointer and keyboard alike, above everything else.
const tip = document.createElement("div");
tip.className = "tip";
tip.id = "tip";
tip.popover = "manual";
tip.setAttribute("role", "tooltip");
document.body.append(tip);
let timer;
let owner;

const from = (event) => event.target.closest?.("[data-tooltip]");

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "touch" && from(event)) wait(from(event), 350);
});
document.addEventListener("pointerout", (event) => { if (from(event) && !from(event).contains(event.relatedTarget)) hide(); });
document.addEventListener("focusin", (event) => { if (from(event)?.matches(":focus-visible")) wait(from(event), 0); });
document.addEventListener("focusout", hide);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
document.addEventListener("scroll", hide, true);
// A control that is disabled says why when it is pressed, on phones too.
document.addEventListener("click", (event) => {
  const control = event.target.closest?.("[aria-disabled=true][data-tooltip]");
  if (control) { event.preventDefault(); wait(control, 0); } else hide();
});

function wait(element, delay) {
  if (element.dataset.tooltipWhen === "narrow" && !document.documentElement.classList.contains("is-folded")) return;
  clearTimeout(timer);
  timer = setTimeout(() => show(element), delay);
}

function show(element) {
  if (!element.isConnected) return;
  owner = element;
  tip.textContent = element.dataset.tooltip;
  tip.hidePopover();
  tip.showPopover();
  const box = element.getBoundingClientRect();
  const left = box.left + box.width / 2 - tip.offsetWidth / 2;
  const above = box.top - tip.offsetHeight - 6;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${above > 8 ? above : box.bottom + 6}px`;
}

function hide() {
  clearTimeout(timer);
  if (owner) tip.hidePopover();
  owner = undefined;
}
