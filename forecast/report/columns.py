"""What a column of a table is called and what it means; metrics explain themselves by their docstrings."""

import inspect
from dataclasses import dataclass

from forecast.evaluation.metrics import all_metrics
from forecast.words import METRICS

_LABELS = {
    "model": "Model",
    "unique_id": "Series",
    "rows": "Values",
    "p_value": "p",
    "p": "p",
    "fit_seconds": "Fit, s",
    "predict_seconds": "Predict, s",
    "bytes": "Size",
    "best_epoch": "Best epoch",
    "n_folds": "Folds served",
    "lag1": "Lag 1",
    "ljung_box_p": "Ljung-Box p",
    "ljung_box_share": "Ljung-Box share",
    "arch_p": "ARCH p",
    "arch_share": "ARCH share",
    "jarque_bera_p": "Jarque-Bera p",
    "jarque_bera_share": "Jarque-Bera share",
}
_MEANINGS = {
    "model": "Name of the forecaster; the line shows its colour in the charts, dashed for a baseline.",
    "seeds": "Fits that differ in their random seed only: scores are means over them, ± their standard deviation.",
    "p_value": "Diebold-Mariano p-value of the difference to seasonal naive: how easily chance alone would make a "
    "difference as large. Harvey-Leybourne-Newbold corrected, variance robust to overlapping steps.",
    "fit_seconds": "Wall-clock seconds spent fitting, for one seed; with several workers (see provenance) on a machine "
    "busy with other fits.",
    "predict_seconds": "Wall-clock seconds spent forecasting, for one seed; with several workers, likewise.",
    "parameters": "Trainable numbers in the network; baselines count as 0.",
    "bytes": "Size of a fitted model in a file: a network's weights, or what a baseline learnt of the series.",
    "rows": "How many forecast values each score is over.",
    "unobserved": "Forecast values with nothing observed to compare with.",
    "lacking": "Values that this model did not forecast and others did; none of them are scored.",
    "undefined": "Metrics that cannot be said here, and why.",
    "nominal": "Level of the widest central interval: what coverage should be.",
    "note": "Why something is missing, or was not as it should be.",
    "fold": "Index of the first backtest fold that the fit serves, from 0.",
    "n_folds": "How many folds the fit serves before the next refit.",
    "cutoff": "Stamp of the last value the fit was allowed to see.",
    "best_epoch": "Epoch whose weights were restored after training.",
    "dropped": "Windows left out of training, and why.",
    "missing": "Rows without a value, from the first to the last row of the series; networks see them filled as the "
    "configuration says under prepare.",
    "cells": "Cells that the column has: one a row, or one a series where it is static.",
    "categories": "How many names the column has, and the first of them; networks see them coded.",
    "gaps": "Runs of rows without a value.",
    "scaled_bias": "Mean error in seasonal naive errors of each series, as in MASE.",
    "bias_p": "p-value of the mean error being zero.",
    "lag1": "Autocorrelation of the first step's errors from cutoff to cutoff, the mean over series; near 0 is good.",
    "ljung_box_p": "p-value of no autocorrelation in any series, corrected for their number.",
    "ljung_box_share": "Share of series whose own test rejects at 5 %; by chance 0.05.",
    "arch_p": "p-value of large errors not coming together in any series, corrected for their number.",
    "arch_share": "Share of series whose own test rejects at 5 %; by chance 0.05.",
    "jarque_bera_p": "p-value of normal errors in every series, corrected for their number.",
    "jarque_bera_share": "Share of series whose own test rejects at 5 %; by chance 0.05.",
    "longest_gap": "Rows of the longest run without a value.",
    "constant": "Rows of the longest run of one value.",
    "missing_past": "Missing cells of the series' past covariates up to its last value; networks see them filled.",
    "missing_known": "Missing cells of the series' known covariates; networks see them filled.",
}
_MEANINGS["p"] = _MEANINGS["p_value"]


@dataclass(frozen=True)
class Column:
    """A column's name in the frame, its label and meaning on the page, and how its values are written."""

    name: str
    label: str
    meaning: str
    numeric: bool
    is_metric: bool

    @property
    def is_p_value(self) -> bool:
        """Whether it holds p-values."""
        return self.name in ("p", "p_value", "p_holm") or self.name.endswith("_p")

    @property
    def is_count(self) -> bool:
        """Whether whole numbers in it are counts, not scores that happen to be whole."""
        return not self.is_metric and not self.is_p_value and not self.name.endswith("seconds")


def column(name: str, numeric: bool) -> Column:
    """The column of this name; an unknown one is labelled with its own name."""
    metric = all_metrics().get(name)
    label = _LABELS.get(name) or METRICS.get(name) or name.replace("_", " ").capitalize()
    meaning = " ".join((inspect.getdoc(metric) or "").replace("`", "").split()) if metric else _MEANINGS.get(name, "")
    return Column(name, label, meaning, numeric, metric is not None)
