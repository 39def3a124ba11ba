"use strict";
// Draws the report's charts: unpacks the inlined data and plotly.js, makes traces, draws each chart when it comes into view.
(() => {
  const DASHES = ["dash", "dot", "dashdot", "longdash", "longdashdot"];
  const SYMBOLS = ["circle", "diamond", "square", "triangle-up", "x", "cross", "star", "hexagon"];
  const MANY_SERIES = 20;
  const TOUCH = matchMedia("(hover: none)").matches; // a drag scrolls the page there, it does not zoom
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const charts = all("[data-chart]");
  const everything = new URLSearchParams(location.search).get("draw") === "all";
  let data, numbers;

  // ---- unpacking -----------------------------------------------------------------------------------------------

  async function unpack(id) {
    const bytes = Uint8Array.from(atob(byId(id).textContent), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  }

  async function unpackText(id) {
    return new TextDecoder().decode(await unpack(id));
  }

  async function unpackNumbers(id) { // high bytes of all values, then the low ones
    const bytes = new Uint8Array(await unpack(id));
    const count = bytes.length / 2;
    const values = new Int16Array(count);
    for (let i = 0; i < count; i++) values[i] = (bytes[i] << 8) | bytes[count + i];
    return values;
  }

  function values(begin, count, [least, span]) {
    return Array.from(numbers.subarray(begin, begin + count), (code) =>
      code === -32768 ? null : least + ((code + 32767) / 65534) * span);
  }

  // ---- look ----------------------------------------------------------------------------------------------------

  // plotly reads a little HTML in its texts, and %{...} in its templates: names are shown as they are
  const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "%": "&#37;" };
  const escaped = (text) => String(text).replace(/[&<>%]/g, (letter) => ENTITIES[letter]);
  const short = (text, most = 22) => escaped(text.length > most ? text.slice(0, most - 1) + "…" : text);
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const faded = (hex, alpha) =>
    `rgba(${[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(",")},${alpha})`;

  function look(index) {
    const { name, kind, colour, rank } = data.models[index];
    const network = kind === "network";
    return {
      name: escaped(name),
      color: css(colour),
      dash: network ? "solid" : DASHES[rank % DASHES.length],
      width: network ? 2.4 : 1.8,
      symbol: SYMBOLS[index % SYMBOLS.length] + (network ? "" : "-open"),
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
    return Plotly.react(element, traces, layout(options), config);
  }

  // ---- choices -------------------------------------------------------------------------------------------------

  const chosen = (id) => Number(byId(id).value);
  const models = (scope) => all(`[data-scope="${scope}"] input:checked`).map((box) => Number(box.value));
  const metric = () => document.querySelector("[name=metric]:checked").value;

  // ---- forecasts -----------------------------------------------------------------------------------------------

  function history(series, target) {
    const { axis, targets, historyScale } = data.fans;
    return values((series * targets.length + target) * axis.length, axis.length, historyScale[series][target]);
  }

  function forecast(series, target, model, cutoff) { // [mean, lower, upper, ...] of H values each
    const { series: names, targets, axis, cutoffs, at, intervals, forecastScale } = data.fans;
    const steps = at[0].length, columns = 1 + 2 * intervals.length;
    const path = ((series * targets.length + target) * data.models.length + model) * cutoffs.length + cutoff;
    const begin = names.length * targets.length * axis.length + path * columns * steps;
    return Array.from({ length: columns }, (_, column) =>
      values(begin + column * steps, steps, forecastScale[series][target][model]));
  }

  function drawFan(element) {
    const { axis, at, cutoffs, intervals } = data.fans;
    const [series, target, cutoff] = [chosen("fan-series"), chosen("fan-target"), chosen("fan-cutoff")];
    const seen = cutoffs[cutoff], steps = at[cutoff].filter((position) => position >= 0), horizon = steps.length;
    const known = history(series, target), ink = css("--ink");
    const times = steps.map((position) => axis[position]), came = steps.map((position) => known[position]);
    const traces = [], errors = [];
    for (const model of models("fan")) {
      const style = look(model), [mean, ...bounds] = forecast(series, target, model, cutoff);
      if (mean.every((value) => value === null)) {
        errors.push(`${data.models[model].name} has no forecast here`);
        continue;
      }
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
      if (both.length) errors.push(`${data.models[model].name} ${Number((both.reduce((a, b) => a + b) / both.length).toPrecision(4)).toLocaleString("en")}`);
    }
    const actual = { name: "Actual", mode: "lines", type: "scatter", hovertemplate: "%{y:,.5~r}", connectgaps: false, line: { color: ink, width: 1.6 } };
    const end = steps[horizon - 1] + 1;
    traces.unshift({ ...actual, x: axis.slice(0, end), y: known.slice(0, end) });
    traces.push({ x: times, y: came, mode: "markers", type: "scatter", hoverinfo: "skip", marker: { color: ink, size: horizon > 60 ? 3 : 5 } });
    const from = Math.max(known.findIndex((value) => value !== null), seen - Math.max(3 * horizon, 24), 0);
    show(element, traces, {
      uirevision: `${series} ${target} ${cutoff}`,
      xaxis: { range: [axis[from], beyond(axis[from], axis[end - 1])], type: typeof axis[0] === "number" ? "linear" : "date" },
      yaxis: { tickformat: ",~r", range: visible(traces, axis[from], axis[end - 1]) },
      shapes: [{ type: "line", x0: axis[seen], x1: axis[seen], yref: "paper", y0: 0, y1: 1, line: { color: css("--faint"), width: 1, dash: "dot" } }],
      annotations: [{ x: axis[seen], xanchor: "right", xshift: -4, yref: "paper", y: 1, yanchor: "top", text: "cutoff", showarrow: false, font: { size: 12, color: css("--faint") } }],
    });
    const where = [data.fans.series[series], ...(data.fans.targets.length > 1 ? [data.fans.targets[target]] : [])].join(", ");
    byId("fan-caption").textContent = `${where}, forecast from ${axis[seen]}; the thin line is the data, with dots where it came after the cutoff. ` + (errors.length ? `Mean absolute error here: ${errors.join(", ")}.` : "");
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

  // ---- errors --------------------------------------------------------------------------------------------------

  function drawLine(element, kind, title) {
    const { at, ...by } = data.errors.by[kind];
    const single = at.length === 1;
    const traces = models("errors").map((model) => {
      const style = look(model);
      return {
        x: at, y: by[metric()][chosen("errors-target")][model], name: style.name, hovertemplate: "%{y:,.4~r}", type: "scatter",
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
  }

  function drawSeries(element) {
    const { at, ...by } = data.errors.by.series;
    const errors = by[metric()][chosen("errors-target")], picked = models("errors");
    const many = at.length > MANY_SERIES, rows = many ? picked.length : at.length;
    const traces = picked.map((model) => {
      const style = look(model), mark = { color: style.color, size: many ? 4 : 10, symbol: many ? "circle" : style.symbol, line: { width: 1.5, color: style.color } };
      if (!many) return {
        x: errors[model], y: at.map((_, i) => i), name: style.name, mode: "markers", type: "scatter", marker: mark,
        text: at.map(escaped), hovertemplate: "%{text}: %{x:,.4~r}",
      };
      return {
        x: errors[model], name: style.name, y: at.map(() => short(data.models[model].name)), type: "box", orientation: "h", boxpoints: "all", jitter: 0.6, pointpos: 0,
        line: { color: style.color, width: 1.5 }, fillcolor: "rgba(0,0,0,0)", marker: { ...mark, opacity: 0.25 },
        text: at.map(escaped), hovertemplate: "%{text}: %{x:,.4~r}", hoveron: "points",
      };
    });
    element.style.height = `${Math.max(rows * (many ? 46 : 34) + 60, 150)}px`;
    const ticks = many ? { autorange: "reversed" } : { tickvals: at.map((_, i) => i), ticktext: at.map((name) => short(String(name))), range: [at.length - 0.5, -0.5] };
    show(element, traces, {
      hovermode: "closest", height: parseFloat(element.style.height),
      xaxis: { rangemode: many ? "normal" : "tozero", tickformat: ",~r", showgrid: true }, yaxis: { ...ticks, showgrid: !many },
    });
  }

  // ---- training ------------------------------------------------------------------------------------------------

  function drawCurve(element) {
    const model = element.dataset.model, style = look(Number(model)), fits = data.curves[model];
    const opacity = Math.max(0.35, 1 / Math.sqrt(fits.length));
    const traces = fits.flatMap((fit) => {
      const best = fit.epoch.indexOf(fit.best), fitName = `seed ${fit.seed}, fold ${fit.fold}`;
      const line = { type: "scatter", mode: fit.epoch.length > 1 ? "lines" : "markers", x: fit.epoch, opacity, hovertemplate: "%{y:,.4~r}" };
      return [
        { ...line, y: fit.train, name: `train, ${fitName}`, line: { color: style.color, width: 1.4, dash: "dot" } },
        { ...line, y: fit.val, name: `validation, ${fitName}`, line: { color: style.color, width: 1.8 } },
        ...(best < 0 ? [] : [{
          type: "scatter", mode: "markers", x: [fit.best], y: [fit.val[best]], hoverinfo: "skip",
          marker: { size: 10, color: css("--paper"), line: { color: style.color, width: 2 } },
        }]),
      ];
    });
    show(element, traces, { hovermode: "closest", xaxis: { title: "epoch" }, yaxis: { tickformat: ",~r" } });
  }

  // ---- the page ------------------------------------------------------------------------------------------------

  const drawings = {
    fan: drawFan,
    step: (element) => drawLine(element, "step", "steps ahead"),
    cutoff: (element) => drawLine(element, "cutoff", ""),
    series: drawSeries,
    curve: drawCurve,
  };

  function draw(element) {
    drawings[element.dataset.chart](element);
    element.dataset.done = "yes";
    document.body.dataset.drawn = all("[data-done]").length;
  }

  const redraw = (...kinds) => charts.filter((chart) => chart.dataset.done && (!kinds.length || kinds.includes(chart.dataset.chart))).forEach(draw);

  function listen() {
    const on = (elements, ...kinds) => elements.forEach((element) => element.addEventListener("change", () => redraw(...kinds)));
    on(all("#fan-series, #fan-target, #fan-cutoff, [data-scope=fan] input"), "fan");
    on(all("#errors-target, [name=metric], [data-scope=errors] input"), "step", "cutoff", "series");
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
    addEventListener("beforeprint", () => {
      root.classList.add("on-paper");
      all("details").forEach((fold) => { fold.dataset.was = fold.open; fold.open = true; });
      charts.forEach((chart) => { draw(chart); Plotly.Plots.resize(chart); });
    });
    addEventListener("afterprint", () => {
      root.classList.remove("on-paper");
      all("details").forEach((fold) => { fold.open = fold.dataset.was === "true"; });
      charts.forEach((chart) => { draw(chart); Plotly.Plots.resize(chart); });
    });
  }

  function sortable(table) {
    const heads = all("thead th", table);
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const number = head.classList.contains("number");
      const down = head.getAttribute("aria-sort") === "ascending";
      const key = (body) => body.rows[0].cells[column].dataset.sort;
      const order = (a, b) => (number ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b), "en", { numeric: true }));
      const bodies = [...table.tBodies];
      const known = bodies.filter((body) => key(body) !== "").sort((a, b) => (down ? order(b, a) : order(a, b)));
      table.append(...known, ...bodies.filter((body) => key(body) === ""));
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
    }));
  }

  function whereAmI() {
    const links = all("nav a"), sections = links.map((link) => document.querySelector(link.hash));
    const mark = () => {
      const here = sections.filter((section) => section.getBoundingClientRect().top < innerHeight / 3).pop() || sections[0];
      links.forEach((link) => link.classList.toggle("here", link.hash === `#${here.id}`));
    };
    addEventListener("scroll", mark, { passive: true });
    mark();
  }

  async function start() {
    if (typeof DecompressionStream === "undefined") {
      byId("no-charts").hidden = false;
      return;
    }
    const [text, plotly] = await Promise.all([unpackText("packed-data"), unpackText("packed-plotly")]);
    data = JSON.parse(text);
    numbers = await unpackNumbers("packed-numbers");
    const script = document.createElement("script");
    script.textContent = plotly;
    document.head.append(script);
    listen();
    if (everything) charts.forEach(draw);
    else {
      const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
        seen.unobserve(entry.target);
        draw(entry.target);
      }), { rootMargin: "400px" });
      charts.forEach((chart) => seen.observe(chart));
    }
    document.body.dataset.ready = "yes";
  }

  document.body.dataset.charts = charts.length;
  all("table").forEach(sortable);
  whereAmI();
  start().catch((error) => {
    byId("no-charts").hidden = false;
    throw error;
  });
})();
