"""Gradient boosting on lags, one for all series and steps."""

from typing import Any, ClassVar, Unpack

import numpy as np

from datamodules.errors import at_least
from forecast.baselines.base import require
from forecast.baselines.lagged import LaggedBaseline, LaggedOptions, Rows

_RECENT = 8  # last values among the columns
_SEASONS = 3  # values of the same phase, from the last season back
_MOST_ROWS = 300_000  # rows of (window, step) that are learnt from


class LightGBM(LaggedBaseline):
    """Gradient boosted trees on lags, the season, the calendar and covariates; one model for all series and steps.

    A row is a window and a step: the last values, those of the same phase in the last three seasons, mean, spread and
    extremes of the last season and the change from the one before, covariates at that step, and the step itself. As
    practitioners use it since the M5 competition: Ke et al. (2017), *LightGBM*; Makridakis et al. (2022). Loss is the
    absolute error of the scaled target. Needs the extra ``lightgbm``.

    Args:
        n_estimators: trees.
        learning_rate: weight of each.
        num_leaves: leaves of each at most.
        **options: those of ``LaggedBaseline``.
    """

    extra: ClassVar[str] = "lightgbm"

    def __init__(
        self,
        *,
        n_estimators: int = 200,
        learning_rate: float = 0.05,
        num_leaves: int = 31,
        **options: Unpack[LaggedOptions],
    ) -> None:
        require(self)
        at_least("n_estimators", n_estimators, 1)
        at_least("num_leaves", num_leaves, 2)
        super().__init__(**options)
        self.n_estimators, self.learning_rate, self.num_leaves = n_estimators, learning_rate, num_leaves

    def learn(self, rows: Rows, answer: np.ndarray, seasonality: int) -> Any:
        """The trees, as a Booster."""
        import lightgbm

        count, horizon = answer.shape
        every = max(1, -(-count * horizon // _MOST_ROWS))
        table, wanted = _table(rows, horizon, seasonality)[::every], answer.reshape(-1)[::every]
        parameters = {
            "objective": "l1",
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": max(1, min(20, len(wanted) // 20)),
            "deterministic": True,
            "force_row_wise": True,
            "seed": 0,
            "verbosity": -1,
        }
        return lightgbm.train(parameters, lightgbm.Dataset(table, wanted), num_boost_round=self.n_estimators)

    def answer(self, model: Any, rows: Rows, seasonality: int) -> np.ndarray:
        """The sum of the trees, for each step."""
        horizon = rows.known.shape[1]
        found: np.ndarray = model.predict(_table(rows, horizon, seasonality))
        return found.reshape(-1, horizon)


def _table(rows: Rows, horizon: int, seasonality: int) -> np.ndarray:
    """(B * H, F) a row for each window and step."""
    count, length = rows.lags.shape
    steps = np.arange(1, horizon + 1)
    season = min(seasonality, length)
    last, before = rows.lags[:, length - season :], rows.lags[:, : length - season][:, -season:]
    recent = rows.lags[:, ::-1][:, :_RECENT]
    level = last.mean(axis=1)
    change = level - before.mean(axis=1) if before.shape[1] else np.zeros(count)
    of_window = np.column_stack([recent, level, last.std(axis=1), last.min(axis=1), last.max(axis=1), change])
    back = season * -(-steps // season)  # steps from the target to the value of its phase in the last season
    phases = []
    for number in range(_SEASONS):
        place = length - 1 + steps - back - number * season
        phases.append(np.where(place >= 0, rows.lags[:, np.maximum(place, 0)], np.nan))
    wide = np.hstack([of_window, rows.past, rows.static])
    return np.hstack(
        [
            np.repeat(wide, horizon, axis=0),
            np.stack(phases, axis=-1).reshape(count * horizon, _SEASONS),
            rows.known.reshape(count * horizon, -1),
            np.tile(steps, count)[:, None],
        ]
    )
