// The page of a tuning: values by trial, importance, options against values, all options at once.

const RAMP = ["--better", "--faint", "--worse"]; // from good to bad

function mixed(share) {
  const at = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1), i = Math.min(Math.floor(at), RAMP.length - 2), [from, to] = [rgb(css(RAMP[i])), rgb(css(RAMP[i + 1]))];
  return `rgb(${from.map((one, k) => Math.round(one + (to[k] - one) * (at - i))).join(",")})`;
}

// Complete trials, the best first.
function completed() {
  const { states, values, metric } = data.tuning;
  return states.map((_, trial) => trial).filter((trial) => states[trial] === "complete" && values[trial] !== null)
    .sort((a, b) => (values[a] - values[b]) * metric.direction || a - b);
}

const goodness = (order) => new Map(order.map((trial, i) => [trial, order.length > 1 ? i / (order.length - 1) : 0])); // 0 is the best
const optionText = (option, at) => (at === null ? "–" : option.texts ? option.texts[at] : number(at));
const aboutTrial = (trial) => {
  const { numbers, values, seconds, epochs, options, metric } = data.tuning;
  return [`trial ${numbers[trial]}${numbers[trial] ? "" : ", untuned"}: ${metric.label} ${number(values[trial])}`, ...options.map((option) => `${option.label} ${optionText(option, option.at[trial])}`),
    `${number(seconds[trial], 3)} s, ${number(epochs[trial], 3)} epochs`].map(escaped).join("<br>");
};
const valueAxis = () => {
  const { values, metric } = data.tuning;
  return axisOf(completed().map((trial) => values[trial]), null, metric.direction);
};
const axisOptions = (axis) => ({ title: escaped(data.tuning.metric.label), tickformat: ",~r", type: axis.log ? "log" : "linear", range: [axis.low, axis.high], showgrid: true });

function drawTrials(element) {
  const { numbers, states, values, best, notes, metric } = data.tuning, axis = valueAxis(), order = completed(), good = goodness(order);
  const edge = metric.direction === -1 ? 0.035 : 0.965, inside = order.filter((trial) => !axis.beyond(values[trial]));
  const dots = (some, marker, more) => ({ type: "scatter", mode: "markers", x: some.map((trial) => numbers[trial]), marker, cliponaxis: false, text: some.map((trial) => `${aboutTrial(trial)}${notes[trial] ? `<br>${short(notes[trial], 90)}` : ""}`), hovertemplate: "%{text}<extra></extra>", ...more });
  const atEdge = (some, marker) => dots(some, marker, { y: some.map(() => edge), yaxis: "y2" });
  const of = (state) => states.map((_, trial) => trial).filter((trial) => states[trial] === state);
  show(element, [
    { type: "scatter", mode: "lines", x: numbers, y: best, line: { color: css("--better"), width: 2, shape: "hv" }, hoverinfo: "skip" },
    dots(inside, { opacity: 1, size: inside.map((trial) => (numbers[trial] ? 9 : 12)), symbol: inside.map((trial) => (numbers[trial] ? "circle" : "diamond")), color: inside.map((trial) => mixed(good.get(trial))) }, { y: inside.map((trial) => values[trial]) }),
    atEdge(order.filter((trial) => axis.beyond(values[trial])), { size: 9, symbol: metric.direction === -1 ? "triangle-down" : "triangle-up", color: css("--worse") }),
    atEdge(of("pruned"), { size: 8, symbol: "circle-open", color: css("--faint"), line: { width: 1.5 } }),
    atEdge(of("failed"), { size: 9, symbol: "x", color: css("--alarm") }),
  ], {
    hovermode: "closest", xaxis: { title: "trial", range: [Math.min(...numbers) - 0.7, Math.max(...numbers) + 0.7], ...(numbers.length <= 12 ? { dtick: 1 } : {}) }, yaxis: axisOptions(axis),
    yaxis2: { visible: false, range: [0, 1], fixedrange: true, overlaying: "y" },
  });
  element.rows = () => [["number", "state", metric.name, "best_so_far", "note"], ...numbers.map((one, trial) => [one, states[trial], values[trial], best[trial], notes[trial]])];
}

function drawImportance(element) {
  const { parameter, value } = data.tuning.importance;
  show(element, [{
    type: "bar", orientation: "h", x: value, y: parameter.map((_, i) => i), marker: { color: css("--better") }, text: value.map((share) => number(share, 2)), textposition: "outside", cliponaxis: false,
    customdata: parameter.map(escaped), hovertemplate: "%{customdata}: %{x:.3f}<extra></extra>",
  }], { hovermode: "closest", bargap: 0.4, height: tall(parameter.length, 30), xaxis: { rangemode: "tozero", range: [0, 1.15 * Math.max(...value, 0.01)], showgrid: true }, yaxis: { ...rowsOf(parameter.map((name) => name.replaceAll("_", " "))), showgrid: false } });
  element.rows = () => [["parameter", "importance"], ...parameter.map((name, i) => [name, value[i]])];
}

