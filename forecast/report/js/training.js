// The losses of a network by epoch.

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
  element.rows = () => [
    ["seed", "fold", "epoch", "train_loss", "val_loss", "kept"],
    ...fits.flatMap((fit) => fit.epoch.map((epoch, i) => [fit.seed, fit.fold, epoch, fit.train[i], fit.val[i], epoch === fit.best ? 1 : 0])),
  ];
}
