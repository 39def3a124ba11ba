// Forecasts against actuals of one series.

let current = { number: -1 }; // the series that is looked at, as seriesOf gives it, with its number

function drawFan(element) {
  const { axis, at, cutoffs, intervals } = data.fans;
  const [target, cutoff] = [chosen("fan-target"), chosen("fan-cutoff")];
  const seen = cutoffs[cutoff], steps = at[cutoff].filter((position) => position >= 0), horizon = steps.length;
  const known = current.history(target), ink = css("--ink");
  const times = steps.map((position) => axis[position]), came = steps.map((position) => known[position]);
  const traces = [], told = [], drawn = [];
  for (const model of models("fan")) {
    const style = look(model), [mean, ...bounds] = current.forecast(target, model, cutoff).map((line) => line.slice(0, horizon));
    if (mean.every((value) => value === null)) {
      told.push(`${data.models[model].name} has no forecast here`);
      continue;
    }
    drawn.push({ name: data.models[model].name, mean, bounds });
    const offered = bounds.length > 0 && bounds[0].some((value) => value !== null);
    for (let pair = 0; offered && horizon > 1 && pair < intervals.length; pair++) {
      const [low, high] = [bounds[2 * pair], bounds[2 * pair + 1]];
      traces.push({
        x: [...times, ...times.slice().reverse()], y: [...high, ...low.slice().reverse()], fill: "toself", mode: "lines",
        line: { width: 0 }, fillcolor: faded(style.color, 0.13), hoverinfo: "skip", type: "scatter",
      });
    }
    traces.push({
      x: times, y: mean, name: style.name, mode: horizon > 1 ? "lines" : "markers", type: "scatter",
      line: { color: style.color, dash: style.dash, width: style.width }, marker: { color: style.color, symbol: style.symbol, size: 9 },
      error_y: offered && horizon === 1
        ? { type: "data", symmetric: false, array: [bounds[1][0] - mean[0]], arrayminus: [mean[0] - bounds[0][0]], color: style.color }
        : { visible: false },
      customdata: mean.map((_, step) => (offered ? [bounds[0][step], bounds[1][step]] : ["", ""])),
      hovertemplate: offered ? "%{y:,.5~r}  (%{customdata[0]:,.4~r} to %{customdata[1]:,.4~r})" : "%{y:,.5~r}",
    });
    const both = mean.map((value, step) => Math.abs(value - came[step])).filter((_, step) => came[step] !== null);
    if (both.length) told.push(`${data.models[model].name} ${number(both.reduce((a, b) => a + b) / both.length)}`);
  }
  const actual = { name: "Actual", mode: "lines", type: "scatter", hovertemplate: "%{y:,.5~r}", connectgaps: false, line: { color: ink, width: 1.6 } };
  const end = steps[horizon - 1] + 1;
  traces.unshift({ ...actual, x: axis.slice(0, end), y: known.slice(0, end) });
  traces.push({ x: times, y: came, mode: "markers", type: "scatter", hoverinfo: "skip", marker: { color: ink, size: horizon > 60 ? 3 : 5 } });
  const from = Math.max(known.findIndex((value) => value !== null), seen - Math.max(3 * horizon, 24), 0);
  show(element, traces, {
    uirevision: `${current.number} ${target} ${cutoff}`,
    xaxis: { range: [axis[from], beyond(axis[from], axis[end - 1])], type: typeof axis[0] === "number" ? "linear" : "date" },
    yaxis: { tickformat: ",~r", range: visible(traces, axis[from], axis[end - 1]) },
    shapes: [{ type: "line", x0: axis[seen], x1: axis[seen], yref: "paper", y0: 0, y1: 1, line: { color: css("--faint"), width: 1, dash: "dot" } }],
    annotations: [{ x: axis[seen], xanchor: "right", xshift: -4, yref: "paper", y: 1, yanchor: "top", text: "cutoff", showarrow: false, font: { size: 12, color: css("--faint") } }],
  });
  const where = [data.fans.series[current.number], ...(data.fans.targets.length > 1 ? [data.fans.targets[target]] : [])].join(", ");
  byId("fan-caption").textContent = `${where}, forecast from ${axis[seen]}; the thin line is the data, with dots where it came after the cutoff. ` + (told.length ? `Mean absolute error here: ${told.join(", ")}.` : "");
  element.rows = () => fanRows(drawn, known, from, end, steps);
}

function fanRows(drawn, known, from, end, steps) { // a row a stamp; bounds are named as in the wide frame of the package
  const { axis, intervals } = data.fans;
  const sides = intervals.flatMap((name) => [`lo-${parseFloat(name)}`, `hi-${parseFloat(name)}`]);
  const head = ["ds", "y", ...drawn.flatMap(({ name }) => [name, ...sides.map((side) => `${name}-${side}`)])];
  const rows = [];
  for (let position = from; position < end; position++) {
    const step = steps.indexOf(position);
    const values = drawn.flatMap(({ mean, bounds }) => [mean, ...bounds].map((line) => (step < 0 ? null : line[step])));
    rows.push([axis[position], known[position], ...values]);
  }
  return [head, ...rows];
}

function beyond(from, to) { // a little room after the last stamp
  const moment = (stamp) => (typeof stamp === "number" ? stamp : Date.parse(`${stamp.replace(" ", "T")}${stamp.length > 10 ? "Z" : ""}`));
  return moment(to) + (moment(to) - moment(from)) * 0.015;
}

function visible(traces, from, to) { // the range of all values between two stamps; a zoom still reaches the rest
  let least = Infinity, greatest = -Infinity;
  for (const { x, y } of traces) x.forEach((stamp, i) => {
    if (y[i] === null || stamp < from || stamp > to) return;
    least = Math.min(least, y[i]);
    greatest = Math.max(greatest, y[i]);
  });
  const room = (greatest - least || Math.abs(greatest) || 1) * 0.06;
  return [least - room, greatest + room];
}
