// Where each model wins and loses: a heatmap of models and groups, shares of groups won and lost, bias by step.

function grouped() { // what is chosen: its groups, values (M, G) of the models that have any, and the metric
  const { by, metrics, values } = data.breakdowns, grouping = by[chosen("by")], metric = metrics[chosen("by-metric")];
  const of = values[chosen("by")][chosen("by-metric")];
  const picked = data.ranked.filter((model) => of[model].some((value) => value !== null));
  return { ...grouping, metric, picked, values: picked.map((model) => of[model]) };
}

// Against the mean of each group: doublings of it where all is positive and low is good, else the difference.
function against({ values, groups, metric }) {
  const doublings = metric.direction === 1 && values.flat().every((value) => value === null || value > 0);
  const means = groups.map((_, g) => {
    const known = values.map((row) => row[g]).filter((value) => value !== null);
    return known.reduce((a, b) => a + b, 0) / known.length;
  });
  const worse = (value, mean) => (doublings ? Math.log2(value / mean) : (value - mean) * (metric.direction || 1));
  return { doublings, z: values.map((row) => row.map((value, g) => (value === null ? null : worse(value, means[g])))) };
}

function drawHeat(element) {
  const told = grouped(), { doublings, z } = against(told), { groups, picked, values, metric } = told;
  const sizes = z.flat().filter((value) => value !== null).map(Math.abs).sort((a, b) => a - b);
  const most = sizes[Math.floor(sizes.length * 0.97)] || sizes.at(-1) || 1;
  const wide = (element.clientWidth - 190) / groups.length, every = Math.max(1, Math.ceil(groups.length * 16 / Math.max(element.clientWidth - 190, 100)));
  const ticks = groups.map((_, g) => g).filter((g) => g % every === 0);
  const names = picked.map((model) => data.models[model].name), steps = [-most, 0, most];
  show(element, [{
    type: "heatmap", z, x: groups.map((_, g) => g), y: picked.map((_, i) => i), zmin: -most, zmax: most, xgap: wide > 8 ? 1 : 0, ygap: 1,
    colorscale: [[0, css("--heat-better")], [0.5, css("--card")], [1, css("--heat-worse")]],
    text: values.map((row) => row.map((value) => number(value, 3))), texttemplate: wide > 42 ? "%{text}" : "", textfont: { size: 11, color: css("--ink") },
    customdata: names.map((name) => groups.map((group) => [escaped(name), escaped(group)])), hovertemplate: "%{customdata[0]}, %{customdata[1]}: %{text}<extra></extra>",
    colorbar: {
      orientation: "h", thickness: 8, len: element.clientWidth < 500 ? 1 : 0.5, tickangle: 0, x: 0, xanchor: "left", y: 1, yanchor: "bottom", outlinewidth: 0, tickvals: steps, tickfont: { size: 11, color: css("--soft") },
      ticktext: doublings ? steps.map((step) => `${number(2 ** step, 2)} × mean`) : metric.direction ? ["better", "mean", "worse"] : ["below", "mean", "above"],
    },
  }], {
    hovermode: "closest", height: Math.max(picked.length * 26 + 130, 190), margin: { l: 8, r: 12, t: 44, b: 8 },
    xaxis: { tickvals: ticks, ticktext: ticks.map((g) => short(groups[g], 16)), ticks: "", tickangle: "auto" }, yaxis: { ...rowsOf(names), showgrid: false },
  });
  element.onclick = null;
  if (told.name === "unique_id" && !element.dataset.opens) {
    element.dataset.opens = "yes";
    element.on("plotly_click", ({ points: [point] }) => grouped().name === "unique_id" && goTo(grouped().groups[point.x]));
  }
  element.rows = () => [["group", ...names], ...groups.map((group, g) => [group, ...values.map((row) => row[g])])];
}

function drawWins(element) { // shares of groups in which a model is best, to the right, and worst, to the left; equals share
  const { groups, picked, values, metric } = grouped(), towards = metric.direction || 1;
  const best = picked.map(() => 0), worst = picked.map(() => 0);
  groups.forEach((_, g) => {
    const own = values.map((row) => (row[g] === null ? null : row[g] * towards)), known = own.filter((value) => value !== null);
    for (const [counts, edge] of [[best, Math.min(...known)], [worst, Math.max(...known)]]) {
      const there = own.filter((value) => value === edge).length;
      own.forEach((value, i) => { if (value === edge) counts[i] += 1 / there / groups.length; });
    }
  });
  const names = picked.map((model) => data.models[model].name);
  const bar = (shares, name, colour, sign) => ({
    type: "bar", orientation: "h", name, x: shares.map((share) => sign * share), y: picked.map((_, i) => i), marker: { color: colour },
    customdata: shares.map(percent), text: shares.map((share) => (share >= 0.005 ? `${Math.round(100 * share)} %` : "")), textposition: "outside", cliponaxis: false,
    textfont: { size: 11 }, hovertemplate: `${name} in %{customdata} of groups<extra></extra>`,
  });
  const most = 1.25 * Math.max(...best, ...worst, 0.04);
  show(element, [bar(best, "best", css("--better"), 1), bar(worst, "worst", css("--worse"), -1)], {
    barmode: "overlay", bargap: 0.35, hovermode: "closest", height: tall(picked.length),
    xaxis: { range: [-most, most], showticklabels: false, ticks: "", title: "← worst        best →", zeroline: true, zerolinecolor: css("--line") }, yaxis: { ...rowsOf(names), showgrid: false },
  });
  element.rows = () => [["model", "best", "worst"], ...names.map((name, i) => [name, best[i], worst[i]])];
}

function drawBias(element) {
  const { at, bias, unit } = data.biases, picked = models("breakdowns"), single = at.length === 1;
  const traces = picked.map((model) => {
    const style = look(model);
    return {
      x: at, y: bias[model], name: style.name, mode: single ? "markers" : "lines", type: "scatter", hovertemplate: "%{y:,.3~r}",
      line: { color: style.color, dash: style.dash, width: style.width }, marker: { color: style.color, symbol: style.symbol, size: 9 },
    };
  });
  show(element, traces, {
    shapes: [flat(0)], xaxis: { title: "steps ahead", ...(single ? { type: "category" } : at.length <= 12 ? { dtick: 1 } : {}) }, yaxis: { title: unit, tickformat: ",~r" },
  });
  element.rows = () => byModel("step", at, bias, picked);
}
