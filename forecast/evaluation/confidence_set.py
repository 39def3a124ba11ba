"""The model confidence set: the models that the data cannot tell from the best one."""

from typing import Literal

import numpy as np
import pandas as pd

from forecast.evaluation.cells import Cells, cells
from forecast.evaluation.resampling import deviations, resample

DRAWS = 1999
_COLUMNS = ["model", "p_value", "inside", "note"]


def confidence_set(
    table: pd.DataFrame, *, size: float = 0.10, seed: int = 0, statistic: Literal["max", "range"] = "max"
) -> pd.DataFrame:
    """A row per model, the surest first: its ``p_value``, and whether it is ``inside`` the set of confidence 1 - size.

    Hansen, Lunde and Nason (2011), *The model confidence set*: the model that is worst beside the others is eliminated
    while the test of equal losses rejects; a model's p-value is the largest so far when it is eliminated, 1 for the
    last. The set holds the best model with probability 1 - ``size`` or more where there are many cutoffs; with 10 to
    30, a set of 90 % lacks one of five equal models in 12 to 18 % of samples (``scripts/sizes.py``). Bootstrapped over
    cutoffs in blocks, series, or both, as ``note`` says (``forecast.evaluation.resampling``). Where nothing can be
    drawn, all models are inside with a p-value of NaN.

    Args:
        table: the forecast table with actuals.
        size: of the test.
        seed: of the draws.
        statistic: ``max`` takes a model's loss against the mean of the others (T_max), ``range`` against each other
            one (T_R).
    """
    return set_of(cells(table), size=size, seed=seed, statistic=statistic)


def set_of(found: Cells, *, size: float, seed: int, statistic: str = "max", draws: int = DRAWS) -> pd.DataFrame:
    """The same of the cells of a table."""
    if not found.models:
        return pd.DataFrame(columns=_COLUMNS)
    if len(found.models) == 1:
        return pd.DataFrame([[found.models[0], 1.0, True, "one model alone"]], columns=_COLUMNS)
    sample = resample(_sums(found), found.overlap, draws=draws, seed=seed)
    if not sample.draws or not np.isfinite(sample.sums).all():
        why = sample.note if not sample.draws else "a loss is not finite"
        return pd.DataFrame({"model": found.models, "p_value": np.nan, "inside": True, "note": why})
    means, strayed = deviations(sample, _mean_losses, 1 - size)
    order, p_values = eliminate(means, strayed, statistic)
    frame = pd.DataFrame({"model": [found.models[place] for place in order], "p_value": p_values})
    return frame.assign(inside=frame["p_value"] >= size, note=sample.note).iloc[::-1].reset_index(drop=True)


def eliminate(means: np.ndarray, strayed: np.ndarray, statistic: str) -> tuple[list[int], list[float]]:
    """The models in the order in which they are eliminated, the best one last, and their p-values.

    Args:
        means: (M) mean losses.
        strayed: (B, M) how far those of each draw are from them.
        statistic: ``max`` or ``range``.
    """
    left, order, p_values, largest = list(range(len(means))), [], [], 0.0
    while len(left) > 1:
        p_value, worst = _test(means[left], strayed[:, left], statistic)
        largest = max(largest, p_value)
        order.append(left.pop(worst))
        p_values.append(largest)
    return [*order, *left], [*p_values, 1.0]


def _test(means: np.ndarray, strayed: np.ndarray, statistic: str) -> tuple[float, int]:
    """The p-value of the test that all losses are equal, and which model is the worst."""
    if statistic == "max":
        values, draws = _studentised(means - means.mean(), strayed - strayed.mean(axis=1, keepdims=True))
        return float(np.mean(draws.max(axis=1) >= values.max())), int(values.argmax())
    pairs = means[:, None] - means  # (M, M)
    values, draws = _studentised(
        pairs.reshape(-1), (strayed[:, :, None] - strayed[:, None, :]).reshape(len(strayed), -1)
    )
    each = values.reshape(pairs.shape)
    return float(np.mean(np.abs(draws).max(axis=1) >= np.abs(each).max())), int(each.max(axis=1).argmax())


def _studentised(values: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both over the standard deviation of the draws; 0 where a difference is 0 in the sample and in each draw."""
    spread = np.sqrt(np.mean(draws**2, axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(values / spread, nan=0.0), np.nan_to_num(draws / spread, nan=0.0)


def _sums(found: Cells) -> np.ndarray:
    """(N, C, M, 2) of each cell, the sum of losses and their number."""
    count = np.broadcast_to(found.observed, found.loss.shape)
    total = np.where(count > 0, found.loss, 0.0) * count
    return np.moveaxis(np.stack([total, count.astype(np.float64)], axis=-1), 0, 2)


def _mean_losses(sums: np.ndarray) -> np.ndarray:
    """(..., M, 2) -> (..., M), less the mean of all models: what they share makes no difference uncertain."""
    means = sums[..., 0] / sums[..., 1]
    return np.asarray(means - means.mean(axis=-1, keepdims=True))
