// On paper: a summary of two pages where there is one, or everything when that is asked for (?print=all, or its button).

const sheets = all("#summary [data-chart]");
let wholePage = !byId("summary") || new URLSearchParams(location.search).get("print") === "all";

function toPaper() {
  root.classList.add("on-paper");
  root.classList.toggle("brief", !wholePage);
  all("details").forEach((fold) => { fold.dataset.was = fold.open; fold.open = true; });
  if (document.body.dataset.ready) refit(wholePage ? charts : sheets);
}

function toScreen() {
  root.classList.remove("on-paper", "brief");
  all("details").forEach((fold) => { fold.open = fold.dataset.was === "true"; });
  if (document.body.dataset.ready) refit(charts.filter((chart) => chart.dataset.done));
}

const refit = (some) => some.forEach((chart) => { draw(chart); if (chart.matches(".js-plotly-plot")) Plotly.Plots.resize(chart); });

function listenToPrinting() {
  addEventListener("beforeprint", toPaper);
  addEventListener("afterprint", toScreen);
  all("button[data-print]").forEach((button) => button.addEventListener("click", () => {
    const before = wholePage;
    wholePage = button.dataset.print === "all";
    addEventListener("afterprint", () => { wholePage = before; }, { once: true });
    print();
  }));
}
