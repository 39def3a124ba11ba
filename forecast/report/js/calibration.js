// Whether intervals hold what they say: reliability, coverage by step and by series, PIT histograms.

const levelChosen = () => data.calibration.levels[chosen("level")];
const percent = (share) => `${Number((100 * share).toPrecision(4))} %`;
const offering = () => models("calibration").filter((model) => data.calibration.reliability.below[model].some((value) => value !== null));
const flat = (at, options = {}) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: at, y1: at, line: { color: css("--ink"), width: 1, dash: "dot" }, ...options });

function drawReliability(element) {
  const { levels, below } = data.calibration.reliability, picked = offering();
  const traces = picked.map((model) => {
    const style = look(model);
    return {
      x: levels, y: below[model], name: style.name, mode: "lines+markers", type: "scatter", hovertemplate: "%{y:.3f}",
      line: { color: style.color, dash: style.dash, width: style.width }, marker: { color: style.color, symbol: style.symbol, size: 8 },
    };
  });
  show(element, traces, {
    shapes: [{ type: "line", x0: 0, y0: 0, x1: 1, y1: 1, line: { color: css("--ink"), width: 1, dash: "dot" } }],
    xaxis: { title: "level said", range: [0, 1], tickformat: ".1~f", showgrid: true }, yaxis: { title: "share of actuals below", range: [0, 1.02], tickformat: ".1~f" },
  });
  element.rows = () => byModel("level", levels, below, picked);
}

function drawCovered(element) {
  const { at, coverage } = data.calibration.step, shares = coverage[chosen("level")], picked = offering(), single = at.length === 1;
  const traces = picked.map((model) => {
    const style = look(model);
    return {
      x: at, y: shares[model], name: style.name, mode: single ? "markers" : "lines", type: "scatter", hovertemplate: "%{y:.3f}",
      line: { color: style.color, dash: style.dash, width: style.width }, marker: { color: style.color, symbol: style.symbol, size: 9 },
    };
  });
  show(element, traces, {
    shapes: [flat(levelChosen())],
    xaxis: { title: "steps ahead", ...(single ? { type: "category" } : at.length <= 12 ? { dtick: 1 } : {}) }, yaxis: { title: "coverage", rangemode: "tozero", tickformat: ".0%", range: [0, 1.02] },
  });
  element.rows = () => byModel("step", at, shares, picked);
}

function drawPit(element) {
  const { low, share } = data.calibration.pit, picked = offering(), width = 1 / low.length;
  const traces = picked.map((model) => {
    const style = look(model);
    return {
      x: [...low, 1], y: [...share[model], share[model][low.length - 1]], name: style.name, mode: "lines", type: "scatter", hovertemplate: "%{y:.3f}",
      line: { color: style.color, dash: style.dash, width: style.width, shape: "hv" },
    };
  });
  show(element, traces, {
    shapes: [flat(width)], xaxis: { title: "where the actual fell in the forecast’s distribution", range: [0, 1], tickformat: ".1~f" },
    yaxis: { title: "share", rangemode: "tozero", tickformat: ".0%" },
  });
  element.rows = () => byModel("low", low, share, picked);
}

function drawCoveredSeries(element) {
  const { at, coverage } = data.calibration.series, shares = coverage[chosen("level")], picked = offering();
  const traces = picked.map((model) => {
    const style = look(model);
    return {
      x: shares[model], y: at.map(() => short(data.models[model].name)), name: style.name, type: "box", orientation: "h", boxpoints: "all", jitter: 0.6, pointpos: 0,
      line: { color: style.color, width: 1.5 }, fillcolor: "rgba(0,0,0,0)", marker: { color: style.color, size: 4, opacity: 0.3 },
      text: at.map(escaped), customdata: at, hovertemplate: "%{text}: %{x:.3f}", hoveron: "points",
    };
  });
  show(element, traces, {
    hovermode: "closest", height: tall(picked.length, 46), xaxis: { tickformat: ".0%", range: [-0.03, 1.03], showgrid: true }, yaxis: { autorange: "reversed", showgrid: false },
    shapes: [{ type: "line", yref: "paper", y0: 0, y1: 1, x0: levelChosen(), x1: levelChosen(), line: { color: css("--ink"), width: 1, dash: "dot" } }],
  });
  opensSeries(element);
  element.rows = () => byModel("series", at, shares, picked);
}
