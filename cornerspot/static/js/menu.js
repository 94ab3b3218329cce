// Places popovers beside their buttons and adds the arrow keys.
const GAP = 4;

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("[data-menu]") || event.newState !== "open") return;
  const button = [...document.querySelectorAll(`[popovertarget="${menu.id}"]`)].find((one) => one.offsetParent || one.getClientRects().length);
  if (button) place(menu, button);
  if (button?.matches(":focus-visible")) items(menu)[0]?.focus();
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[data-menu]");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  const all = items(menu);
  const now = all.indexOf(document.activeElement);
  const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: all.length - 1 }[event.key];
  all[(next + all.length) % all.length]?.focus();
});

document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.("[data-menu-button]");
  if (button && event.key === "ArrowDown") {
    event.preventDefault();
    button.click();
  }
});

function items(menu) {
  return [...menu.querySelectorAll("a, button")].filter((item) => item.getClientRects().length);
}

function place(menu, button) {
  const anchor = button.getBoundingClientRect();
  menu.classList.add("is-placed");
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = button.dataset.menuButton === "start" ? anchor.left : anchor.right - width;
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - height;
  const fitsBelow = below + height <= innerHeight - 8 || above < 8;
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, fitsBelow ? below : above)}px`;
  menu.style.maxHeight = `${innerHeight - 16}px`;
}
