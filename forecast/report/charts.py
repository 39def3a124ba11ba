"""Tables -> the columns that the report's charts are drawn from: errors by step, cutoff and series; training losses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.report.numbers import compact, stamps


def errors(table: pd.DataFrame, models: Sequence[str]) -> dict[str, Any]:
    """Mean absolute errors by step, cutoff and series: original units (MAE) and scaled (MASE), seeds pooled.

    ``by[kind].mae`` and ``.mase`` are (D, M, positions); None where nothing was observed or the scale is zero.
    """
    targets = list(dict.fromkeys(table["target"].astype(str)))
    absolute = (table["actual"] - table["mean"]).abs().to_numpy(dtype=np.float64)
    scale = table["naive_mae"].to_numpy(dtype=np.float64)
    scaled = np.divide(absolute, scale, out=np.full(len(table), np.nan), where=scale > 0)
    rows = pd.DataFrame(
        {
            "model": table["model"].astype(str).to_numpy(),
            "target": table["target"].astype(str).to_numpy(),
            "step": table["step"].to_numpy(),
            "cutoff": table["cutoff"].to_numpy(),
            "series": table["unique_id"].astype(str).to_numpy(),
            "mae": absolute,
            "mase": scaled,
        }
    )
    by: dict[str, Any] = {}
    for kind in ("step", "cutoff", "series"):
        means = rows.groupby([kind, "target", "model"])[["mae", "mase"]].mean()
        positions = sorted(rows[kind].unique())
        by[kind] = {"at": _labels(positions)}
        for metric in ("mae", "mase"):
            wide = means[metric].unstack(kind).reindex(columns=positions)
            grid = wide.reindex(pd.MultiIndex.from_product([targets, models], names=["target", "model"]))
            by[kind][metric] = compact(grid.to_numpy().reshape(len(targets), len(models), -1))
    observed = np.isfinite(absolute)
    return {
        "targets": targets,
        "by": by,
        "observed": int(observed.sum()),
        "unobserved": int((~observed).sum()),
        "unscaled": int((observed & ~np.isfinite(scaled)).sum()),
    }


def curves(curves: pd.DataFrame, runs: pd.DataFrame, models: Sequence[str]) -> dict[str, Any]:
    """The losses of each network's fits, by the model's index: epochs, training and validation loss, best epoch."""
    fits = zip(runs["model"].astype(str), runs["seed"], runs["fold"], runs["best_epoch"], strict=True)
    best = {(name, seed, fold): epoch for name, seed, fold, epoch in fits}
    index = curves["model"].astype(str).map(models.index)
    found: dict[str, Any] = {}
    for key, rows in curves.groupby([index, "seed", "fold"]):
        model, seed, fold = np.array(key, dtype=np.int64).tolist()
        rows = rows.sort_values("epoch")
        epoch = best.get((models[model], seed, fold), np.nan)
        found.setdefault(str(model), []).append(
            {
                "seed": seed,
                "fold": fold,
                "epoch": rows["epoch"].astype(int).tolist(),
                "train": compact(rows["train_loss"].to_numpy(dtype=np.float64)),
                "val": compact(rows["val_loss"].to_numpy(dtype=np.float64)),
                "best": None if pd.isna(epoch) else int(epoch),
            }
        )
    return found


def _labels(positions: list[Any]) -> list[Any]:
    if isinstance(positions[0], int | np.integer):
        return [int(position) for position in positions]
    return stamps(positions)
