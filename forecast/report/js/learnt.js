// What a network learnt at each level: training, validation and test, losses while training, growth with data.

const PARTS = ["train", "validation", "test"];
const RAMP = ["--network-0", "--network-6", "--network-3", "--network-1"]; // from low to high

function rampColour(share) { // ``share`` of the way from the first level to the last
  const at = share * (RAMP.length - 1), i = Math.min(Math.floor(at), RAMP.length - 2), [from, to] = [rgb(css(RAMP[i])), rgb(css(RAMP[i + 1]))];
  return `rgb(${from.map((one, k) => Math.round(one + (to[k] - one) * (at - i))).join(",")})`;
}

function drawGap(element) {
  const part = partOf(element), model = networkOf(element), style = look(model), only = part.factors.length === 1, factor = part.factors[0];
  const rows = part.rows.model.map((_, row) => row).filter((row) => part.rows.model[row] === model && part.rows.levels[row][0] >= 0);
  const upright = only && factor.at !== null, known = PARTS.filter((name) => part.values[name]);
  const axis = axisOf(known.flatMap((name) => rows.map((row) => (fine(row, part) ? part.values[name][row] : null))), null, part.metrics[0].direction);
  const spot = rows.map((row, i) => (upright ? factor.at[part.rows.levels[row][0]] : i)), texts = rows.map((row) => levelOf(part, row));
  const [along, off] = upright ? ["x", "y"] : ["y", "x"];
  const traces = known.map((name) => {
    const shown = rows.map((row) => { const value = part.values[name][row]; return fine(row, part) && value !== null && !axis.beyond(value) ? value : null; });
    return {
      type: "scatter", mode: upright ? "lines+markers" : "markers", name: { train: "training", validation: "validation", test: "test" }[name], [along]: spot, [off]: shown, customdata: rows.map((row) => number(part.values[name][row])),
      text: texts.map(escaped), hovertemplate: "%{text}: %{customdata}", cliponaxis: false, line: { color: style.color, width: 2, dash: { train: "dot", validation: "dash", test: "solid" }[name] },
      marker: { size: 10, symbol: "circle", color: { train: css("--paper"), validation: faded(css(data.models[model].colour), 0.4), test: style.color }[name], line: { width: 2, color: style.color } },
    };
  });
  const shapes = upright ? [] : rows.flatMap((row, i) => {
    const ends = known.map((name) => part.values[name][row]).filter((value) => value !== null && !axis.beyond(value));
    return ends.length > 1 && fine(row, part) ? [{ type: "line", y0: i, y1: i, x0: Math.min(...ends), x1: Math.max(...ends), line: { color: css("--line"), width: 3 }, layer: "below" }] : [];
  });
  const out = rows.map((_, i) => i).filter((i) => !fine(rows[i], part) || axis.beyond(part.values.test ? part.values.test[rows[i]] ?? 0 : 0)), towards = part.metrics[0].direction;
  const edge = towards === -1 ? 0.035 : 0.965;
  if (out.length) traces.push({
    type: "scatter", mode: "markers", name: "no score", [along]: out.map((i) => spot[i]), [off]: out.map(() => edge), ...(upright ? { yaxis: "y2" } : { xaxis: "x2" }), showlegend: false, cliponaxis: false,
    customdata: out.map((i) => escaped(part.rows.status[rows[i]] || `test ${number(part.values.test[rows[i]])}`)), text: out.map((i) => escaped(texts[i])), hovertemplate: "%{text}: %{customdata}<extra></extra>", marker: { symbol: "x", size: 10, color: css("--alarm") },
  });
  const offAxis = { title: escaped(part.decides), tickformat: ",~r", type: axis.log ? "log" : "linear", range: [axis.low, axis.high], showgrid: true }, nothing = { visible: false, range: [0, 1], fixedrange: true };
  const legend = { showlegend: true, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 } }, margin: { l: 8, r: 24, t: 30, b: 8 } };
  if (upright) show(element, traces, { ...legend, hovermode: "closest", xaxis: levelAxis(element, factor), yaxis: offAxis, yaxis2: { ...nothing, overlaying: "y" } });
  else show(element, traces, { ...legend, shapes, hovermode: "closest", height: tall(rows.length, 30) + 30, xaxis: offAxis, xaxis2: { ...nothing, overlaying: "x" }, yaxis: { ...rowsOf(texts), showgrid: false } });
  element.rows = () => levelRows(part, known.map((name) => [name, part.values[name]]));
}

function drawLosses(element) {
  const part = partOf(element), model = networkOf(element), curves = part.curves.filter((curve) => curve.model === model);
  const ordered = part.factors.length === 1 && part.factors[0].at !== null;
  const known = curves.flatMap((curve) => [...curve.train, ...curve.val]).filter((value) => value !== null);
  const axis = axisOf(known, null, 1);
  const traces = curves.flatMap((curve, i) => {
    const name = escaped(levelOf(part, curve.row));
    const color = ordered || curves.length > 8 ? rampColour(curves.length > 1 ? i / (curves.length - 1) : 0) : css(`--network-${i % 8}`);
    const line = { type: "scatter", mode: curve.epoch.length > 1 ? "lines" : "markers", x: curve.epoch, legendgroup: name, hovertemplate: "%{y:,.4~r}" };
    return [
      { ...line, y: curve.train, name: `${name}, training`, showlegend: false, line: { color, width: 1.4, dash: "dot" } },
      { ...line, y: curve.val, name, line: { color, width: 2 } },
    ];
  });
  show(element, traces, {
    hovermode: "closest", showlegend: true, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 } }, margin: { l: 8, r: 12, t: 30, b: 8 },
    xaxis: { title: "epoch" }, yaxis: { title: "loss, scaled", tickformat: ",~r", type: axis.log ? "log" : "linear", ...(axis.log ? {} : { range: [axis.low, axis.high] }) },
  });
  element.rows = () => [["network", "level", "epoch", "train_loss", "val_loss"], ...part.curves.flatMap((curve) => curve.epoch.map((epoch, i) => [data.models[curve.model].name, part.rows.label[curve.row], epoch, curve.train[i], curve.val[i]]))];
}

function drawGrowth(element) {
  const part = partOf(element);
  const traces = part.growth.flatMap(({ model, windows, loss, fitted }) => {
    const style = look(model);
    return [
      { type: "scatter", mode: "lines", x: windows, y: fitted, name: style.name, hoverinfo: "skip", line: { color: style.color, width: 2, shape: "spline" } },
      { type: "scatter", mode: "markers", x: windows, y: loss, name: style.name, marker: { color: style.color, size: 10, symbol: style.symbol }, hovertemplate: `${style.name}<br>%{x:,} windows: %{y:,.4~r}<extra></extra>` },
    ];
  });
  show(element, traces, { hovermode: "closest", xaxis: { type: "log", title: "training windows", showgrid: true, dtick: "D2", tickformat: "~s" }, yaxis: { title: "error", tickformat: ",~r" } });
  element.rows = () => [["network", "windows", "loss", "fitted"], ...part.growth.flatMap(({ model, windows, loss, fitted }) => windows.map((n, i) => [data.models[model].name, n, loss[i], fitted[i]]))];
}
