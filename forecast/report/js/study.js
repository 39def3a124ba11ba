// The page of studies: which chart is drawn by what, and what redraws it.

const metricOf = (element) => partOf(element).metrics[chosen(`metric-${element.dataset.study}`)];
const networksOf = (part) => [...new Set(part.rows.model.filter((_, row) => part.rows.levels[row][0] >= 0))];
const networkOf = (element) => networksOf(partOf(element))[chosen(`network-${element.dataset.study}`)];
const pickedOf = (element) => (all(`[data-scope="study-${element.dataset.study}"]`).length ? models(`study-${element.dataset.study}`) : [...new Set(partOf(element).rows.model)]);

function drawLevel(element) {
  const part = partOf(element), metric = metricOf(element), across = chosen(`across-${element.dataset.study}`), spreads = part.spreads[metric.name];
  element.previousElementSibling.firstElementChild.textContent = `${metric.label} by ${part.factors[across].label}`;
  drawBy(element, { part, across, picked: pickedOf(element), values: part.values[metric.name], spreads, towards: metric.direction, label: metric.label });
  element.rows = () => levelRows(part, [[metric.name, part.values[metric.name]], [`${metric.name}_spread`, spreads]]);
}

function drawSpent(element) {
  const part = partOf(element), name = element.dataset.part, values = part.values[name];
  drawBy(element, { part, across: chosen(`across-${element.dataset.study}`), picked: pickedOf(element), values, spreads: null, towards: 0, label: "", bar: true });
  element.rows = () => levelRows(part, [[name, values]]);
}

const drawings = { level: drawLevel, grid: drawGrid, gap: drawGap, losses: drawLosses, growth: drawGrowth, spent: drawSpent };

function listen() {
  data.studies.forEach((_, study) => {
    const on = (selector, ...kinds) => all(selector).forEach((element) => element.addEventListener("change", () =>
      charts.filter((chart) => chart.dataset.done && chart.dataset.study === String(study) && kinds.includes(chart.dataset.chart)).forEach(draw)));
    on(`#metric-${study}`, "level", "grid");
    on(`#across-${study}`, "level", "spent");
    on(`#network-${study}`, "gap", "losses");
    on(`[data-scope=study-${study}] input`, "level", "spent");
  });
}

const prepare = async () => {};
