// Where the errors are: by step, by cutoff, by series.

const MANY_SERIES = 20;
const errorsOf = (kind) => data.errors.by[kind][checked("metric")][chosen("errors-target")]; // (M, positions)

function drawLine(element, kind, title) {
  const { at } = data.errors.by[kind], errors = errorsOf(kind), picked = models("errors");
  const single = at.length === 1;
  const traces = picked.map((model) => {
    const style = look(model);
    return {
      x: at, y: errors[model], name: style.name, hovertemplate: "%{y:,.4~r}", type: "scatter",
      mode: single ? "markers" : at.length <= 30 ? "lines+markers" : "lines",
      line: { color: style.color, dash: style.dash, width: style.width },
      marker: { color: style.color, size: single ? 9 : 5, symbol: single ? style.symbol : "circle" },
    };
  });
  const few = single || (kind === "cutoff" && at.length <= 6);
  show(element, traces, {
    xaxis: { title, ...(few ? { type: "category" } : {}), ...(kind === "step" && !few && at.length <= 12 ? { dtick: 1 } : {}) },
    yaxis: { rangemode: "tozero", tickformat: ",~r" },
  });
  element.rows = () => byModel(kind, at, errors, picked);
}

const byModel = (kind, at, errors, picked) =>
  [[kind, ...picked.map((model) => data.models[model].name)], ...at.map((position, i) => [position, ...picked.map((model) => errors[model][i])])];

function drawSeries(element) {
  const { at } = data.errors.by.series, errors = errorsOf("series"), picked = models("errors");
  const many = at.length > MANY_SERIES, rows = many ? picked.length : at.length;
  const traces = picked.map((model) => {
    const style = look(model), mark = { color: style.color, size: many ? 4 : 10, symbol: many ? "circle" : style.symbol, line: { width: 1.5, color: style.color } };
    if (!many) return {
      x: errors[model], y: at.map((_, i) => i), name: style.name, mode: "markers", type: "scatter", marker: mark,
      text: at.map(escaped), customdata: at, hovertemplate: "%{text}: %{x:,.4~r}",
    };
    return {
      x: errors[model], name: style.name, y: at.map(() => short(data.models[model].name)), type: "box", orientation: "h", boxpoints: "all", jitter: 0.6, pointpos: 0,
      line: { color: style.color, width: 1.5 }, fillcolor: "rgba(0,0,0,0)", marker: { ...mark, opacity: 0.25 },
      text: at.map(escaped), customdata: at, hovertemplate: "%{text}: %{x:,.4~r}", hoveron: "points",
    };
  });
  show(element, traces, {
    hovermode: "closest", height: tall(rows, many ? 46 : 34),
    xaxis: { rangemode: many ? "normal" : "tozero", tickformat: ",~r", showgrid: true },
    yaxis: many ? { autorange: "reversed", showgrid: false } : { ...rowsOf(at), showgrid: true },
  });
  opensSeries(element);
  element.rows = () => byModel("series", at, errors, picked);
}
