// The page: which chart is drawn by what, when it is drawn, and what redraws it.

const charts = all("[data-chart]").filter((element) => !element.closest("#summary"));
const everything = new URLSearchParams(location.search).get("draw") === "all";

const drawings = {
  fan: drawFan,
  step: (element) => drawLine(element, "step", "steps ahead"),
  cutoff: (element) => drawLine(element, "cutoff", ""),
  series: drawSeries,
  hardest: drawHardest,
  curve: drawCurve,
  intervals: drawIntervals,
  pairs: drawPairs,
  critical: drawCritical,
  best: drawBest,
  reliability: drawReliability,
  covered: drawCovered,
  pit: drawPit,
  "covered-series": drawCoveredSeries,
  heat: drawHeat,
  wins: drawWins,
  bias: drawBias,
  cost: drawCost,
};

function draw(element) {
  drawings[element.dataset.chart](element);
  element.dataset.done = "yes";
  document.body.dataset.drawn = charts.filter((chart) => chart.dataset.done).length;
}

const redraw = (...kinds) => charts.filter((chart) => chart.dataset.done && (!kinds.length || kinds.includes(chart.dataset.chart))).forEach(draw);

function listen() {
  const on = (selector, ...kinds) => all(selector).forEach((element) => element.addEventListener("change", () => redraw(...kinds)));
  on("#fan-target, #fan-cutoff, [data-scope=fan] input", "fan");
  on("#errors-target, [name=metric]", "step", "cutoff", "series", "hardest");
  on("[data-scope=errors] input", "step", "cutoff", "series");
  on("#interval-metric", "intervals");
  on("[data-scope=calibration] input", "reliability", "covered", "pit", "covered-series");
  on("#level", "covered", "covered-series");
  on("#by, #by-metric", "heat", "wins");
  on("[data-scope=breakdowns] input", "bias");
  on("#cost-kind", "cost");
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
  listenToSeries();
  listenToDownloads();
  listenToPrinting();
}

function sortable(table) {
  const heads = all("thead th", table);
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const isNumber = head.classList.contains("number");
    const down = head.getAttribute("aria-sort") === "ascending";
    const key = (body) => body.rows[0].cells[column].dataset.sort;
    const order = (a, b) => (isNumber ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b), "en", { numeric: true }));
    const bodies = [...table.tBodies];
    const known = bodies.filter((body) => key(body) !== "").sort((a, b) => (down ? order(b, a) : order(a, b)));
    table.append(...known, ...bodies.filter((body) => key(body) === ""));
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
  }));
}

function whereAmI() {
  const links = all("nav a"), sections = links.map((link) => document.querySelector(link.hash));
  const mark = () => {
    const here = sections.filter((section) => section.getBoundingClientRect().top < innerHeight / 3).pop() || sections[0];
    links.forEach((link) => link.classList.toggle("here", link.hash === `#${here.id}`));
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
}

async function start() {
  if (typeof DecompressionStream === "undefined") {
    byId("no-charts").hidden = false;
    return;
  }
  const [text, plotly] = await Promise.all([unpackText("packed-data"), unpackText("packed-plotly")]);
  data = JSON.parse(text);
  const script = document.createElement("script");
  script.textContent = plotly;
  document.head.append(script);
  if (data.fans.series) await openSeries(0);
  if (data.fans.series && inHash() !== null && data.fans.series.length > 1) await goTo(inHash());
  listen();
  if (everything) charts.forEach(draw);
  else {
    const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
      seen.unobserve(entry.target);
      draw(entry.target);
    }), { rootMargin: "400px" });
    charts.forEach((chart) => seen.observe(chart));
  }
  document.body.dataset.ready = "yes";
}

document.body.dataset.charts = charts.length;
all("table").forEach(sortable);
whereAmI();
start().catch((error) => {
  byId("no-charts").hidden = false;
  throw error;
});
