// Runs before the first paint, so that the page never flashes in the other theme or jumps as the sidebar folds.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; } };
  const apply = () => {
    const theme = chosen();
    root.dataset.bsTheme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("themechange", apply);
  try { root.classList.toggle("is-folded", localStorage.getItem("sidebar") === "folded"); } catch { /* private mode */ }
  root.classList.add("has-script");
})();
