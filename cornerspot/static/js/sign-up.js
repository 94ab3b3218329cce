// Suggests the team's address while its name is typed, says whether it is free, and guesses
// country, currency and time zone from the browser. Nothing a person chose is overwritten.
const form = document.querySelector("form[data-sign-up]");
if (form) start(form);

function start(form) {
  const { name, slug } = form.elements;
  const state = form.querySelector("[data-slug-state]");
  let typed = slug.value !== "";
  let waiting, asked = 0;

  const ask = (parameter, value) => {
    clearTimeout(waiting);
    state.hidden = true;
    if (!value.trim()) return;
    waiting = setTimeout(async () => {
      const number = ++asked;
      const address = new URL(form.dataset.signUp, location.href);
      address.searchParams.set(parameter, value);
      const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer?.ok || number !== asked) return;
      const found = await answer.json();
      if (parameter === "name" && !typed) slug.value = found.slug;
      state.textContent = found.sentence;
      state.dataset.free = found.is_free;
      state.hidden = false;
    }, 250);
  };

  name.addEventListener("input", () => typed || ask("name", name.value));
  slug.addEventListener("input", () => {
    typed = slug.value !== "";
    ask("slug", slug.value);
  });
  guess(form);
}

function guess(form) {
  const { time_zone: zone, country, currency } = form.elements;
  const region = new Intl.Locale(navigator.language).maximize().region;
  choose(zone, Intl.DateTimeFormat().resolvedOptions().timeZone);
  choose(country, region);
  const usual = Object.fromEntries(form.dataset.currencies.split(" ").map((pair) => pair.split(":")));
  choose(currency, usual[country.value]);
  country.addEventListener("change", () => choose(currency, usual[country.value]));
}

function choose(select, value) {
  if (select.value || !value || ![...select.options].some((option) => option.value === value)) return;
  select.value = value;
  select.tomselect?.setValue(value, true);
}
