// Values by level: lines with a band where levels lie on an axis, dots with bars where they are names.

const fine = (row, part) => !part.rows.status[row];
const wordOf = (status) => status.split(/:| with | in /)[0]; // what became of a level, in a word or two
const levelOf = (part, row) => part.rows.levels[row].map((level, i) => part.factors[i].texts[level]).join(", ");

// The rows that make one line: a network, and a level of every factor but the one across.
function linesOf(part, across, picked) {
  const { model, levels } = part.rows, found = new Map();
  model.forEach((one, row) => {
    if (levels[row][across] < 0 || !picked.includes(one)) return;
    const others = levels[row].map((level, factor) => (factor === across ? "" : `${part.factors[factor].label} ${part.factors[factor].texts[level]}`)).filter(Boolean);
    const key = `${one}|${others}`;
    if (!found.has(key)) found.set(key, { model: one, others: others.join(", "), rows: [] });
    found.get(key).rows.push(row);
  });
  const lines = [...found.values()], networks = new Set(lines.map((line) => line.model)).size;
  return lines.map((line, i) => {
    const style = look(line.model), single = networks === 1, coloured = line.others && single;
    return {
      ...line, color: coloured ? css(`--network-${i % 8}`) : style.color, symbol: coloured ? SYMBOLS[i % SYMBOLS.length] : style.symbol,
      dash: line.others && !single ? ["solid", ...DASHES][i % 6] : "solid", name: line.others ? (single ? escaped(line.others) : `${style.name}, ${escaped(line.others)}`) : style.name,
      rows: line.rows.sort((a, b) => levels[a][across] - levels[b][across]),
    };
  });
}

// One figure of a column by the levels of the factor ``across``: a line of each network, marks at the edge, baselines across.
function drawBy(element, { part, across, picked, values, spreads, towards, label, bar = false }) {
  const factor = part.factors[across], upright = factor.at !== null, lines = linesOf(part, across, picked);
  const baselines = part.rows.model.map((_, row) => row).filter((row) => part.rows.levels[row][across] < 0 && picked.includes(part.rows.model[row]) && values[row] !== null && fine(row, part) && !bar);
  const told = [...lines.flatMap((line) => line.rows), ...baselines];
  const axis = axisOf(told.map((row) => (fine(row, part) ? values[row] : null)), spreads && told.map((row) => spreads[row]), towards);
  const within = (value) => { const at = axis.log ? Math.log10(value) : value; return at >= axis.low && at <= axis.high; };
  const edge = towards === -1 ? 0.035 : 0.965, traces = [], shapes = [], annotations = [];
  const crowd = new Map(); // how many marks stand at the edge at each level
  const [along, off] = upright ? ["x", "y"] : ["y", "x"]; // levels lie along, values off that axis
  lines.forEach((line, k) => {
    const dodge = upright ? 0 : (k - (lines.length - 1) / 2) * Math.min(0.7 / lines.length, 0.18);
    const spot = line.rows.map((row) => (upright ? factor.at[part.rows.levels[row][across]] : part.rows.levels[row][across] + dodge));
    const inside = line.rows.map((row) => fine(row, part) && values[row] !== null && !axis.beyond(values[row]));
    const shown = line.rows.map((row, i) => (inside[i] ? values[row] : null));
    const said = line.rows.map((row) => `${line.name}<br>${escaped(levelOf(part, row))}: ${number(values[row])}${spreads && spreads[row] ? ` ± ${number(spreads[row], 2)}` : ""}`);
    const bars = spreads && !upright ? { [`error_${off}`]: { type: "data", array: line.rows.map((row) => spreads[row] || 0), color: line.color, thickness: 1.5, width: 4 } } : {};
    if (upright && spreads) traces.push(...band(spot, shown, line.rows.map((row) => spreads[row]), line.color, axis));
    traces.push({
      type: "scatter", mode: upright ? "lines+markers" : "markers", name: line.name, [along]: spot, [off]: shown, text: said, hovertemplate: "%{text}<extra></extra>",
      line: { color: line.color, width: 2.2, dash: line.dash }, marker: { color: line.color, size: upright ? 8 : 10, symbol: line.symbol, line: { width: 1.5, color: line.color } },
      showlegend: Boolean(line.others), cliponaxis: false, ...bars,
    });
    const near = (row) => values[row] !== null && within(values[row]); // something went wrong, and yet there is a score
    const wrong = line.rows.map((_, i) => i).filter((i) => !fine(line.rows[i], part) && near(line.rows[i]));
    if (wrong.length) traces.push({
      type: "scatter", mode: "markers", [along]: wrong.map((i) => spot[i]), [off]: wrong.map((i) => values[line.rows[i]]), showlegend: false, cliponaxis: false,
      marker: { symbol: "x", size: 10, color: css("--alarm") }, text: wrong.map((i) => `${said[i]}<br>${escaped(part.rows.status[line.rows[i]])}`), hovertemplate: "%{text}<extra></extra>",
    });
    const out = line.rows.map((_, i) => i).filter((i) => !inside[i] && !wrong.includes(i));
    const stacked = out.map((i) => { // below each other where lines meet
      const there = crowd.get(spot[i]) || 0;
      crowd.set(spot[i], there + 1);
      return edge - (edge > 0.5 ? 1 : -1) * there * 0.055;
    });
    const side = upright ? { x: out.map((i) => spot[i]), y: stacked, yaxis: "y2" } : { y: out.map((i) => spot[i]), x: out.map(() => edge), xaxis: "x2" };
    const word = (row) => (fine(row, part) ? (values[row] === null ? "no value" : number(values[row], 3)) : wordOf(part.rows.status[row]));
    if (out.length) traces.push({
      type: "scatter", mode: "markers+text", ...side, showlegend: false, cliponaxis: false, text: out.map((i) => (lines.length > 3 || (upright && element.clientWidth < 500) ? "" : ` ${escaped(word(line.rows[i]))} `)),
      textposition: out.map((i) => (upright && spot[i] < factor.at.at(-1) ? "middle right" : "middle left")), textfont: { size: 11, color: line.color },
      customdata: out.map((i) => `${line.name}<br>${escaped(levelOf(part, line.rows[i]))}: ${escaped(part.rows.status[line.rows[i]] || word(line.rows[i]))}`), hovertemplate: "%{customdata}<extra></extra>",
      marker: { symbol: out.map((i) => (fine(line.rows[i], part) && values[line.rows[i]] !== null ? (upright ? (edge > 0.5 ? "triangle-up" : "triangle-down") : (edge > 0.5 ? "triangle-right" : "triangle-left")) : "x")), size: 10, color: line.color },
    });
  });
  baselines.forEach((row) => {
    const style = look(part.rows.model[row]), beyond = axis.beyond(values[row]), at = axis.log ? Math.log10(values[row]) : values[row];
    const place = upright ? { xref: "paper", x: 1, y: beyond ? axis.high : at, xanchor: "right", yanchor: "bottom" } : { yref: "paper", y: 1, x: beyond ? axis.high : at, xanchor: "left", yanchor: "bottom", textangle: 0 };
    if (!beyond) shapes.push({ ...(upright ? { xref: "paper", x0: 0, x1: 1, y0: values[row], y1: values[row] } : { yref: "paper", y0: 0, y1: 1, x0: values[row], x1: values[row] }), type: "line", line: { color: style.color, width: 1.5, dash: style.dash }, layer: "below" });
    annotations.push({ ...place, text: `${short(data.models[part.rows.model[row]].name, 18)}${beyond ? ` ${number(values[row], 3)} →` : ""}`, showarrow: false, font: { size: 11, color: style.color } });
  });
  const offAxis = { title: label, tickformat: ",~r", type: axis.log ? "log" : "linear", range: [axis.low, axis.high], showgrid: true, ...(axis.log ? { dtick: axis.high - axis.low > 1.2 ? 1 : "D2", minor: { dtick: "D1" } } : {}) };
  const legend = !bar && lines.some((line) => line.others) ? { showlegend: true, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 } } } : {};
  const nothing = { visible: false, range: [0, 1], fixedrange: true };
  if (upright) show(element, traces, { hovermode: "closest", shapes, annotations, ...legend, xaxis: levelAxis(element, factor), yaxis: offAxis, yaxis2: { ...nothing, overlaying: "y" } });
  else show(element, traces, {
    hovermode: "closest", shapes, annotations, ...legend, height: tall(factor.texts.length, Math.max(30, 13 * Math.min(lines.length, 12))) + (legend.showlegend ? 30 : 0),
    margin: { l: 8, r: 24, t: baselines.length || legend.showlegend ? 26 : 12, b: 8 }, xaxis: offAxis, xaxis2: { ...nothing, overlaying: "x" }, yaxis: { ...rowsOf(factor.texts), showgrid: true },
  });
}

