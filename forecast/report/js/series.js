// One series at a time: found by its name, by a link (#series=NAME) or a click; its errors, ranks and data health.

const linkTo = (name) => `#series=${encodeURIComponent(name)}`;

// Ranks of values, 1 for the least; equals share the mean of theirs, null has none.
function ranksOf(values) {
  const known = values.filter((value) => value !== null);
  return values.map((value) => (value === null ? null
    : 1 + known.filter((other) => other < value).length + (known.filter((other) => other === value).length - 1) / 2));
}

async function openSeries(number) {
  const before = Number(byId("fan-cutoff").value || -1);
  current = { number, ...(await seriesOf(number)) };
  const list = byId("fan-cutoff"), { labels, series } = data.fans;
  list.replaceChildren(...current.cutoffs.map((cutoff) => new Option(labels[cutoff], cutoff)));
  list.value = current.cutoffs.includes(before) ? before : current.cutoffs[0];
  list.closest("label").hidden = current.cutoffs.length < 2;
  if (series.length > 1) {
    byId("find-series").value = series[number];
    byId("which-series").textContent = `${(number + 1).toLocaleString("en")} of ${series.length.toLocaleString("en")}`;
    showHealth(series[number]);
    showOwn();
  }
  redraw("fan");
}

async function goTo(name, scroll = true) {
  const { series } = data.fans, lower = name.toLowerCase();
  const found = [(one) => one === name, (one) => one.toLowerCase().startsWith(lower), (one) => one.toLowerCase().includes(lower)];
  const number = found.map((test) => series.findIndex(test)).find((place) => place >= 0) ?? -1;
  byId("which-series").textContent = number < 0 ? "no forecast of a series of this name is in the page" : "";
  if (scroll) byId("forecasts").scrollIntoView();
  if (number < 0) return;
  await openSeries(number);
  history.replaceState(null, "", linkTo(series[number]));
}

function opensSeries(element) { // a click on a point whose customdata is the name of a series
  if (element.dataset.opens) return;
  element.dataset.opens = "yes";
  element.on("plotly_click", ({ points: [point] }) => data.fans.series.length > 1 && goTo(String(point.customdata)));
}

function showOwn() { // the table of this series' errors and ranks
  const { series } = data.errors.by, at = series.at.indexOf(data.fans.series[current.number]), target = chosen("fan-target");
  const of = (metric) => data.models.map((_, model) => series[metric][target][model][at]);
  const [mase, mae] = [of("mase"), of("mae")], scaled = mase.some((value) => value !== null);
  const ranks = ranksOf(scaled ? mase : mae), overall = meanRanks(target, scaled ? "mase" : "mae");
  const order = data.models.map((_, model) => model).filter((model) => mae[model] !== null).sort((a, b) => ranks[a] - ranks[b]);
  const rows = order.map((model) => [data.models[model].name, ...(scaled ? [mase[model]] : []), mae[model], ranks[model], overall[model]]);
  const head = ["Model", ...(scaled ? ["MASE"] : []), "MAE", "Rank here", "Mean rank"];
  fillTable(byId("own-errors"), head, rows, order);
}

const meansOfRanks = new Map();
function meanRanks(target, metric) {
  const key = `${target} ${metric}`;
  if (!meansOfRanks.has(key)) {
    const errors = data.errors.by.series[metric][target];
    const ranks = data.errors.by.series.at.map((_, at) => ranksOf(errors.map((own) => own[at])));
    meansOfRanks.set(key, errors.map((_, model) => {
      const own = ranks.map((row) => row[model]).filter((rank) => rank !== null);
      return own.length ? own.reduce((a, b) => a + b) / own.length : null;
    }));
  }
  return meansOfRanks.get(key);
}

function showHealth(name) { // what the table of data health says of this series
  const heads = all("#data .health thead th").map((head) => head.textContent.trim());
  const lines = all("#data .health tbody").filter((body) => body.rows[0].cells[0].title === name).map((body) => [...body.rows[0].cells]);
  const facts = lines.flatMap((cells) => cells.slice(1).map((cell, i) => [heads[i + 1], cell.textContent.trim()]));
  byId("own-health").replaceChildren(...facts.filter(([, text]) => text !== "–").flatMap(([head, text]) => [
    Object.assign(document.createElement("dt"), { textContent: head }), Object.assign(document.createElement("dd"), { textContent: text }),
  ]));
}

const MOST_LISTED = 500;
function drawHardest(element) { // the series with the greatest errors of the best model first
  const { at } = data.errors.by.series, errors = errorsOf("series"), leader = data.ranked[0];
  const rows = at.map((name, i) => {
    const own = errors.map((of) => of[i]), known = own.filter((value) => value !== null);
    const best = known.length ? own.indexOf(Math.min(...known)) : -1;
    return [name, errors[leader][i], best < 0 ? null : own[best], best < 0 ? "–" : data.models[best].name, known.length ? Math.max(...known) : null];
  }).sort((a, b) => (b[1] ?? -1) - (a[1] ?? -1));
  const head = ["series", data.models[leader].name, "best", "best model", "worst"];
  element.rows = () => [head, ...rows];
  fillTable(element, ["Series", short(head[1]), "Least error", "of model", "Greatest error"], rows.slice(0, MOST_LISTED));
}

function fillTable(place, heads, rows, modelOf = []) { // numbers right, texts left; names of series are links
  const table = document.createElement("table"), numeric = heads.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  const top = table.createTHead().insertRow();
  heads.forEach((text, i) => {
    const head = Object.assign(document.createElement("th"), { scope: "col", className: numeric[i] ? "number" : "text" });
    head.append(Object.assign(document.createElement("button"), { type: "button", textContent: text }));
    top.append(head);
  });
  rows.forEach((row, line) => {
    const tr = table.createTBody().insertRow();
    row.forEach((value, i) => {
      const box = document.createElement(i ? "td" : "th");
      box.className = numeric[i] ? "number" : "text";
      box.dataset.sort = value ?? "";
      if (i === 0) box.title = value;
      if (i === 0 && heads[0] === "Series") box.append(Object.assign(document.createElement("a"), { href: linkTo(value), textContent: value }));
      else if (i === 0 && modelOf.length) box.append(swatch(modelOf[line]), value);
      else box.textContent = typeof value === "number" ? number(value) : value ?? "–";
      tr.append(box);
    });
  });
  place.replaceChildren(table);
  sortable(table);
}

function swatch(model) {
  const { kind, colour } = data.models[model], icon = byId("a-swatch").content.firstElementChild.cloneNode(true);
  icon.classList.add(kind);
  icon.style.setProperty("--line", `var(${colour})`);
  return icon;
}

function listenToSeries() {
  if (!byId("find-series")) return;
  byId("series-names").append(...data.fans.series.map((name) => new Option("", name)));
  byId("find-series").addEventListener("change", ({ target }) => target.value && goTo(target.value, false));
  const step = (by) => goTo(data.fans.series[(current.number + by + data.fans.series.length) % data.fans.series.length], false);
  byId("previous-series").addEventListener("click", () => step(-1));
  byId("next-series").addEventListener("click", () => step(1));
  byId("fan-target").addEventListener("change", showOwn);
  addEventListener("hashchange", () => inHash() !== null && goTo(inHash()));
}

function inHash() {
  if (!location.hash.startsWith("#series=")) return null;
  try {
    return decodeURIComponent(location.hash.slice("#series=".length));
  } catch { // not a link that this page made
    return null;
  }
}
