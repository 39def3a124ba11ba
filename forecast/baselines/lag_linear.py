"""A linear model on lags, one for all series."""

from typing import Any

import numpy as np
from sklearn.linear_model import Ridge

from forecast.baselines.lagged import LaggedBaseline, Rows

_PENALTIES = (1e-3, 1e-1, 1e1, 1e3)  # a window of 1 unit of variance in each lag counts as 1
_HELD_OUT = 0.2


class LagLinear(LaggedBaseline):
    """Ridge regression of every step on the lags, one for all series, each window scaled by its context.

    The penalty is the one of four that forecasts the last fifth of the windows best (least absolute error). Hoerl and
    Kennard (1970), *Ridge regression*; global models of this kind: Montero-Manso and Hyndman (2021), *Principles and
    algorithms for forecasting groups of time series*. Estimated by scikit-learn.
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
        return _ridge(table, answer, penalty)

    def answer(self, model: Any, rows: Rows, seasonality: int) -> np.ndarray:
        """The linear combination, summed column by column: in the same order whatever the number of rows."""
        return _apply(model, _table(rows))


def _table(rows: Rows) -> np.ndarray:
    return np.hstack([rows.lags, rows.past, rows.known.reshape(len(rows.known), -1), rows.static])  # (B, F)


def _ridge(table: np.ndarray, answer: np.ndarray, penalty: float) -> np.ndarray:
    fitted = Ridge(alpha=penalty, solver="svd" if len(table) < table.shape[1] else "auto").fit(table, answer)
    coefficients = np.atleast_2d(fitted.coef_).reshape(answer.shape[1], -1).T
    return np.vstack([np.broadcast_to(fitted.intercept_, (1, answer.shape[1])), coefficients])


def _apply(model: np.ndarray, table: np.ndarray) -> np.ndarray:
    found = np.repeat(model[:1], len(table), axis=0)
    for column, weights in zip(table.T, model[1:], strict=True):
        found += column[:, None] * weights
    return found
