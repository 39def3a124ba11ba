"""Local models: one series in, its forecast out; here they run over a panel, in parallel, and no failure gets lost.

*Estimation* (form and parameters of each series) happens once in ``fit``. ``predict`` applies what was estimated to the
history up to each cutoff, so that a backtest may fit once and forecast from many later cutoffs; at the cutoff where the
fit ended both together are the ordinary fit and forecast. A series that ``fit`` did not see, or saw too little of, is
estimated in ``predict`` from its history up to the cutoff.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from copy import copy
from time import perf_counter
from typing import Any, ClassVar, Self, TypedDict

import joblib
import numpy as np
import pandas as pd

from datamodules.clock import Clock
from datamodules.errors import at_least, one_of
from datamodules.panel import Panel
from forecast.baselines.answers import Asked, counted, known_baselines, tabled
from forecast.baselines.base import Baseline
from forecast.baselines.one_series import Answer, Estimate, History, answered, estimated
from forecast.table import check_levels
from forecast.threads import cores, own_threads


class LocalOptions(TypedDict, total=False):
    """Options that all local models share.

    Attributes:
        seasonality: steps in a season; 0 takes what the clock suggests, 1 is no season.
        max_history: at most so many last values are used to estimate; 0 uses all.
        fallback: name of the baseline that answers for series on which this one fails.
        n_jobs: processes, -1 for one a core.
        name: the name in every table; the class name when not given.
    """

    seasonality: int
    max_history: int
    fallback: str
    n_jobs: int
    name: str


_ALONE_SECONDS = 2.0  # before other processes are started for the rest
_AGAIN = 5.0  # seconds until the cores that are left are counted again


class LocalBaseline(Baseline):
    """A statistical model of one series, run over a panel.

    Unobserved values between observed ones are interpolated linearly within the history up to the cutoff. A history
    of one constant value is forecast to stay so, without spread, and noted.

    Args:
        seasonality: steps in a season; 0 takes what the clock suggests, 1 is no season.
        max_history: at most so many last values are used to estimate; 0 uses all.
        fallback: name of the baseline that answers for series on which this one fails, in rows whose model says so
            (``ETS>SeasonalNaive``); without one, a failing series raises.
        n_jobs: processes, -1 for one a core. Work of a few seconds starts none.
        name: the name in every table; the class name when not given.
    """

    least: ClassVar[int] = 4  # values that an estimate needs

    def __init__(
        self, *, seasonality: int = 0, max_history: int = 2000, fallback: str = "", n_jobs: int = -1, name: str = ""
    ) -> None:
        at_least("seasonality", seasonality, 0)
        at_least("max_history", max_history, 0)
        at_least("n_jobs", n_jobs, -1)
        if fallback:
            one_of("fallback", fallback, known_baselines())
        super().__init__(name=name)
        self.seasonality = seasonality
        self.max_history = max_history
        self.fallback = fallback
        self.n_jobs = n_jobs or 1
        self._estimates: dict[tuple[str, str], Estimate] = {}
        self._clock: Clock | None = None

    @abstractmethod
    def estimate(self, y: np.ndarray, seasonality: int) -> tuple[Any, tuple[str, ...]]:
        """Parameters of the model for ``y`` (T), neither constant nor with NaN, and notes for the reader."""

    @abstractmethod
    def forecast(
        self, y: np.ndarray, params: Any, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean (H) and quantiles (H, Q) after ``y`` (T) with ``params`` as they were estimated."""

    def fit(self, panel: Panel) -> Self:
        """Estimate each series from its history in ``panel``; gives itself back."""
        seasonality = self.seasonality or panel.seasonality
        self._clock, self._estimates = panel.clock, {}
        keys, tasks = [], []
        for series, identity in enumerate(panel.ids.astype(str)):
            for index, target in enumerate(panel.columns.target):
                row = int(panel.last_rows[series])
                keys.append((str(identity), target))
                tasks.append((self._worker(), History.of(panel, series, index, row), seasonality))
        for key, found in zip(keys, _run(estimated, tasks, self.n_jobs), strict=True):
            if isinstance(found, Estimate):
                self._estimates[key] = found
        self.notes = counted(((key[0], found.notes) for key, found in self._estimates.items()), panel.n_series)
        return self

    def predict(self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float] = ()) -> pd.DataFrame:
        """The forecast table for all cutoffs.

        Raises:
            ForecastError: when a series gets no finite forecast and no ``fallback`` is set.
        """
        at_least("horizon", horizon, 1)
        levels = check_levels(levels)
        fold, series = np.nonzero(cutoffs >= 0)
        ids = panel.ids.astype(str)
        forecast = np.unique(series)
        seasonality = self.seasonality or panel.seasonality
        answers: dict[tuple[int, int], Answer] = {}
        keys, tasks = [], []
        for one in forecast.tolist():
            places = np.flatnonzero(series == one)
            for index, target in enumerate(panel.columns.target):
                estimate = self._estimates.get((str(ids[one]), target)) if panel.clock == self._clock else None
                rows = cutoffs[fold[places], one]
                history = History.of(panel, one, index, int(rows.max()))
                lengths = (rows - panel.offsets[one] + 1).tolist()
                keys.append((places.tolist(), index))
                tasks.append((self._worker(), history, lengths, estimate, horizon, levels, seasonality))
        for (own, index), found in zip(keys, _run(answered, tasks, self.n_jobs), strict=True):
            answers |= {(place, index): answer for place, answer in zip(own, found, strict=True)}
        self.notes = counted(
            ((str(ids[series[place]]), one.notes) for (place, _), one in answers.items()), len(forecast)
        )
        asked = Asked(panel, cutoffs, horizon, levels)
        table, note = tabled(self.name, answers, asked, fallback=self.fallback, seasonality=self.seasonality)
        self.notes = "; ".join(part for part in (self.notes, note) if part)
        return table

    def _worker(self) -> "LocalBaseline":
        """A copy with its options only, light to send to another process."""
        worker = copy(self)
        worker._estimates, worker.notes = {}, ""
        return worker


def _run(function: Callable[..., Any], tasks: list[tuple[Any, ...]], n_jobs: int) -> list[Any]:
    """``function`` of each task, in order: here for as long as it is quick, then in processes; on one thread each.

    Beside other arms of a backtest there are as many processes as cores are left, which grow as those end.
    """
    done: list[Any] = []
    began = perf_counter()
    with own_threads(1):
        while len(done) < len(tasks):
            jobs = min(joblib.effective_n_jobs(n_jobs if n_jobs > 0 else cores()), cores())
            spent = perf_counter() - began
            if jobs == 1 or spent < _ALONE_SECONDS:
                done.append(function(*tasks[len(done)]))
                continue
            some = len(tasks) if jobs == joblib.cpu_count() else max(jobs, int(jobs * len(done) * _AGAIN / spent))
            with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
                calls = (joblib.delayed(function)(*task) for task in tasks[len(done) : len(done) + some])
                done += joblib.Parallel(n_jobs=jobs)(calls)
    return done
