// Scores in a grid: two factors against each other for one network, or networks against levels.

function drawGrid(element) {
  const part = partOf(element), metric = metricOf(element), values = part.values[metric.name], [first, second] = part.factors;
  const networks = networksOf(part), many = networks.length > 1, rows = [], of = new Map();
  part.rows.model.forEach((model, row) => {
    const levels = part.rows.levels[row];
    if (levels[0] < 0) return;
    const name = second ? `${many ? `${data.models[model].name}, ` : ""}${second.texts.length > first.texts.length ? first.texts[levels[0]] : second.texts[levels[1]]}` : data.models[model].name;
    if (!rows.includes(name)) rows.push(name);
    of.set(`${rows.indexOf(name)}|${second && second.texts.length > first.texts.length ? levels[1] : levels[0]}`, [row, model]);
  });
  const across = second && second.texts.length > first.texts.length ? second : first, down = across === first ? second : first;
  const cells = rows.map((_, i) => across.texts.map((_, j) => of.get(`${i}|${j}`)));
  const value = (cell) => (cell && fine(cell[0], part) ? values[cell[0]] : null);
  const mean = (model) => average(cells.flat().filter((cell) => cell && cell[1] === model).map(value));
  const z = cells.map((row) => row.map((cell) => (value(cell) === null ? null : worseThan(value(cell), mean(cell[1]), metric))));
  const text = cells.map((row) => row.map((cell) => (!cell ? "" : value(cell) === null ? escaped(wordOf(part.rows.status[cell[0]]) || "no value") : number(values[cell[0]], 3))));
  const sizes = z.flat().filter((one) => one !== null).map(Math.abs).sort((a, b) => a - b), most = sizes[Math.floor(sizes.length * 0.9)] || 1;
  const wide = (element.clientWidth - 150) / across.texts.length;
  element.previousElementSibling.firstElementChild.textContent = `${metric.label} by ${second ? `${first.label} and ${second.label}` : `network and ${first.label}`}`;
  show(element, [{
    type: "heatmap", z, x: across.texts.map((_, i) => i), y: rows.map((_, i) => i), zmin: -most, zmax: most, xgap: 1, ygap: 1, showscale: false,
    colorscale: [[0, css("--heat-better")], [0.5, css("--card")], [1, css("--heat-worse")]], text: text.map((row, i) => row.map((one, j) => (z[i][j] === null ? "" : one))), texttemplate: wide > 42 ? "%{text}" : "", textfont: { size: 11, color: css("--ink") },
    customdata: cells.map((row, i) => row.map((cell, j) => `${escaped(rows[i])}, ${escaped(across.texts[j])}: ${text[i][j]}`)), hovertemplate: "%{customdata}<extra></extra>", hoverongaps: true,
  }], {
    hovermode: "closest", height: Math.max(rows.length * 30 + 70, 150), xaxis: { title: escaped(across.label), tickvals: across.texts.map((_, i) => i), ticktext: across.texts.map((name) => short(name, 14)), ticks: "" },
    yaxis: { ...rowsOf(rows), showgrid: false, title: down && !many ? escaped(down.label) : "" },
    annotations: cells.flatMap((row, i) => row.flatMap((cell, j) => (cell && value(cell) === null && wide > 42 ? [{ x: j, y: i, text: text[i][j], showarrow: false, font: { size: 11, color: css("--alarm") } }] : []))),
  });
  element.rows = () => levelRows(part, [[metric.name, values]]);
}

const average = (values) => {
  const known = values.filter((value) => value !== null);
  return known.reduce((a, b) => a + b, 0) / known.length;
};
const worseThan = (value, mean, { direction }) => (value - mean) * (direction || 1);
