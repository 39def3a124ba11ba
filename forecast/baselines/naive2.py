"""The reference of the M4 competition."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from forecast.baselines.base import normal_quantiles
from forecast.baselines.batched import BatchedBaseline, BatchedOptions
from forecast.baselines.lanes import Estimates, Lanes
from forecast.baselines.seasons import Season, classical_season, is_seasonal


class Naive2(BatchedBaseline):
    """The last seasonally adjusted value, with its season put back: the reference of the M4 competition.

    Adjusted by classical multiplicative decomposition where the autocorrelation at one season is significant at 10 %
    in at least three seasons of values; otherwise the naive forecast. Where a value is zero or below, which the
    competition did not have, it is the naive forecast too, and noted. The season is made anew from the history up to
    each cutoff. Quantiles are those of the adjusted values' random walk. Makridakis, Spiliotis and Assimakopoulos
    (2020), *The M4 Competition*; its metric is ``owa``.

    Args:
        **options: those of every batched model; ``max_history`` is 0, all values, unless given.
    """

    least = 1

    def __init__(self, **options: Unpack[BatchedOptions]) -> None:
        super().__init__(**({"max_history": 0} | options))

    def estimate(self, lanes: Lanes, seasonality: int) -> Estimates:
        """Nothing to keep; notes where the season cannot be used."""
        refused = is_seasonal(lanes, seasonality, seasons=_SEASONS) & ~_positive(lanes)
        return Estimates(np.empty((len(lanes.lengths), 0)), ((_WITHOUT, refused),))

    def forecast(
        self, lanes: Lanes, params: np.ndarray, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and normal quantiles."""
        season = _season(lanes, seasonality)
        adjusted = season.removed(lanes.values)
        last = adjusted[lanes.lengths - 1, np.arange(len(lanes.lengths))]
        inside = np.arange(1, len(adjusted))[:, None] < lanes.lengths
        squares = np.where(inside, np.diff(adjusted, axis=0) ** 2, 0.0)
        variance = lanes.total(np.concatenate([np.zeros((1, len(last))), squares])) / np.maximum(lanes.lengths - 1, 1)
        factor, _ = season.ahead(lanes.lengths, horizon)
        spread = np.sqrt(variance[:, None] * np.arange(1, horizon + 1)) * factor
        mean = last[:, None] * factor
        return mean, normal_quantiles(mean, spread, levels)


_SEASONS = 3  # of values, for the test
_WITHOUT = "without season (values not positive)"


def _season(lanes: Lanes, seasonality: int) -> Season:
    """The multiplicative season of the lanes that have one and are positive."""
    seasonal = is_seasonal(lanes, seasonality, seasons=_SEASONS) & _positive(lanes)
    if not seasonal.any():
        return Season.none(len(seasonal))
    factor = classical_season(lanes, seasonality, multiplicative=True).factor
    return Season.none(len(seasonal), seasonality)._replace(factor=np.where(seasonal, factor, 1.0))


def _positive(lanes: Lanes) -> np.ndarray:
    return lanes.values.min(axis=0) > 0
