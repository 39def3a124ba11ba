"""Generated series that follow a covariate."""

from typing import Any

import numpy as np

from datamodules.errors import InputError
from datamodules.panel import Columns
from datamodules.sets.generated import Drawn, Generated, Rows

_SWING = 0.3  # standard deviation of a series, in units of its level


class Driven(Generated):
    """Generated series that follow a known covariate, up or down by a static category; equal for equal seeds.

    The covariate ``driver`` is normal and has no memory, so that it cannot be forecast: a model that is not told it is
    left with the season. The category ``kind`` says whether a series ``rises`` or ``falls`` with it, so that neither
    helps without the other, and both do not help a linear model.

    Args:
        share: of each series' variance, what the driver explains; of the rest the season explains four fifths.
        options: ``n_series``, ``length``, ``freq`` and ``seed``; see ``Generated``. Those of the windows; see
            ``WindowDataModule``.
    """

    seasonality = 24

    def __init__(self, *, share: float = 0.5, **options: Any) -> None:
        super().__init__(**options)
        if not 0 <= share <= 1:
            raise InputError(f"share is {share}; expected a fraction from 0 to 1. Give another.")
        self.share = share

    def draw(self, rows: Rows, random: np.random.Generator) -> Drawn:
        """The values of all rows: the level, swung by driver, season and noise."""
        kind = np.arange(rows.n_series) % 2  # names in order: falls, rises
        level, phase = random.lognormal(mean=4, size=rows.n_series), random.uniform(0, 2 * np.pi, rows.n_series)
        driver, noise = random.normal(size=(2, len(rows.step)))
        season = np.sqrt(2) * np.sin(2 * np.pi * rows.step / self.clock.seasonality + rows.each(phase))
        rest = np.sqrt(0.8) * season + np.sqrt(0.2) * noise
        swing = np.sqrt(self.share) * rows.each(2 * kind - 1) * driver + np.sqrt(1 - self.share) * rest
        return Drawn(
            target=rows.each(level) * (1 + _SWING * swing),
            known=driver[:, None],
            static=kind[:, None].astype(np.float64),
            columns=Columns(known=("driver",), static=("kind",)),
            categories={"kind": ("falls", "rises")},
        )
