// The numbers of a figure as a file, and the leaderboard as text on the clipboard.

const cell = (value) => {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const csvOf = (rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const fileName = (...parts) => `${[document.title.replace(/^(Backtest|Tuning) of /, ""), ...parts].join("-").replace(/[^\p{L}\p{N}.-]+/gu, "_")}.csv`;

// The rows of a figure as drawing gave them: ``element.rows()`` is a list of rows, the first one names the columns.
function listenToDownloads() {
  all("button.csv").forEach((button) => button.addEventListener("click", () => {
    const chart = button.closest("figure").querySelector("[data-chart]");
    if (!chart.rows) draw(chart);
    save(fileName(...(chart.dataset.study && data.studies.length > 1 ? [partOf(chart).title] : []), chart.dataset.chart,
      ...(chart.dataset.model ? [data.models[chart.dataset.model].name] : chart.dataset.part ? [chart.dataset.part] : [])), csvOf(chart.rows()));
  }));
  all("button[data-copy]").forEach((button) => button.addEventListener("click", async () => {
    await copy(partOf(button).board[button.dataset.copy]);
    const said = button.parentElement.querySelector("output");
    said.textContent = `Copied as ${button.textContent}.`;
    setTimeout(() => { said.textContent = ""; }, 4000);
  }));
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no clipboard for this page: the old way, by a selection
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
