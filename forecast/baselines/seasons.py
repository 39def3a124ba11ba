"""Whether histories have a season, and the classical decomposition that finds and removes it, a lane each."""

from typing import NamedTuple

import numpy as np

from forecast.baselines.lanes import Lanes

_CRITICAL = 1.645  # two-sided 10 %
_SMALLEST = 0.01  # factor; a smaller one would blow the values of its phase up, so that the season is added instead


class Season(NamedTuple):
    """The seasonal terms of the lanes of a block, from each one's first value on: value = level * factor + shift."""

    factor: np.ndarray  # (m, S) 1 where nothing multiplies
    shift: np.ndarray  # (m, S) 0 where nothing is added

    @classmethod
    def none(cls, n_lanes: int, seasonality: int = 1) -> "Season":
        """Terms that change nothing."""
        return cls(np.ones((seasonality, n_lanes)), np.zeros((seasonality, n_lanes)))

    @classmethod
    def unpacked(cls, params: np.ndarray) -> "Season":
        """What ``packed`` made of a season."""
        factor, shift = np.split(np.ascontiguousarray(params.T), 2)
        return cls(factor, shift)

    def packed(self) -> np.ndarray:
        """(S, 2 m) the terms as parameters of each lane."""
        return np.concatenate(self).T

    def removed(self, values: np.ndarray) -> np.ndarray:
        """(T, S) the seasonally adjusted ``values`` (T, S)."""
        phase = np.arange(len(values)) % len(self.factor)
        return (values - self.shift[phase]) / self.factor[phase]

    def ahead(self, lengths: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """(S, H) factor and shift of the steps after each lane's last value; ``lengths`` (S) says where that is."""
        phase = (lengths[:, None] + np.arange(horizon)) % len(self.factor)
        lane = np.arange(len(lengths))[:, None]
        return self.factor[phase, lane], self.shift[phase, lane]


def significant_season(lanes: Lanes, seasonality: int) -> Season:
    """The classical season of lanes of two or more where the test finds it, multiplicative where all is positive."""
    unchanged = Season.none(len(lanes.lengths), max(seasonality, 1))
    seasonal = is_seasonal(lanes, seasonality, seasons=2)
    if not seasonal.any():
        return unchanged
    factor = classical_season(lanes, seasonality, multiplicative=True).factor
    shift = classical_season(lanes, seasonality, multiplicative=False).shift
    multiplicative = (lanes.values.min(axis=0) > 0) & (factor.min(axis=0) >= _SMALLEST)
    return Season(
        np.where(seasonal & multiplicative, factor, unchanged.factor),
        np.where(seasonal & ~multiplicative, shift, unchanged.shift),
    )


def is_seasonal(lanes: Lanes, seasonality: int, *, seasons: int) -> np.ndarray:
    """(S) whether the autocorrelation at one season is significant at 10 %, given so many ``seasons`` of values.

    The limit is that of an MA(m - 1), 1.645 sqrt((1 + 2 (r_1² + ... + r_(m-1)²)) / T), as in the ``SeasonalityTest`` of
    the M4 competition (Makridakis, Spiliotis and Assimakopoulos, 2020).
    """
    enough = lanes.lengths >= max(seasons * seasonality, 4)
    if seasonality < 2 or not enough.any():
        return np.zeros(len(lanes.lengths), dtype=bool)
    inside = np.arange(len(lanes.values))[:, None] < lanes.lengths
    centred = np.where(inside, lanes.values - lanes.total(lanes.values) / lanes.lengths, 0.0)
    products = np.zeros((seasonality + 1, len(lanes.lengths)))  # at lags m .. 0
    before = np.concatenate([np.zeros((seasonality, len(lanes.lengths))), centred])
    for time, value in enumerate(centred):
        products += before[time : time + seasonality + 1] * value
    correlation = products[:-1] / np.where(products[-1] > 0, products[-1], 1.0)
    limit = _CRITICAL * np.sqrt((1 + 2 * _total(correlation[:0:-1] ** 2)) / lanes.lengths)
    return enough & (np.abs(correlation[0]) > limit)


def classical_season(lanes: Lanes, seasonality: int, *, multiplicative: bool) -> Season:
    """The season by classical decomposition; not finite for lanes under two seasons, or of a trend at zero.

    The values over (or less) a centred moving average of one season, averaged by phase and normalised to a mean of one
    (or zero). FPP3, section 3.4; as R's ``decompose``.
    """
    values, half = lanes.values, seasonality // 2
    mean = lanes.total(values) / lanes.lengths
    running = np.concatenate([np.zeros((1, len(mean))), np.add.accumulate(values - mean, axis=0)])
    window = running[seasonality:] - running[:-seasonality]  # (T - m + 1, S)
    window = window if seasonality % 2 else (window[:-1] + window[1:]) / 2
    time = np.arange(half, half + len(window))
    trend = window / seasonality + mean
    with np.errstate(all="ignore"):
        detrended = values[time] / trend if multiplicative else values[time] - trend
        used = time[:, None] < lanes.lengths - half
        total, count = np.zeros((2, seasonality, len(mean)))
        for begin in range(0, len(time), seasonality):
            phase = time[begin : begin + seasonality] % seasonality
            total[phase] += np.where(used, detrended, 0.0)[begin : begin + seasonality]
            count[phase] += used[begin : begin + seasonality]
        terms = total / count
        level = _total(terms) / seasonality
        unchanged = Season.none(len(mean), seasonality)
        return unchanged._replace(factor=terms / level) if multiplicative else unchanged._replace(shift=terms - level)


def _total(values: np.ndarray) -> np.ndarray:
    """(S) the sum of ``values`` (T, S), added up in the order of time whatever the shape."""
    return np.add.accumulate(values, axis=0)[-1]
