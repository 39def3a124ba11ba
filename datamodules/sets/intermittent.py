"""Generated demand that comes now and then."""

from typing import Any

import numpy as np

from datamodules.errors import at_least
from datamodules.sets.generated import Drawn, Generated, Rows, without_covariates

_ALIKE = 10.0  # how near the series' shares of days with demand are to each other


class Intermittent(Generated):
    """Generated daily demand that is zero on most days, as of spare parts; equal for equal seeds.

    Args:
        interval: steps from one demand to the next, on average over all series; 1 for demand at every step.
        size: units of a demand, on average over all series; always whole numbers from 1 on.
        options: ``n_series``, ``length``, ``freq`` and ``seed``; see ``Generated``. Those of the windows; see
            ``WindowDataModule``.

    Example:
        >>> panel = Intermittent(n_series=100, interval=5).load()
        >>> round(float((panel.target == 0).mean()), 1)
        0.8
    """

    seasonality = 7

    def __init__(self, *, interval: float = 4.0, size: float = 3.0, freq: str | int = "D", **options: Any) -> None:
        super().__init__(freq=freq, **options)
        at_least("interval", interval, 1)
        at_least("size", size, 1)
        self.interval, self.size = interval, size

    def draw(self, rows: Rows, random: np.random.Generator) -> Drawn:
        """The values of all rows: whether there is demand, by a share drawn a series, times 1 + a Poisson number."""
        share = 1 / self.interval
        often = (
            random.beta(_ALIKE * share, _ALIKE * (1 - share), rows.n_series) if share < 1 else np.ones(rows.n_series)
        )
        more = (self.size - 1) * random.gamma(4.0, 0.25, rows.n_series)  # of mean size - 1
        comes = random.random(len(rows.step)) < rows.each(often)
        return without_covariates(np.where(comes, 1.0 + random.poisson(rows.each(more)), 0.0), rows)