function drawAgainst(element) {
  const { numbers, values, options, metric } = data.tuning, option = options.find(({ name }) => name === element.dataset.part), axis = valueAxis();
  const order = completed().reverse(), good = goodness(completed()), there = order.filter((trial) => option.at[trial] !== null);
  const inside = there.filter((trial) => !axis.beyond(values[trial])), out = there.filter((trial) => axis.beyond(values[trial]));
  const jitter = (trial) => (option.texts ? option.at[trial] + ((numbers[trial] * 0.618) % 1 - 0.5) * 0.3 : option.at[trial]);
  const dots = (some, marker, more) => ({ type: "scatter", mode: "markers", x: some.map(jitter), marker, cliponaxis: false, text: some.map(aboutTrial), hovertemplate: "%{text}<extra></extra>", ...more });
  show(element, [
    dots(inside, { size: 8, color: inside.map((trial) => mixed(good.get(trial))) }, { y: inside.map((trial) => values[trial]) }),
    dots(out, { size: 8, symbol: "triangle-up", color: css("--worse") }, { y: out.map(() => (metric.direction === -1 ? 0.035 : 0.965)), yaxis: "y2" }),
  ], {
    hovermode: "closest", yaxis: { ...axisOptions(axis), title: "" }, yaxis2: { visible: false, range: [0, 1], fixedrange: true, overlaying: "y" },
    xaxis: option.texts ? { tickvals: option.texts.map((_, i) => i), ticktext: option.texts.map((text) => short(text, 12)), range: [-0.5, option.texts.length - 0.5] } : { type: option.log ? "log" : "linear", ...(option.log ? { dtick: decadesOf(option) } : { nticks: 6 }), tickformat: option.log ? "~g" : ",~r" },
  });
  element.rows = () => [["number", option.name, metric.name], ...there.map((trial) => [numbers[trial], optionText(option, option.at[trial]), values[trial]])];
}

const spanOf = (option) => {
  const known = option.at.filter((at) => at !== null).map((at) => (option.log ? Math.log10(at) : at));
  return known.length ? [Math.min(...known), Math.max(...known)] : [0, 1];
};
const decadesOf = (option) => { const [low, high] = spanOf(option); return Math.max(1, Math.ceil((high - low) / 5)); };

// Parallel coordinates: an upright axis for each option and one for the value; a line through them is a trial.
function drawParallel(element) {
  const { options, values, metric, numbers } = data.tuning, every = completed(), share = [1, 0.5, 0.1][chosen("shown")];
  const kept = every.slice(0, Math.max(Math.ceil(every.length * share), 1)), good = goodness(every), axis = valueAxis();
  const axes = [...options, { name: metric.name, label: metric.label, log: axis.log, texts: null, at: values.map((value, trial) => (good.has(trial) ? value : null)) }];
  const spans = axes.map((one) => (one.texts ? [0, Math.max(one.texts.length - 1, 1)] : spanOf({ ...one, at: every.map((trial) => one.at[trial]).filter((at) => at !== null && (one.name !== metric.name || !axis.beyond(at))) })));
  const height = (one, k, trial) => {
    if (one.at[trial] === null) return null;
    const [low, high] = spans[k], at = one.log ? Math.log10(one.at[trial]) : one.at[trial];
    return high > low ? Math.min(Math.max((at - low) / (high - low), -0.03), 1.03) : 0.5;
  };
  const traces = [...kept].reverse().map((trial) => ({
    type: "scatter", mode: "lines+markers", x: axes.map((_, k) => k), y: axes.map((one, k) => height(one, k, trial)), line: { color: mixed(good.get(trial)), width: trial === every[0] ? 3.5 : 1.3, shape: "spline", smoothing: 0.35 },
    opacity: trial === every[0] ? 1 : Math.max(0.35, Math.min(0.9, 12 / kept.length)), marker: { size: 5, color: mixed(good.get(trial)) }, text: axes.map(() => aboutTrial(trial)), hovertemplate: "%{text}<extra></extra>", connectgaps: true, cliponaxis: false,
  }));
  const narrow = element.clientWidth / axes.length < 90, annotations = [], shapes = [];
  axes.forEach((one, k) => {
    shapes.push({ type: "line", x0: k, x1: k, y0: 0, y1: 1, line: { color: css("--faint"), width: 1.2 }, layer: "below" });
    annotations.push({ x: k, y: 1.05, yanchor: "bottom", xanchor: narrow ? "left" : "center", textangle: narrow ? -40 : 0, text: short(one.label, narrow ? 12 : 18), showarrow: false, font: { size: 12, color: css("--ink") } });
    const ticks = one.texts ? one.texts.map((text, i) => [i / (one.texts.length - 1 || 1), text]) : [0, 0.5, 1].map((at) => [at, number(one.log ? 10 ** (spans[k][0] + at * (spans[k][1] - spans[k][0])) : spans[k][0] + at * (spans[k][1] - spans[k][0]), narrow ? 2 : 3)]);
    ticks.forEach(([at, text]) => annotations.push({ x: k, y: one.texts && one.texts.length === 1 ? 0.5 : at, xanchor: k === axes.length - 1 ? "right" : "left", xshift: k === axes.length - 1 ? -6 : 6, text: short(String(text), narrow ? 6 : 14), showarrow: false, font: { size: 11, color: css("--soft") }, bgcolor: faded(css("--paper"), 0.75), borderpad: 1 }));
  });
  show(element, traces, { hovermode: "closest", shapes, annotations, margin: { l: 16, r: 24, t: narrow ? 70 : 36, b: 12 }, xaxis: { visible: false, range: [-0.15, axes.length - 0.85], fixedrange: true }, yaxis: { visible: false, range: [-0.05, 1.05], fixedrange: true } });
  element.rows = () => [["number", ...axes.map((one) => one.name)], ...kept.map((trial) => [numbers[trial], ...axes.map((one) => (one.texts ? optionText(one, one.at[trial]) : one.at[trial]))])];
}

const drawings = { trials: drawTrials, importance: drawImportance, against: drawAgainst, parallel: drawParallel };

function listen() {
  listenTo("#shown", "parallel");
}

const prepare = async () => {};
