// How charts look: colours of the models, texts, axes, and the one way in which a chart is drawn.

const DASHES = ["dash", "dot", "dashdot", "longdash", "longdashdot"];
const SYMBOLS = ["circle", "diamond", "square", "triangle-up", "x", "cross", "star", "hexagon"];
const TOUCH = matchMedia("(hover: none)").matches; // a drag scrolls the page there, it does not zoom
const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);

// plotly reads a little HTML in its texts, and %{...} in its templates: names are shown as they are
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "%": "&#37;" };
const escaped = (text) => String(text).replace(/[&<>%]/g, (letter) => ENTITIES[letter]);
const short = (text, most = 22) => escaped(text.length > most ? text.slice(0, most - 1) + "…" : text);
const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const faded = (hex, alpha) => `rgba(${rgb(hex).join(",")},${alpha})`;
const number = (value, digits = 4) =>
  (value === null || !Number.isFinite(value) ? "–" : Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits }));
const pValue = (p) => (p === null ? "–" : p < 0.001 ? "<0.001" : p.toFixed(3));

function look(index) {
  const { name, kind, colour, rank } = data.models[index];
  const network = kind === "network", plain = network || kind === "ensemble";
  return {
    name: escaped(name),
    color: css(colour),
    dash: plain ? "solid" : DASHES[rank % DASHES.length],
    width: network ? 2.4 : 1.8,
    symbol: SYMBOLS[index % SYMBOLS.length] + (plain ? "" : "-open"),
  };
}

function layout(options) {
  const axis = {
    gridcolor: css("--grid"), linecolor: css("--line"), tickcolor: css("--line"), zeroline: false, automargin: true,
    tickfont: { size: 12 }, title: { font: { size: 12 }, standoff: 8 },
  };
  const { xaxis, yaxis, ...rest } = options;
  return {
    autosize: true, showlegend: false, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: css("--sans"), color: css("--soft"), size: 13 }, margin: { l: 8, r: 12, t: 12, b: 8 },
    hoverlabel: { bgcolor: css("--card"), bordercolor: css("--line"), font: { color: css("--ink"), size: 12 }, align: "left", namelength: 30 },
    dragmode: TOUCH ? false : "zoom", modebar: { bgcolor: "rgba(0,0,0,0)", color: css("--faint"), activecolor: css("--ink") }, hovermode: "x unified", ...rest,
    xaxis: merged({ ...axis, showgrid: false, ticks: "outside", ticklen: 4 }, xaxis), yaxis: merged(axis, yaxis),
  };
}

const merged = (axis, { title, ...rest } = {}) => ({ ...axis, ...rest, title: { ...axis.title, text: title || "" } });

function show(element, traces, options) {
  const config = {
    displaylogo: false, responsive: true, showTips: false, displayModeBar: TOUCH ? false : "hover",
    modeBarButtons: [["toImage", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
  };
  const { height, ...rest } = options;
  if (element.closest("#summary")) return Plotly.react(element, traces, layout(rest), config); // as tall as the sheet allows
  if (height) element.style.height = `${height}px`;
  return Plotly.react(element, traces, layout(options), config);
}

// The height of a chart with a row for each of ``count`` names, and its y axis with their names, the first on top.
const tall = (count, each = 26) => Math.max(count * each + 60, 150);
const rowsOf = (names) => ({
  tickvals: names.map((_, i) => i), ticktext: names.map((name) => short(String(name))), range: [names.length - 0.5, -0.5],
});

const chosen = (id) => Number(byId(id).value);
const models = (scope) => all(`[data-scope="${scope}"] input:checked`).map((box) => Number(box.value));
const checked = (name) => document.querySelector(`[name="${name}"]:checked`).value;
