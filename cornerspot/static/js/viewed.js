// Tells that a person looks at the page, once it has been in view for a second: previews and
// scanners of mail programs fetch pages, but do not show them.
const mark = document.querySelector("[data-viewed]");

if (mark) {
  let told = false;
  const tell = () => {
    if (told || document.visibilityState !== "visible") return;
    told = true;
    document.removeEventListener("visibilitychange", wait);
    fetch(mark.dataset.viewed, { method: "POST", headers: { "X-CSRFToken": mark.dataset.csrf }, keepalive: true });
  };
  const wait = () => setTimeout(tell, 1000);
  document.addEventListener("visibilitychange", wait);
  if (document.visibilityState === "visible" && !document.prerendering) wait();
}
