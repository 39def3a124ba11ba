"""A linear model on lags, one for all series."""

from typing import Any

import numpy as np
from sklearn.linear_model import Ridge

from forecast.baselines.lagged import LaggedBaseline, Rows

_PENALTIES = (1e-3, 1e-1, 1e1, 1e3)  # a window of 1 unit of variance in each lag counts as 1
_HELD_OUT = 0.2
_REWEIGHTED = 2
_LEAST_ERROR = 0.1  # of the median error: no window weighs more than ten usual ones
_TINY = 1e-12


class LagLinear(LaggedBaseline):
    """Ridge regression of every step on the lags, one for all series, each window scaled by its context.

    The penalty is the one of four that forecasts the last fifth of the windows best. Windows are then weighted twice by
    the inverse of their mean absolute error, towards the fit of least absolute error, on which a few wild windows have
    no great say (Schlossmacher, 1973). Hoerl and Kennard (1970), *Ridge regression*; global models of this kind:
    Montero-Manso and Hyndman (2021), *Principles and algorithms for forecasting groups of time series*. Estimated by
    scikit-learn.
    """

    def learn(self, rows: Rows, answer: np.ndarray, seasonality: int) -> Any:
        """Intercepts and coefficients, (1 + F, H)."""
        table = _table(rows)
        cut = round(len(table) * (1 - _HELD_OUT))
        penalty = _PENALTIES[1]
        if 0 < cut < len(table):
            losses = [
                np.abs(_apply(_ridge(table[:cut], answer[:cut], each), table[cut:]) - answer[cut:]).mean()
                for each in _PENALTIES
            ]
            penalty = _PENALTIES[int(np.argmin(losses))]
        model = _ridge(table, answer, penalty)
        for _ in range(_REWEIGHTED):
            errors = np.abs(_apply(model, table) - answer).mean(axis=1)
            model = _ridge(table, answer, penalty, 1 / np.maximum(errors, _LEAST_ERROR * np.median(errors) + _TINY))
        return model

    def answer(self, model: Any, rows: Rows, seasonality: int) -> np.ndarray:
        """The linear combination, summed column by column: in the same order whatever the number of rows."""
        return _apply(model, _table(rows))


def _table(rows: Rows) -> np.ndarray:
    return np.hstack([rows.lags, rows.past, rows.known.reshape(len(rows.known), -1), rows.static])  # (B, F)


def _ridge(table: np.ndarray, answer: np.ndarray, penalty: float, weights: np.ndarray | None = None) -> np.ndarray:
    weights = None if weights is None else weights / weights.mean()
    solver = "svd" if len(table) < table.shape[1] else "auto"
    fitted = Ridge(alpha=penalty, solver=solver).fit(table, answer, sample_weight=weights)
    coefficients = np.atleast_2d(fitted.coef_).reshape(answer.shape[1], -1).T
    return np.vstack([np.broadcast_to(fitted.intercept_, (1, answer.shape[1])), coefficients])


def _apply(model: np.ndarray, table: np.ndarray) -> np.ndarray:
    found = np.repeat(model[:1], len(table), axis=0)
    for column, weights in zip(table.T, model[1:], strict=True):
        found += column[:, None] * weights
    return found
