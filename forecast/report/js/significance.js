// Which differences are real: ranks with what is not told apart, pairs of models, intervals of scores.

const rankNames = () => data.evidence.ranks.models.map((model) => data.models[model].name);

function drawCritical(element) { // Demsar (2006): mean ranks on an axis, bars join models that are not told apart
  const { models: order, mean, groups, critical } = data.evidence.ranks, count = order.length, half = Math.ceil(count / 2);
  const [least, greatest] = [Math.floor(mean[0]), Math.ceil(mean[count - 1])], span = Math.max(greatest - least, 1);
  const bars = groups.filter((group) => group.length > 1), depth = bars.length * 0.55 + 0.6;
  const line = css("--soft"), shapes = [], annotations = [], narrow = element.clientWidth < 500;
  const edge = [least - span * 0.04, greatest + span * 0.04];
  const segment = (x0, y0, x1, y1, color, width) => shapes.push({ type: "line", x0, y0, x1, y1, line: { color, width } });
  bars.forEach((group, i) => {
    const at = group.map((place) => mean[place]), y = -0.35 - i * 0.55;
    segment(Math.min(...at) - span * 0.006, y, Math.max(...at) + span * 0.006, y, css("--ink"), 4);
  });
  order.forEach((model, i) => {
    const left = i < half, y = -depth - (left ? i : count - 1 - i) * 1.0, style = look(model);
    segment(mean[i], 0, mean[i], y, style.color, 1.4);
    segment(mean[i], y, edge[left ? 0 : 1], y, style.color, 1.4);
    annotations.push({
      x: edge[left ? 0 : 1], y, text: `${short(data.models[model].name, narrow ? 10 : 22)} ${mean[i].toFixed(2)}`, showarrow: false,
      xanchor: left ? "right" : "left", xshift: left ? -4 : 4, font: { size: 12, color: css("--ink") },
    });
  });
  if (critical !== null) {
    segment(edge[0], 1.3, edge[0] + Math.min(critical, edge[1] - edge[0]), 1.3, css("--ink"), 2);
    annotations.push({ x: edge[0], y: 1.3, xanchor: "left", yanchor: "bottom", text: `critical difference ${critical.toFixed(2)}`, showarrow: false, font: { size: 12, color: line } });
  }
  const ticks = Array.from({ length: span + 1 }, (_, i) => least + i);
  ticks.forEach((tick) => {
    segment(tick, 0, tick, 0.18, line, 1);
    annotations.push({ x: tick, y: 0.2, yanchor: "bottom", text: String(tick), showarrow: false, font: { size: 12, color: line } });
  });
  segment(edge[0], 0, edge[1], 0, line, 1);
  const rows = half + depth + 2.6;
  show(element, [{ x: mean, y: mean.map(() => 0), mode: "markers", type: "scatter", marker: { size: 7, color: order.map((model) => look(model).color) }, text: rankNames().map(escaped), hovertemplate: "%{text}: %{x:.3f}<extra></extra>", cliponaxis: false }], {
    hovermode: "closest", shapes, annotations, height: Math.max(rows * 21, 150), margin: { l: narrow ? 118 : 206, r: narrow ? 118 : 206, t: 4, b: 4 },
    xaxis: { visible: false, range: edge }, yaxis: { visible: false, range: [-depth - half + 0.2, 2.2], fixedrange: true },
  });
  element.rows = () => [["model", "mean_rank", "not_told_apart_from"], ...order.map((model, i) => [data.models[model].name, mean[i],
    [...new Set(groups.filter((group) => group.includes(i)).flat())].filter((other) => other !== i).map((other) => rankNames()[other]).join("; ")])];
}

function drawBest(element) { // multiple comparison with the best: who overlaps the best's interval is not worse for sure
  const { models: order, mcb } = data.evidence.ranks, names = rankNames(), best = mcb[0];
  const traces = mcb.map(({ rank, low, high, beaten }, i) => {
    const style = look(order[i]);
    return {
      x: [rank], y: [i], name: style.name, type: "scatter", mode: "markers", marker: { size: 10, color: beaten ? css("--paper") : style.color, line: { width: 2, color: style.color } },
      error_x: { type: "data", symmetric: false, array: [high - rank], arrayminus: [rank - low], color: style.color, thickness: 2, width: 5 },
      hovertemplate: `${style.name}: ${rank.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})${beaten ? ", beaten" : ""}<extra></extra>`,
    };
  });
  show(element, traces, {
    hovermode: "closest", height: tall(order.length), xaxis: { title: "mean rank", showgrid: true }, yaxis: { ...rowsOf(names), showgrid: false },
    shapes: [{ type: "rect", yref: "paper", y0: 0, y1: 1, x0: best.low, x1: best.high, fillcolor: faded(css("--better"), 0.12), line: { width: 0 }, layer: "below" }],
  });
  element.rows = () => [["model", "mean_rank", "low", "high", "beaten"], ...mcb.map(({ rank, low, high, beaten }, i) => [names[i], rank, low, high, beaten ? 1 : 0])];
}

