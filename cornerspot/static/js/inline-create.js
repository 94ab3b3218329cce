// Makes an account, contact or product in a dialog over the form that needs it: nothing typed there is
// lost, and what was made is chosen. <a data-create-for="id of a select" href="its page">; data-create-with
// names fields that go along ("account:account_id"), data-create-needs one that must be chosen before.
// Others ask with new CustomEvent("record-wanted", {detail: {link, select, name, done, opener}}).
const GONE = "You are signed out. Sign in in another tab, then try again. Nothing is lost.";
const OFFLINE = "There is no answer. Check your connection and try again. Nothing is lost.";

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-create-for]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  wanted({ link, select: document.getElementById(link.dataset.createFor), opener: link });
});
addEventListener("record-wanted", ({ detail }) => wanted(detail));

async function wanted({ link, select, name = "", done = (choice) => choice && choose(select, choice), opener }) {
  const before = link.dataset.createNeeds && select.form.elements[link.dataset.createNeeds];
  if (before && !before.value) {
    say("Choose the customer first.", "error");
    (before.tomselect || before).focus();
    done();
    return;
  }
  const answer = await ask(address(link, select.form, name));
  const dialog = answer.html && dialogOf(answer.html);
  if (!dialog) {
    say(answer.refusal, "error");
    done();
    return;
  }
  const finish = (choice) => {
    done(choice);
    setTimeout(() => select.tomselect?.close()); // After it has noticed that focus is back: its list would cover the form.
  };
  open(dialog, finish, opener);
}

function address(link, form, name) {
  const url = new URL(link.href);
  url.searchParams.set("inline", "1");
  if (name) url.searchParams.set("name", name);
  for (const pair of (link.dataset.createWith || "").split(" ").filter(Boolean)) {
    const [field, parameter] = pair.split(":");
    const value = form.elements[field]?.value;
    if (value) url.searchParams.set(parameter || field, value);
  }
  return url;
}

// What the server says: {choice}, {html} of the dialog, or a {refusal} in words.
async function ask(url, body) {
  try {
    const answer = await fetch(url, { method: body ? "POST" : "GET", body, headers: { Accept: "application/json" } });
    if (answer.redirected) return { refusal: GONE };
    if (answer.status === 201) return { choice: await answer.json() };
    if (answer.headers.get("Content-Type").startsWith("text/html")) return { html: await answer.text() };
    return { refusal: (await answer.json()).detail || OFFLINE };
  } catch {
    return { refusal: OFFLINE };
  }
}

function dialogOf(html) {
  return new DOMParser().parseFromString(html, "text/html").querySelector("dialog");
}

function open(dialog, done, opener) {
  delete dialog.dataset.dialog; // A press beside it would lose what was typed.
  let choice;
  document.body.append(dialog);
  prepare(dialog);
  dialog.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (dialog.dataset.busy) return;
    dialog.dataset.busy = "yes";
    const answer = await ask(event.target.action, new URLSearchParams(new FormData(event.target)));
    delete dialog.dataset.busy;
    choice = answer.choice;
    if (choice) dialog.close();
    else if (answer.html) show(dialog, dialogOf(answer.html));
    else refuse(dialog, answer.refusal);
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener?.focus();
    done(choice);
    if (choice?.said) say(choice.said, "success");
  });
  dialog.showModal();
}

function prepare(dialog) {
  dialog.querySelector("form").noValidate = true; // The server says it at the field, in our words.
  dialog.dispatchEvent(new CustomEvent("fields-shown", { bubbles: true }));
}

function show(dialog, fresh) {
  dialog.replaceChildren(...fresh.childNodes);
  prepare(dialog);
  dialog.querySelector("[aria-invalid=true], [data-form-errors]")?.focus();
}

function refuse(dialog, text) {
  const body = dialog.querySelector(".sheet-body");
  const note = body.querySelector("[data-refusal]") || Object.assign(document.createElement("div"), { className: "note tone-red" });
  note.dataset.refusal = "";
  note.setAttribute("role", "alert");
  note.textContent = text;
  body.prepend(note);
}

function choose(select, choice) {
  if (select.tomselect) {
    select.tomselect.addOption(choice);
    select.tomselect.setValue(choice.value);
    return;
  }
  const option = new Option(choice.text, choice.value, true, true);
  if (choice.fill) option.dataset.fill = JSON.stringify(choice.fill);
  select.append(option);
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

function say(text, kind) {
  dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
}
