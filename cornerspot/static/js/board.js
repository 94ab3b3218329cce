// Moves cards between columns by pointer and keyboard: shown at once, put back with the reason if refused.
for (const board of document.querySelectorAll("[data-board]")) begin(board);

function begin(board) {
  const columns = [...board.querySelectorAll("[data-board-column]")];
  const status = document.querySelector("[data-board-status]");
  let picked;

  const script = Object.assign(document.createElement("script"), { src: document.body.dataset.vendorSortable });
  script.onload = () => columns.forEach((column) => window.Sortable.create(column, {
    group: "board", animation: 140, ghostClass: "is-ghost", delay: 120, delayOnTouchOnly: true,
    onEnd: ({ item, from, to, oldIndex }) => { if (from !== to) save(item, to, () => from.insertBefore(item, from.children[oldIndex] || null)); },
  }));
  document.head.append(script);

  for (const card of board.querySelectorAll("[data-board-card]")) {
    card.querySelector("a").setAttribute("aria-describedby", "board-help");
  }
  board.insertAdjacentHTML("afterbegin", '<span class="visually-hidden" id="board-help">Space picks the card up, arrows move it, Space puts it down.</span>');

  board.addEventListener("keydown", (event) => {
    const card = event.target.closest("[data-board-card]");
    if (!card) return;
    if (event.key === " ") { event.preventDefault(); if (picked) drop(); else pick(card); }
    else if (event.key === "Escape" && picked) { event.preventDefault(); back(); }
    else if (["ArrowLeft", "ArrowRight"].includes(event.key)) { event.preventDefault(); if (picked) carry(event.key === "ArrowLeft" ? -1 : 1); else look(card, event.key === "ArrowLeft" ? -1 : 1); }
    else if (["ArrowUp", "ArrowDown"].includes(event.key) && !picked) {
      event.preventDefault();
      (event.key === "ArrowUp" ? card.previousElementSibling : card.nextElementSibling)?.querySelector("a").focus();
    }
  });

  const nameOf = (column) => column.dataset.name;
  const titleOf = (card) => card.querySelector("a").textContent;

  function pick(card) {
    picked = { card, from: card.parentElement, before: card.nextElementSibling };
    card.classList.add("is-picked");
    say(`${titleOf(card)} picked up from ${nameOf(picked.from)}.`);
  }

  function carry(step) {
    const to = columns[columns.indexOf(picked.card.parentElement) + step];
    if (!to) return;
    to.prepend(picked.card);
    picked.card.querySelector("a").focus();
    picked.card.scrollIntoView({ block: "nearest", inline: "nearest" });
    say(`Over ${nameOf(to)}.`);
  }

  function drop() {
    const { card, from, before } = picked;
    const to = card.parentElement;
    card.classList.remove("is-picked");
    picked = undefined;
    if (to === from) say("Put down where it was.");
    else save(card, to, () => { from.insertBefore(card, before); card.querySelector("a").focus(); });
  }

  function back() {
    const { card, from, before } = picked;
    from.insertBefore(card, before);
    card.classList.remove("is-picked");
    card.querySelector("a").focus();
    picked = undefined;
    say("Put back.");
  }

  function look(card, step) {
    for (let at = columns.indexOf(card.parentElement) + step; columns[at]; at += step) {
      const next = columns[at].querySelector("[data-board-card] a");
      if (next) return next.focus();
    }
  }

  async function save(card, to, undo) {
    card.classList.add("is-saving");
    const body = new FormData();
    body.set("stage_id", to.dataset.boardColumn);
    body.set("version", card.dataset.version);
    const headers = { Accept: "application/json", "X-CSRFToken": board.dataset.csrf };
    const answer = await fetch(card.dataset.moveUrl, { method: "POST", body, headers }).catch(() => null);
    const said = await answer?.json().catch(() => ({})) || {};
    card.classList.remove("is-saving");
    if (!answer?.ok) {
      undo();
      const text = said.detail || "The card could not be moved. Check your connection and try again.";
      dispatchEvent(new CustomEvent("toast", { detail: { kind: "error", text } }));
    } else if (said.href) {
      location.assign(said.href); // Winning and losing ask for more on their own page.
    } else {
      if (said.version) card.dataset.version = said.version;
      count(said.columns || {});
      say(`${titleOf(card)} moved to ${nameOf(to)}.`);
    }
  }

  // The answer may carry {"columns": {"<id>": {"count": 3, "sum": "€4,000.00"}}}.
  function count(fresh) {
    for (const column of columns) {
      const head = column.previousElementSibling;
      head.querySelector(".count").textContent = fresh[column.dataset.boardColumn]?.count ?? column.children.length;
      if (fresh[column.dataset.boardColumn]?.sum) head.querySelector(".board-sum").textContent = fresh[column.dataset.boardColumn].sum;
    }
  }

  function say(text) { status.textContent = text; }
}
