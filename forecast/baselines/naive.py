"""The simple methods: closed formulas, computed for a whole panel and all cutoffs at once.

Point forecasts and standard deviations: Hyndman and Athanasopoulos, *Forecasting: Principles and Practice*, 3rd
edition (FPP3), sections 5.2 and 5.5 (table 5.2). Quantiles are normal; the residual variance at a cutoff is that of the
one-step errors before it. Unobserved values are skipped: a forecast starts from the last observed one and its spread
grows with the time since.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from datamodules.errors import at_least
from datamodules.large.running import running_sum
from datamodules.panel import Panel
from forecast.baselines.base import Baseline, failure, normal_quantiles, tally
from forecast.table import build, check_levels


@dataclass(frozen=True)
class History:
    """One target of a panel with what each row knows of the rows before it.

    Every running number is summed within its series, so neither later rows nor other series can change its last bit.
    """

    panel: Panel
    values: np.ndarray  # (R)

    @cached_property
    def observed(self) -> np.ndarray:
        """(R) whether the value was observed."""
        return np.isfinite(self.values)

    @cached_property
    def first(self) -> np.ndarray:
        """(R) row of the series' first observed value if it is not later; -1 where nothing was observed yet."""
        rows = np.arange(len(self.values))
        seen = np.where(self.observed, rows, len(rows))
        first = np.minimum.reduceat(seen, self.panel.offsets[:-1])[self.panel.series_of_row]
        return np.where(first <= rows, first, -1)

    @cached_property
    def last(self) -> np.ndarray:
        """(R) row of the last observed value at or before each row; -1 where nothing was observed yet."""
        latest = np.maximum.accumulate(np.where(self.observed, np.arange(len(self.values)), -1))
        return np.where(latest >= self.panel.offsets[self.panel.series_of_row], latest, -1)

    @cached_property
    def count(self) -> np.ndarray:
        """(R) values observed in the series up to each row."""
        return self.total(self.observed.astype(np.float64))

    @cached_property
    def rise(self) -> np.ndarray:
        """(R) value above the series' first observed one, 0 where not observed: sums of it lose no digits."""
        return np.where(self.observed, self.values - self.values[self.first], 0.0)

    def last_in_season(self, seasonality: int) -> np.ndarray:
        """(R) row of the last observed value a whole number of seasons before each row, or itself; -1 where none is."""
        found = np.empty(len(self.values), dtype=np.int64)
        for begin, stop in zip(self.panel.offsets[:-1], self.panel.offsets[1:], strict=True):
            rows = np.full(-(-(stop - begin) // seasonality) * seasonality, -1)
            rows[: stop - begin] = np.where(self.observed[begin:stop], np.arange(begin, stop), -1)
            latest = np.maximum.accumulate(rows.reshape(-1, seasonality), axis=0)
            found[begin:stop] = latest.reshape(-1)[: stop - begin]
        return found

    def before(self, rows: np.ndarray, steps: int) -> np.ndarray:
        """(R) the entry of ``rows`` (R) so many steps earlier in the same series; -1 before its begin."""
        own = np.arange(len(rows)) - steps
        inside = own >= self.panel.offsets[self.panel.series_of_row]
        return np.where(inside, rows[np.where(inside, own, 0)], -1)

    def total(self, values: np.ndarray) -> np.ndarray:
        """(R) the running sum of ``values`` (R) in each series."""
        return running_sum(values, self.panel.offsets)

    def squared_error(self, source: np.ndarray, unit: int) -> tuple[np.ndarray, np.ndarray]:
        """Running sum of squared errors of forecasting each value by row ``source`` (R, -1: none), and their count.

        An error over several ``unit`` steps is scaled to one of them, as of a random walk.
        """
        paired = np.flatnonzero(self.observed & (source >= 0))
        error = np.zeros(len(self.values))
        error[paired] = (self.values[paired] - self.values[source[paired]]) ** 2 / ((paired - source[paired]) / unit)
        pairs = np.zeros(len(self.values))
        pairs[paired] = 1.0
        return self.total(error), self.total(pairs)


Moments = tuple[np.ndarray, np.ndarray, np.ndarray]  # mean (C, H), spread (C, H), residuals behind the spread (C)


class ClosedForm(Baseline):
    """A baseline with a formula for the mean and standard deviation at every cutoff; ``fit`` has nothing to learn."""

    def fit(self, panel: Panel) -> Self:
        """Nothing to learn; gives itself back."""
        self.notes = ""
        return self

    @abstractmethod
    def moments(self, history: History, rows: np.ndarray, steps: np.ndarray) -> Moments:
        """Mean and spread for ``steps`` (H) after ``rows`` (C), and how many residuals are behind the spread."""

    def predict(self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float] = ()) -> pd.DataFrame:
        """The forecast table for all cutoffs.

        Raises:
            ForecastError: when a series has no observed value up to a cutoff.
        """
        at_least("horizon", horizon, 1)
        levels = check_levels(levels)
        fold, series = np.nonzero(cutoffs >= 0)
        rows, ids = cutoffs[fold, series], panel.ids.astype(str)
        shape = (len(rows), horizon, panel.target.shape[1])
        mean, spread = np.empty(shape), np.empty(shape)
        bare: set[str] = set()
        for index, target in enumerate(panel.columns.target):
            history = History(panel, panel.target[:, index])
            empty = series[history.last[rows] < 0]
            if empty.size:
                reason = f"no value of {target!r} is observed up to the cutoff. Start later, or leave the series out."
                raise failure(self.name, dict.fromkeys(ids[np.unique(empty)].tolist(), reason), len(np.unique(series)))
            mean[..., index], spread[..., index], residuals = self.moments(history, rows, np.arange(1, horizon + 1))
            bare.update(ids[series[residuals < 1]].tolist())
        self.notes = tally({"no residuals, so no spread,": bare} if bare and levels else {}, len(np.unique(series)))
        return build(self.name, panel, cutoffs, mean, normal_quantiles(mean, spread, levels), levels)


class Naive(ClosedForm):
    """The last observed value; the spread grows with the square root of the step."""

    def moments(self, history: History, rows: np.ndarray, steps: np.ndarray) -> Moments:
        """The last observed value, and the random walk's spread."""
        last = history.last[rows]
        error, pairs = history.squared_error(history.before(history.last, 1), 1)
        age = rows[:, None] + steps - last[:, None]
        mean = np.repeat(history.values[last][:, None], len(steps), axis=1)
        return mean, _root(error[rows], pairs[rows])[:, None] * np.sqrt(age), pairs[rows]


class SeasonalNaive(ClosedForm):
    """The last observed value of the same season; of a season never observed, the last observed value.

    Args:
        seasonality: steps in a season; 0 takes what the clock suggests.
        name: the name in every table; the class name when not given.
    """

    def __init__(self, *, seasonality: int = 0, name: str = "") -> None:
        at_least("seasonality", seasonality, 0)
        super().__init__(name=name)
        self.seasonality = seasonality

    def moments(self, history: History, rows: np.ndarray, steps: np.ndarray) -> Moments:
        """The value of the same season, and a random walk's spread over seasons."""
        season = self.seasonality or history.panel.seasonality
        same = history.last_in_season(season)
        begin = history.panel.offsets[history.panel.series_of_row[rows]]
        row = rows[:, None] + (steps - 1) % season + 1 - season  # (C, H) the same season, one before
        source = np.where(row >= begin[:, None], same[np.maximum(row, 0)], -1)
        source = np.where(source >= 0, source, history.last[rows][:, None])
        error, pairs = history.squared_error(history.before(same, season), season)
        seasons = np.ceil((rows[:, None] + steps - source) / season)
        return history.values[source], _root(error[rows], pairs[rows])[:, None] * np.sqrt(seasons), pairs[rows]


class Drift(ClosedForm):
    """The last observed value, and on along the line from the first one."""

    def moments(self, history: History, rows: np.ndarray, steps: np.ndarray) -> Moments:
        """The line through the first and last value, and the spread of a random walk with drift."""
        last, first = history.last[rows], history.first[rows]
        span = np.maximum(last - first, 1)
        slope = (history.values[last] - history.values[first]) / span
        error, pairs = history.squared_error(history.before(history.last, 1), 1)
        sigma = _root(np.maximum(error[rows] - slope**2 * span, 0.0), pairs[rows] - 1)
        age = rows[:, None] + steps - last[:, None]
        spread = sigma[:, None] * np.sqrt(age * (1 + age / span[:, None]))
        return history.values[last][:, None] + slope[:, None] * age, spread, pairs[rows] - 1


class HistoricMean(ClosedForm):
    """The mean of all observed values."""

    def moments(self, history: History, rows: np.ndarray, steps: np.ndarray) -> Moments:
        """The mean, and the spread of one more draw around an estimated mean."""
        count = history.count[rows]
        above = history.total(history.rise)[rows] / count
        squares = history.total(history.rise**2)[rows] - count * above**2
        spread = _root(np.maximum(squares, 0.0), count - 1) * np.sqrt(1 + 1 / count)
        mean = history.values[history.first[rows]] + above
        return _level(mean, steps), _level(spread, steps), count - 1


class WindowAverage(ClosedForm):
    """The mean of the last observed values; the spread is that of its one-step errors at every step.

    Args:
        window: how many observed values; 0 takes one season of the panel's clock, or 3 where it suggests none.
        name: the name in every table; the class name when not given.
    """

    def __init__(self, *, window: int = 0, name: str = "") -> None:
        at_least("window", window, 0)
        super().__init__(name=name)
        self.window = window

    def moments(self, history: History, rows: np.ndarray, steps: np.ndarray) -> Moments:
        """The mean of the window, and the root mean square of its one-step errors."""
        panel = history.panel
        window = self.window or (panel.seasonality if panel.seasonality > 1 else 3)
        seen = np.flatnonzero(history.observed)
        place = np.maximum(np.cumsum(history.observed) - 1, 0)  # (R) of the last observed value within ``seen``
        total = history.total(history.rise)
        dropped = place - window
        inside = history.count > window
        average = (total - np.where(inside, total[seen[np.where(inside, dropped, 0)]], 0.0)) / np.clip(
            history.count, 1, window
        )
        previous = history.before(history.last, 1)
        paired = history.observed & (previous >= 0)
        error = np.where(paired, (history.rise - average[np.where(paired, previous, 0)]) ** 2, 0.0)
        pairs = history.total(paired.astype(np.float64))[rows]
        mean = history.values[history.first[rows]] + average[rows]
        return _level(mean, steps), _level(_root(history.total(error)[rows], pairs), steps), pairs


def _level(values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    return np.repeat(values[:, None], len(steps), axis=1)


def _root(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The square root of the mean; 0 where nothing was counted."""
    return np.sqrt(np.divide(total, count, out=np.zeros(len(total)), where=count > 0))