function drawPairs(element) { // a row against each column: blue where the row has the smaller loss
  const { models: order, difference, low, high, p, holm, notes } = data.evidence.pairs, names = order.map((model) => data.models[model].name), count = names.length;
  const most = Math.max(...difference.flat().filter((value) => value !== null).map(Math.abs), 1e-12);
  const cells = (element.clientWidth - 170) / count, sign = (value) => (value < 0 ? "less" : "more");
  const said = (i, j) => (difference[i][j] === null ? "" : `${escaped(names[i])} loses ${number(Math.abs(difference[i][j]), 3)} ${sign(difference[i][j])} than ${escaped(names[j])}` +
    (low[i][j] === null ? "" : `<br>95 % interval ${number(low[i][j], 3)} to ${number(high[i][j], 3)}`) +
    `<br>p ${pValue(p[i][j])}, Holm ${pValue(holm[i][j])}${notes[i][j] ? `<br>${escaped(notes[i][j])}` : ""}`);
  show(element, [{
    type: "heatmap", z: difference, x: names.map((_, i) => i), y: names.map((_, i) => i), zmin: -most, zmax: most, xgap: 1, ygap: 1, showscale: false,
    colorscale: [[0, css("--heat-better")], [0.5, css("--card")], [1, css("--heat-worse")]], hoverongaps: false,
    text: holm.map((row, i) => row.map((value, j) => (i === j || value === null ? "" : (cells > 52 ? pValue(value) : "") + (value < 0.05 ? (cells > 52 ? " ●" : "●") : "")))), texttemplate: "%{text}",
    textfont: { size: cells > 56 ? 11 : 9, color: css("--ink") }, customdata: names.map((_, i) => names.map((_, j) => said(i, j))), hovertemplate: "%{customdata}<extra></extra>",
  }], {
    hovermode: "closest", height: count * 28 + 130,
    xaxis: { tickvals: names.map((_, i) => i), ticktext: names.map((name) => short(name, 14)), ticks: "", side: "top", tickangle: cells < 30 ? -90 : -40 }, yaxis: { ...rowsOf(names), showgrid: false },
  });
  element.rows = () => [["model", "opponent", "difference", "low", "high", "p_value", "p_holm", "note"], ...names.flatMap((one, i) => names.map((other, j) =>
    [one, other, difference[i][j], low[i][j], high[i][j], p[i][j], holm[i][j], notes[i][j]]).filter((_, j) => j > i))];
}

function drawIntervals(element) {
  const { metrics, level } = data.evidence.intervals, { label, model, value, low, high } = metrics[chosen("interval-metric")];
  const names = model.map((one) => data.models[one].name);
  const traces = model.map((one, i) => {
    const style = look(one), known = low[i] !== null && high[i] !== null;
    return {
      x: [value[i]], y: [i], name: style.name, type: "scatter", mode: "markers", marker: { size: 9, symbol: style.symbol, color: style.color, line: { width: 1.5, color: style.color } },
      error_x: known ? { type: "data", symmetric: false, array: [high[i] - value[i]], arrayminus: [value[i] - low[i]], color: style.color, thickness: 2, width: 5 } : { visible: false },
      hovertemplate: `${style.name}: ${number(value[i])}${known ? ` (${number(low[i])} to ${number(high[i])})` : ""}<extra></extra>`,
    };
  });
  show(element, traces, { hovermode: "closest", height: tall(model.length), xaxis: { title: `${label}, ${percent(level)} interval`, tickformat: ",~r", showgrid: true }, yaxis: { ...rowsOf(names), showgrid: false } });
  element.rows = () => [["model", "metric", "value", "low", "high"], ...names.map((name, i) => [name, label, value[i], low[i], high[i]])];
}
