// Any page: when a chart is drawn by its entry in ``drawings``, tables that sort, and where on the page one is.

const charts = all("[data-chart]").filter((element) => !element.closest("#summary"));
const everything = new URLSearchParams(location.search).get("draw") === "all";

function draw(element) {
  drawings[element.dataset.chart](element);
  element.dataset.done = "yes";
  document.body.dataset.drawn = charts.filter((chart) => chart.dataset.done).length;
}

const listenTo = (selector, ...kinds) => all(selector).forEach((element) => element.addEventListener("change", () => redraw(...kinds)));
const redraw = (...kinds) => charts.filter((chart) => chart.dataset.done && (!kinds.length || kinds.includes(chart.dataset.chart))).forEach(draw);

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
  await prepare();
  listen();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
  listenToDownloads();
  listenToPrinting();
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
