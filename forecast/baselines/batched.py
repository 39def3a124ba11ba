"""Models of one series each that are estimated for a whole panel at once: what ``LocalBaseline`` does, batched.

*Estimation* happens once in ``fit``; ``predict`` applies what was estimated to the history up to each cutoff. A series
that ``fit`` did not see, or saw too little of, is estimated in ``predict`` from its history up to the cutoff.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Self, TypedDict

import numpy as np
import pandas as pd

from datamodules.clock import Clock
from datamodules.errors import at_least, one_of
from datamodules.panel import Panel
from forecast.baselines.answers import Asked, counted, known_baselines, tabled
from forecast.baselines.base import Baseline
from forecast.baselines.lanes import Estimates, Lanes, blocks
from forecast.baselines.one_series import Answer, Estimate, History, no_answer, too_short, unchanging
from forecast.table import check_levels


class BatchedOptions(TypedDict, total=False):
    """Options that all batched models share.

    Attributes:
        seasonality: steps in a season; 0 takes what the clock suggests, 1 is no season.
        max_history: at most so many last values are used to estimate; 0 uses all.
        fallback: name of the baseline that answers for series on which this one fails.
        name: the name in every table; the class name when not given.
    """

    seasonality: int
    max_history: int
    fallback: str
    name: str


class _Lane(NamedTuple):
    """The history of one answer: where it goes, its values without holes, and what was learnt of it."""

    place: tuple[int, int]
    begin: int
    values: np.ndarray  # (T)
    late: int  # steps since the last value that was observed
    fitted: Estimate | None


class BatchedBaseline(Baseline):
    """A statistical model of one series, estimated and applied for many series at once.

    Unobserved values between observed ones are interpolated linearly within the history up to the cutoff. A history
    of one constant value is forecast to stay so, without spread, and noted. What a series is answered does not depend,
    to the bit, on which others are asked for.

    Args:
        seasonality: steps in a season; 0 takes what the clock suggests, 1 is no season.
        max_history: at most so many last values are used to estimate; 0 uses all.
        fallback: name of the baseline that answers for series on which this one fails, in rows whose model says so
            (``ETS>SeasonalNaive``); without one, a failing series raises.
        name: the name in every table; the class name when not given.
    """

    least: ClassVar[int] = 4  # values that an estimate needs
    width: ClassVar[int] = 512  # lanes at a time

    def __init__(self, *, seasonality: int = 0, max_history: int = 2000, fallback: str = "", name: str = "") -> None:
        at_least("seasonality", seasonality, 0)
        at_least("max_history", max_history, 0)
        if fallback:
            one_of("fallback", fallback, known_baselines())
        super().__init__(name=name)
        self.seasonality = seasonality
        self.max_history = max_history
        self.fallback = fallback
        self._estimates: dict[tuple[str, str], Estimate] = {}
        self._clock: Clock | None = None

    @abstractmethod
    def estimate(self, lanes: Lanes, seasonality: int) -> Estimates:
        """Parameters of the model for each lane; none is constant, shorter than ``least`` or holds NaN."""

    @abstractmethod
    def forecast(
        self, lanes: Lanes, params: np.ndarray, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean (S, H) and quantiles (S, H, Q) after each lane with ``params`` (S, p) as they were estimated."""

    def outdated(self, values: np.ndarray, params: np.ndarray) -> bool:
        """Whether ``params`` (p) cannot be applied to a history (T), which is then estimated anew."""
        return False

    def fit(self, panel: Panel) -> Self:
        """Estimate each series from its history in ``panel``; gives itself back."""
        self._clock, self._estimates = panel.clock, {}
        keys = [(series, index) for series in range(panel.n_series) for index in range(len(panel.columns.target))]
        lanes = []
        for series, index in keys:
            begin, values, late = self._whole(History.of(panel, series, index, int(panel.last_rows[series])))
            if len(values) >= self.least and not _constant(values):
                lanes.append(_Lane((series, index), begin, values, late, None))
        for (series, index), found in self._estimated(lanes, self.seasonality or panel.seasonality).items():
            if isinstance(found, Estimate):
                self._estimates[str(panel.ids[series]), panel.columns.target[index]] = found
        self.notes = counted(((key[0], found.notes) for key, found in self._estimates.items()), panel.n_series)
        return self

    def predict(self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float] = ()) -> pd.DataFrame:
        """The forecast table for all cutoffs.

        Raises:
            ForecastError: when a series gets no finite forecast and no ``fallback`` is set.
        """
        at_least("horizon", horizon, 1)
        asked = Asked(panel, cutoffs, horizon, check_levels(levels))
        fold, series = np.nonzero(cutoffs >= 0)
        answers: dict[tuple[int, int], Answer] = {}
        lanes = []
        for place, one in enumerate(series.tolist()):
            for index in range(len(panel.columns.target)):
                lane = self._lane(panel, (place, index), one, int(cutoffs[fold[place], one]))
                if len(lane.values) < self.least:
                    answers[lane.place] = no_answer(too_short(len(lane.values), self.least))
                elif _constant(lane.values):
                    answers[lane.place] = unchanging(lane.values[0], horizon, len(asked.levels))
                else:
                    lanes.append(lane)
        answers |= self._answered(lanes, asked)
        names = panel.ids.astype(str)
        noted = ((str(names[series[place]]), one.notes) for (place, _), one in answers.items())
        notes = counted(noted, len(np.unique(series)))
        table, note = tabled(self.name, answers, asked, fallback=self.fallback, seasonality=self.seasonality)
        self.notes = "; ".join(part for part in (notes, note) if part)
        return table

    def _whole(self, history: History) -> tuple[int, np.ndarray, int]:
        return history.complete(history.latest(self.max_history))

    def _lane(self, panel: Panel, place: tuple[int, int], series: int, row: int) -> _Lane:
        """The history up to a row: from where the fit began if there was one, else its latest values."""
        history = History.of(panel, series, place[1], row)
        key = (str(panel.ids[series]), panel.columns.target[place[1]])
        fitted = self._estimates.get(key) if panel.clock == self._clock else None
        if fitted is not None:
            begin, values, late = history.complete(fitted.begin)
            fits = begin == fitted.begin and len(values) >= self.least
            if fits and not self.outdated(values, fitted.params):
                return _Lane(place, begin, values, late, fitted)
        return _Lane(place, *self._whole(history), None)

    def _estimated(self, lanes: list[_Lane], seasonality: int) -> dict[tuple[int, int], Estimate | str]:
        """The estimate of each lane by its place, or why there is none."""
        found: dict[tuple[int, int], Estimate | str] = {}
        for chosen in blocks([len(lane.values) for lane in lanes], self.width):
            some = [lanes[index] for index in chosen]
            estimates = self.estimate(Lanes.of([lane.values for lane in some]), seasonality)
            for index, lane in enumerate(some):
                error = estimates.error_of(index)
                estimate = Estimate(lane.begin, estimates.params[index].copy(), estimates.notes_of(index))
                found[lane.place] = error or estimate
        return found

    def _answered(self, lanes: list[_Lane], asked: Asked) -> dict[tuple[int, int], Answer]:
        """The forecast of each lane by its place, or why there is none."""
        seasonality = self.seasonality or asked.panel.seasonality
        estimates = self._estimated([lane for lane in lanes if lane.fitted is None], seasonality)
        found: dict[tuple[int, int], Answer] = {}
        ready: dict[int, list[_Lane]] = {}
        for lane in lanes:
            estimate = lane.fitted or estimates[lane.place]
            if isinstance(estimate, str):
                found[lane.place] = no_answer(estimate)
            else:
                ready.setdefault(lane.late, []).append(lane._replace(fitted=estimate))
        for late, some in ready.items():
            for chosen in blocks([len(lane.values) for lane in some], self.width):
                found |= self._forecast([some[index] for index in chosen], asked, late, seasonality)
        return found

    def _forecast(self, some: list[_Lane], asked: Asked, late: int, seasonality: int) -> dict[tuple[int, int], Answer]:
        """The forecasts of a block whose lanes all have ``late`` unobserved steps before the cutoff."""
        estimates = [lane.fitted for lane in some if lane.fitted is not None]
        lanes = Lanes.of([lane.values for lane in some])
        params = np.stack([one.params for one in [*estimates, *estimates[-1:] * (len(lanes.lengths) - len(some))]])
        mean, quantiles = self.forecast(lanes, params, asked.horizon + late, asked.levels, seasonality)
        finite = np.isfinite(mean).all(axis=1) & np.isfinite(quantiles).all(axis=(1, 2))
        return {
            lane.place: Answer(mean[index, late:], quantiles[index, late:], estimates[index].notes, "")
            if finite[index]
            else no_answer("the forecast is not finite")
            for index, lane in enumerate(some)
        }


def _constant(values: np.ndarray) -> bool:
    return bool((values == values[0]).all())