function band(spot, shown, spreads, color, axis) { // what lies within a spread of the line, in pieces where the line is broken
  const pieces = [[]];
  spot.forEach((at, i) => (shown[i] === null ? pieces.push([]) : pieces.at(-1).push([at, shown[i], spreads[i] || 0])));
  return pieces.filter((piece) => piece.length > 1 && piece.some(([, , spread]) => spread > 0)).map((piece) => ({
    type: "scatter", mode: "lines", fill: "toself", fillcolor: faded(color, 0.14), line: { width: 0 }, hoverinfo: "skip", showlegend: false,
    x: [...piece.map(([at]) => at), ...piece.map(([at]) => at).reverse()],
    y: [...piece.map(([, y, spread]) => y + spread), ...piece.map(([, y, spread]) => (axis.log ? Math.max(y - spread, y / 1e3) : y - spread)).reverse()],
  }));
}

function levelAxis(element, { label, texts, at, scale }) { // a tick at each level, as many as there is room for
  const log = scale === "log" && at.every((level) => level > 0), place = at.map((level) => (log ? Math.log10(level) : level));
  const span = place.at(-1) - place[0] || 1, width = Math.max(element.clientWidth - 70, 120), ticks = [];
  place.forEach((spot, i) => { if (!ticks.length || ((spot - place[ticks.at(-1)]) / span) * width > 8 + 7 * texts[i].length) ticks.push(i); });
  return { title: escaped(label), type: log ? "log" : "linear", tickvals: ticks.map((i) => at[i]), ticktext: ticks.map((i) => escaped(texts[i])), range: [place[0] - 0.06 * span, place.at(-1) + 0.06 * span] };
}

const levelRows = (part, columns) => [
  ["network", ...part.factors.map((factor) => factor.name), ...columns.map(([name]) => name), "status"],
  ...part.rows.model.map((model, row) => [data.models[model].name, ...part.rows.levels[row].map((level, i) => (level < 0 ? "" : part.factors[i].texts[level])), ...columns.map(([, values]) => values && values[row]), part.rows.status[row]]),
];
