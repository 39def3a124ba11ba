"""Conformal: intervals of any forecaster, made from how far its own forecasts from earlier cutoffs were off."""

from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from datamodules.errors import InputError, at_least, one_of
from datamodules.history import first_seen, listed
from datamodules.panel import Panel
from datamodules.split import known_rows
from forecast.conformity import corrections, needed
from forecast.earlier import FAILURES, Earlier, earlier_forecasts, forecast_tables, scales
from forecast.forecaster import Forecaster, Seeded
from forecast.table import check_levels, level_column

METHODS: Final = ("split", "aci", "cqr")
_ENOUGH = 60  # errors a step that the cutoffs in the part held out should give
_MOST = 20_000  # cutoffs times series
_ALONE, _TOGETHER = 39, 1000  # errors of a step, of one series and of all
_MEMORY, _LEAST_MEMORY = 7, 10  # seasons, and steps, after which an error counts half in the scale


class Conformal:
    """A forecaster whose quantiles are those of its own errors from earlier cutoffs, step by step.

    ``fit`` holds out the end of what it sees: a copy of the forecaster, fitted before it, forecasts from cutoffs
    within, so that no error is of a value that the copy had learnt from; then the forecaster is fitted on all.
    ``predict`` measures errors at cutoffs some whole number of seasons before each one asked for, by what had been
    observed by then: within the part held out those of the copy, after it those of the forecaster itself.

    ``split``: point forecast plus quantiles of errors (Lei et al., 2018). ``aci``: the same, at a level that past
    misses of each step moved (adaptive conformal inference; Gibbs and Candès, 2021). ``cqr``: the forecaster's own
    quantiles, each shifted by a quantile of its errors (conformalised quantile regression; Romano, Patterson and
    Candès, 2019, theorem 2); a forecaster without quantiles is answered by ``split``, with a note. Errors are in units
    of the recent seasonal naive error of their series. A series with too few is calibrated on the last errors of all
    series, or all steps too, with a note where even these are too few (39 for a 95 % interval).

    Args:
        forecaster: the one to wrap; it is fitted in place.
        method: ``split``, ``aci`` or ``cqr``.
        held_out: share of the history that ``fit`` sees to take errors from.
        cutoffs: the last so many cutoffs that errors are taken from.
        rate: how fast ``aci`` moves a level of 0.9 (gamma; others in proportion to their tail).
        refit: fit on all after the errors were taken; without, the copy answers, and fitting takes half the time.
        name: in every table; that of the forecaster and the method if empty.

    Attributes:
        forecaster: the one wrapped, fitted after ``fit``.
    """

    causal: Final = True  # a forecaster that is not is shown each cutoff alone

    def __new__(cls, forecaster: Forecaster | None = None, *_: Any, **__: Any) -> Self:
        """One with a seed for a forecaster that has one; a copy is made without arguments."""
        return super().__new__(SeededConformal if isinstance(forecaster, Seeded) else cls)  # type: ignore[return-value]

    def __init__(
        self,
        forecaster: Forecaster,
        *,
        method: str = "split",
        held_out: float = 0.25,
        cutoffs: int = 100,
        rate: float = 0.05,
        refit: bool = True,
        name: str = "",
    ) -> None:
        one_of("method", method, METHODS)
        at_least("cutoffs", cutoffs, 2)
        if not 0 < held_out < 1:
            raise InputError(f"held_out is {held_out}; expected a share between 0 and 1. Give another.")
        if not 0 < rate <= 1:
            raise InputError(f"rate is {rate}; expected a number above 0, at most 1. Give another.")
        self.forecaster, self.method, self.held_out, self.cutoffs = forecaster, method, held_out, cutoffs
        self.rate, self.refit, self.name = rate, refit, name or f"{forecaster.name}+{method}"
        self._copy: Forecaster | None = None
        self._begin = self._end = 0
        self._stride, self._most, self._memory = 1, cutoffs, float(_LEAST_MEMORY)
        self._said: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether each series is learnt from by itself; errors may still be taken together."""
        return bool(getattr(self.forecaster, "local", False))

    @property
    def history(self) -> int:
        """Rows up to a cutoff that a series must have for a forecast."""
        return int(getattr(self.forecaster, "history", 1))

    @property
    def parameters(self) -> int:
        """Number of trainable values."""
        return int(getattr(self.forecaster, "parameters", 0))

    @property
    def curves(self) -> pd.DataFrame:
        """Losses of the last fit."""
        return getattr(self.forecaster, "curves", pd.DataFrame())

    @property
    def notes(self) -> Any:
        """What the forecaster has to say, and what is to be known of the intervals."""
        notes = getattr(self.forecaster, "notes", "")
        if isinstance(notes, Mapping):
            return {**notes, "note": "; ".join(filter(None, (notes.get("note", ""), *self._said)))}
        return "; ".join(filter(None, (str(notes), *self._said)))

    def fit(self, panel: Panel) -> Self:
        """Fit a copy on all but the part held out, and the forecaster on all."""
        ends = panel.start + panel.last_rows - panel.offsets[:-1]
        length = int(np.median(panel.last_rows + 1 - first_seen(panel).min(axis=1)).clip(0))
        self._end, self._said, self._copy = int(ends.max()), (), None
        held = int(length * self.held_out)
        season = max(panel.seasonality, 1)
        whole = held // season * panel.n_series >= _ENOUGH
        self._stride = season if whole else max(1, held // _ENOUGH)
        self._most = max(min(self.cutoffs, _MOST // panel.n_series), min(self.cutoffs, 10))
        if held // self._stride < _ALONE:  # series are taken together, so fewer and more recent cutoffs do
            self._most = min(self._most, max(3, -(-_TOGETHER // panel.n_series)))
        self._memory = max(min(length / 10, _MEMORY * season), _LEAST_MEMORY)
        self._begin = self._end - min(held, (self._most + 1) * self._stride + _MEMORY * season)
        if self._begin < self._end:
            part = panel.until(known_rows(panel, self._begin))
            try:
                self._copy = deepcopy(self.forecaster).fit(part)
            except FAILURES as error:
                self._said = (f"no errors within what was fitted, since the part before fails ({error})",)
        if self.refit or self._copy is None:
            self.forecaster.fit(panel)
        else:
            self.forecaster = self._copy
        return self

    def predict(self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float] = ()) -> pd.DataFrame:
        """The forecaster's table with quantiles that its earlier errors give.

        Raises:
            InputError: when a series has no errors, and the forecaster no quantiles of its own.
        """
        levels = check_levels(levels)
        self._said = self._said[:1] if self._said and self._copy is None else ()
        own = levels if self.method == "cqr" else ()
        found = forecast_tables(self.forecaster, panel, cutoffs, horizon, own)
        if not found:
            return self.forecaster.predict(panel, cutoffs, horizon, levels)
        table = pd.concat([part for part, _, _ in found], ignore_index=True) if len(found) > 1 else found[0][0]
        fold, series = (np.concatenate([part[index] for part in found]) for index in (1, 2))
        table = self._renamed(table)
        if not levels:
            return table
        shape = (len(fold), horizon, panel.target.shape[1], 1 + len(own))
        answers = table[["mean", *map(level_column, own)]].to_numpy(dtype=np.float64).reshape(shape).swapaxes(1, 2)
        if own and np.isnan(answers[..., 1:]).all():
            own, answers = (), answers[..., :1]
            self._say(f"{self.forecaster.name} offers no quantiles: split conformal")
        quantiles = self._quantiles(panel, cutoffs, (fold, series), answers, levels, own)
        self._own_where_none(panel, cutoffs, (fold, series), quantiles, horizon, levels)
        values = np.sort(quantiles, axis=-1).swapaxes(1, 2).reshape(-1, len(levels))
        columns = {level_column(level): values[:, index] for index, level in enumerate(levels)}
        return table.assign(**columns)

    def _quantiles(
        self,
        panel: Panel,
        cutoffs: np.ndarray,
        places: tuple[np.ndarray, np.ndarray],
        answers: np.ndarray,
        levels: tuple[float, ...],
        own: tuple[float, ...],
    ) -> np.ndarray:
        """(C, D, H, Q) around the forecasts ``answers`` (C, D, H, 1 + own levels); NaN without any errors."""
        asked = np.where(cutoffs >= 0, panel.start + cutoffs - panel.offsets[:-1], -1)  # (F, N) clock positions
        limits = np.where(asked >= 0, asked, asked.max(axis=1, keepdims=True))
        horizon = answers.shape[2]
        earlier = self._earlier(panel, asked, limits, horizon, own)
        if earlier.note:
            self._say(earlier.note)
        scale = scales(panel, self._memory)[cutoffs[places], :]  # (C, D)
        lags = -(-np.arange(1, horizon + 1) // self._stride)
        rate = self.rate if self.method == "aci" else 0.0
        chosen = range(1, 1 + len(own)) if own else [0] * len(levels)
        quantiles = np.full((*answers.shape[:3], len(levels)), np.nan)
        few = np.zeros(panel.n_series, dtype=bool)
        positions = asked[places]
        for one in np.unique(np.stack([places[0], positions]), axis=1).T:
            here = (places[0] == one[0]) & (positions == one[1])
            errors = earlier.known_at(int(one[1]), limits[one[0]], stride=self._stride, most=self._most)
            if not len(errors):
                continue
            found = corrections([errors[..., index] for index in chosen], levels, lags=lags, rate=rate)
            who = places[1][here]
            centre = answers[here][..., list(chosen)]
            quantiles[here] = centre + found.values[who] * scale[here][..., None, None]
            few[who] |= (found.counts[who] < needed(levels)).any(axis=(1, 2))
        if few.any():
            self._say(
                f"under {needed(levels)} errors to calibrate levels {levels[0]:g} to {levels[-1]:g} with, for "
                f"{few.sum()} of {len(few)} series: the outermost or Student's interval, {listed(panel.ids[few])}"
            )
        return quantiles

    def _earlier(
        self, panel: Panel, asked: np.ndarray, limits: np.ndarray, horizon: int, own: tuple[float, ...]
    ) -> Earlier:
        """The forecasts from all cutoffs that those asked for look back on."""
        first = self._begin if self._copy is not None else self._end
        back = self._stride * np.arange(1, self._most - (-horizon // self._stride))
        positions = np.unique((np.unique(asked[asked >= 0])[:, None] - back).ravel())
        positions = positions[positions >= max(first, 0)]
        within = positions < self._end
        sources = [(self._copy or self.forecaster, positions[within]), (self.forecaster, positions[~within])]
        return earlier_forecasts(
            [source for source in sources if len(source[1])], panel, limits.max(axis=0), horizon, own, self._memory
        )

    def _own_where_none(
        self,
        panel: Panel,
        cutoffs: np.ndarray,
        places: tuple[np.ndarray, np.ndarray],
        quantiles: np.ndarray,
        horizon: int,
        levels: tuple[float, ...],
    ) -> None:
        """Fill ``quantiles`` (C, D, H, Q) of series that have no errors with the forecaster's own."""
        bare = np.isnan(quantiles).any(axis=(1, 2, 3))
        if not bare.any():
            return
        rows = np.full(cutoffs.shape, -1, dtype=np.int64)
        fold, series = places[0][bare], places[1][bare]
        rows[fold, series] = cutoffs[fold, series]
        who = panel.ids[np.unique(series)]
        tables = forecast_tables(self.forecaster, panel, rows, horizon, levels)
        names = [level_column(level) for level in levels]
        values = np.concatenate([table[names].to_numpy(dtype=np.float64) for table, _, _ in tables])
        if np.isnan(values).any():
            raise InputError(
                f"series {listed(who, 1)} has no earlier errors to make intervals from, and {self.forecaster.name} has "
                "none of its own. Give it more history, or leave it out."
            )
        shape = (len(fold), horizon, panel.target.shape[1], len(levels))
        instead = values.reshape(shape).swapaxes(1, 2)
        quantiles[bare] = np.where(np.isnan(quantiles[bare]), instead, quantiles[bare])
        self._say(
            f"no errors to calibrate with for {len(who)} of {panel.n_series} series, own intervals: {listed(who)}"
        )

    def _renamed(self, table: pd.DataFrame) -> pd.DataFrame:
        names = table["model"].astype("category")
        begin = len(self.forecaster.name)
        return table.assign(model=names.cat.rename_categories(lambda name: f"{self.name}{name[begin:]}"))

    def _say(self, *said: str) -> None:
        self._said = tuple(dict.fromkeys((*self._said, *said)))


class SeededConformal(Conformal):
    """A conformal wrapper of a forecaster that has a seed; ``Conformal`` makes it where that is so."""

    forecaster: Seeded

    @property
    def seed(self) -> int:
        """The seed of its next fit."""
        return self.forecaster.seed

    def with_seed(self, seed: int) -> Self:
        """An unfitted copy that differs in its seed only."""
        other = copy(self)
        other.forecaster, other._copy, other._said = self.forecaster.with_seed(seed), None, ()
        return other
