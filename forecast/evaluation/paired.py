"""Chosen pairs of models with the difference of their losses, its interval and the p-value of its test."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from forecast.evaluation.significance import compare, cutoff_losses, holm, loss_differential

COLUMNS = ("model", "opponent", "difference", "low", "high", "statistic", "p_value", "p_holm", "n", "note")


def paired(table: pd.DataFrame, chosen: Sequence[tuple[str, str]], *, level: float = 0.95) -> pd.DataFrame:
    """A row per pair: mean loss of the model minus that of the opponent, interval, and Diebold-Mariano test.

    The loss is the scaled absolute error (``cutoff_losses``), one value a cutoff. The interval is that of the test:
    the difference plus and minus Student's quantile times the standard error that the test divides by. ``p_holm`` is
    corrected for the number of pairs; ``note`` says why there is no p-value.

    Args:
        table: the forecast table, in which all models have the same rows.
        chosen: pairs of models.
        level: of the interval.
    """
    losses = cutoff_losses(table)
    rows = []
    for model, opponent in chosen:
        test = compare(losses, model, opponent)
        difference = float(loss_differential(losses, model, opponent).mean())
        error = abs(difference / test.statistic) if test.statistic else np.nan
        reach = float(stats.t.ppf((1 + level) / 2, test.freedom)) * error if test.n > 1 else np.nan
        low, high = difference - reach, difference + reach
        rows.append((model, opponent, difference, low, high, test.statistic, test.p_value, np.nan, test.n, test.note))
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    return found.assign(p_holm=holm(found["p_value"].to_numpy(dtype=np.float64)))
