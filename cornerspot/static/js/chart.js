// Draws the table of a figure as bars: [data-chart="columns"|"rows"]. The table stays, folded, for whoever cannot
// or does not want to see bars; its links are those of the bars.
const figures = [...document.querySelectorAll("[data-chart]")];
const drawn = new Map();

if (figures.length) {
  const library = document.createElement("script");
  library.src = figures[0].dataset.chartLibrary;
  library.addEventListener("load", drawAll);
  document.head.append(library);
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

function drawAll() {
  if (!window.Chart) return;
  const style = getComputedStyle(document.documentElement);
  for (const figure of figures) draw(figure, (name) => style.getPropertyValue(`--${name}`).trim());
}

function draw(figure, colour) {
  const narrow = figure.clientWidth < 440;
  const rows = [...figure.querySelectorAll("tbody tr")].map((row) => ({
    label: row.cells[0].textContent.trim(),
    href: row.querySelector("a")?.href,
    value: Number(row.dataset.value),
    said: row.dataset.said,
    tone: row.dataset.tone,
  }));
  if (!figure.classList.contains("is-drawn")) {
    figure.classList.add("is-drawn");
    figure.querySelector("details").open = false;
  }
  drawn.get(figure)?.destroy();
  drawn.set(figure, new Chart(figure.querySelector("canvas"), {
    type: "bar",
    data: {
      labels: rows.map((row) => (narrow ? row.label.split(/(?<= –) /) : row.label)),
      datasets: [{
        data: rows.map((row) => row.value || null),
        backgroundColor: rows.map((row) => colour(row.tone ? `${row.tone}-mark` : "accent")),
        borderRadius: 4,
        maxBarThickness: figure.dataset.chart === "rows" ? 22 : 48,
        minBarLength: 2,
      }],
    },
    options: options(figure.dataset.chart === "rows", rows, colour),
  }));
}

function options(lying, rows, colour) {
  const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
  const short = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" });
  const names = { grid: { display: false }, border: { color: colour("line") }, ticks: { color: colour("ink-2"), font } };
  const amounts = {
    beginAtZero: true,
    grid: { color: colour("line-2") },
    border: { display: false },
    ticks: { color: colour("ink-3"), font, maxTicksLimit: 5, precision: 0, callback: (value) => short.format(value) },
  };
  return {
    indexAxis: lying ? "y" : "x",
    maintainAspectRatio: false,
    animation: false,
    scales: lying ? { x: amounts, y: names } : { x: names, y: amounts },
    plugins: {
      legend: { display: false },
      tooltip: { displayColors: false, callbacks: { label: (item) => rows[item.dataIndex].said } },
    },
    onHover: (event, items) => { event.native.target.style.cursor = items.length && rows[items[0].index].href ? "pointer" : ""; },
    onClick: (event, items) => { if (items.length && rows[items[0].index].href) location.assign(rows[items[0].index].href); },
  };
}
