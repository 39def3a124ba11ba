"""Generated series of the usual parts: level, trend, seasons, shifts and noise."""

from typing import Any

import numpy as np

from datamodules.errors import at_least
from datamodules.sets.generated import Drawn, Generated, Rows, without_covariates

_SHIFT = 0.5  # standard deviation of a shift, in units of the level


class Synthetic(Generated):
    """Generated series with level, trend, seasons, shifts and noise, equal for equal seeds; all end at the same stamp.

    Args:
        seasons: periods in steps; those of ``freq`` when not given.
        trend: standard deviation of the series' slopes, in units of the level over the longest length.
        shifts: how often the level of a series changes for good, on average over the longest length.
        noise: scale of the noise, in units of the level: its standard deviation when it is normal.
        tails: degrees of freedom of Student's t that the noise follows, few for heavy tails; 0 for normal noise.
        multiplicative: whether the parts are multiplied instead of added: values stay above 0, and season and noise
            grow with the level.
        options: ``n_series``, ``length``, ``freq`` and ``seed``; see ``Generated``. Those of the windows; see
            ``WindowDataModule``.

    Example:
        >>> panel = Synthetic(n_series=414, length=(700, 960)).load()
        >>> panel.n_series, panel.clock.freq, int(panel.lengths.min()) >= 700
        (414, 'h', True)
    """

    seasonality = 24

    def __init__(
        self,
        *,
        seasons: tuple[int, ...] = (),
        trend: float = 0.5,
        shifts: float = 0.0,
        noise: float = 0.1,
        tails: float = 0.0,
        multiplicative: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        for name, value in (("trend", trend), ("shifts", shifts), ("noise", noise), ("tails", tails)):
            at_least(name, value, 0)
        self.seasons = seasons or self.clock.seasons
        self.trend, self.shifts, self.noise, self.tails = trend, shifts, noise, tails
        self.multiplicative = multiplicative

    def draw(self, rows: Rows, random: np.random.Generator) -> Drawn:
        """The values of all rows: each series' level times the sum of its parts, or times their exponential."""
        count = rows.n_series
        shape = 1 + rows.each(random.normal(scale=self.trend, size=count)) * rows.step / rows.longest
        for period in self.seasons:
            height, phase = random.uniform(0.1, 0.5, count), random.uniform(0, 2 * np.pi, count)
            shape += rows.each(height) * np.sin(2 * np.pi * rows.step / period + rows.each(phase))
        size = len(rows.step)
        shape += self.noise * (random.standard_t(self.tails, size) if self.tails else random.normal(size=size))
        level = random.lognormal(mean=4, size=count)
        if self.shifts:
            shape += _shifts(rows, self.shifts, random)
        return without_covariates(rows.each(level) * (np.exp(shape - 1) if self.multiplicative else shape), rows)


def _shifts(rows: Rows, often: float, random: np.random.Generator) -> np.ndarray:
    """(R) the sum of all shifts of a row's series so far."""
    comes = random.random(len(rows.step)) < often / rows.longest
    total = np.cumsum(np.where(comes, random.normal(scale=_SHIFT, size=len(comes)), 0.0))
    begins = np.searchsorted(rows.series, np.arange(rows.n_series))
    before = np.concatenate([[0.0], total])[begins]
    return total - rows.each(before)
