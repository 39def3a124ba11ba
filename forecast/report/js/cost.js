// Accuracy against cost, with the models that no other beats on both as a line.

function drawCost(element) {
  const { metric, kinds } = data.costs, kind = kinds[chosen("cost-kind")], { model, cost, value, front, label } = kind;
  const least = Math.min(...cost.filter((one) => one > 0)), nothing = least / 4; // where a cost of zero stands on a log axis
  const some = Number.isFinite(least), place = cost.map((one) => (one > 0 ? one : some ? nothing : 1));
  const order = front.map((on, i) => (on ? i : -1)).filter((i) => i >= 0);
  const styles = model.map(look), labelled = model.length <= 8 ? model.map(() => true) : front;
  const traces = [{
    x: order.map((i) => place[i]), y: order.map((i) => value[i]), mode: "lines", type: "scatter", hoverinfo: "skip", line: { color: css("--faint"), width: 1.5, shape: "hv" },
  }, ...model.map((one, i) => ({
    x: [place[i]], y: [value[i]], name: styles[i].name, type: "scatter", mode: labelled[i] ? "markers+text" : "markers", text: [short(data.models[one].name, 18)],
    textposition: beside(place, i), textfont: { size: 12, color: css("--soft") }, cliponaxis: false,
    marker: { color: styles[i].color, symbol: styles[i].symbol, size: 11, line: { width: 1.5, color: styles[i].color } },
    hovertemplate: `${styles[i].name}<br>${label} ${number(cost[i], 3)}<br>${metric} ${number(value[i])}<extra></extra>`,
  }))];
  const zeros = some && cost.some((one) => one === 0), ends = [Math.min(...place), Math.max(...place)].map(Math.log10), room = 0.12 * (ends[1] - ends[0] || 1);
  const decades = [];
  for (let power = Math.ceil(Math.log10(some ? least : 1)); power <= Math.floor(ends[1]); power++) decades.push(power);
  const apart = Math.max(1, Math.ceil(decades.length / 7)), ticks = decades.filter((_, i) => i % apart === 0);
  show(element, traces, {
    hovermode: "closest",
    xaxis: {
      type: "log", title: label, range: [ends[0] - room, ends[1] + 2 * room], showgrid: true,
      tickvals: [...(zeros ? [nothing] : []), ...ticks.map((power) => 10 ** power)], ticktext: [...(zeros ? ["0"] : []), ...ticks.map(powerOfTen)],
    },
    yaxis: { title: metric, tickformat: ",~r" },
  });
  element.rows = () => [["model", kind.name, metric, "on_front"], ...model.map((one, i) => [data.models[one].name, cost[i], value[i], front[i] ? 1 : 0])];
}

const powerOfTen = (power) => (power < -3 || power > 6 ? `10<sup>${String(power).replace("-", "−")}</sup>` : (10 ** power).toLocaleString("en", { maximumFractionDigits: 3 }));
const beside = (place, i) => (place[i] > Math.sqrt(Math.min(...place) * Math.max(...place)) * 1.5 ? "top left" : "top right");
