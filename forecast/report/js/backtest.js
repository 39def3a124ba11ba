// The page of a backtest: which chart is drawn by what, and what redraws it.

const drawings = {
  fan: drawFan,
  step: (element) => drawLine(element, "step", "steps ahead"),
  cutoff: (element) => drawLine(element, "cutoff", ""),
  series: drawSeries,
  hardest: drawHardest,
  curve: drawCurve,
  intervals: drawIntervals,
  pairs: drawPairs,
  critical: drawCritical,
  best: drawBest,
  reliability: drawReliability,
  covered: drawCovered,
  pit: drawPit,
  "covered-series": drawCoveredSeries,
  heat: drawHeat,
  wins: drawWins,
  bias: drawBias,
  cost: drawCost,
};

function listen() {
  listenTo("#fan-target, #fan-cutoff, [data-scope=fan] input", "fan");
  listenTo("#errors-target, [name=metric]", "step", "cutoff", "series", "hardest");
  listenTo("[data-scope=errors] input", "step", "cutoff", "series");
  listenTo("#interval-metric", "intervals");
  listenTo("[data-scope=calibration] input", "reliability", "covered", "pit", "covered-series");
  listenTo("#level", "covered", "covered-series");
  listenTo("#by, #by-metric", "heat", "wins");
  listenTo("[data-scope=breakdowns] input", "bias");
  listenTo("#cost-kind", "cost");
  listenToSeries();
}

async function prepare() { // the series that is shown first
  if (data.fans.series) await openSeries(0);
  if (data.fans.series && inHash() !== null && data.fans.series.length > 1) await goTo(inHash());
}
