"""Generated sales of shops, which follow the calendar, promotions and the weather."""

from typing import Any, Final

import numpy as np

from datamodules.made.holiday_places import FEDERAL
from datamodules.made.holiday_tables import holiday_columns
from datamodules.panel import Columns
from datamodules.sets.generated import Drawn, Generated, Rows

_PLACES: Final = ("city", "country", "suburb")
_HOLIDAY: Final = -0.6  # of the logarithm of sales, as all that follows
_PROMOTION: Final = (0.6, 0.1, 0.3)  # by place
_WARMTH: Final = 0.12  # a standard deviation warmer than usual, whose weather stays for days
_PROMOTED: Final = 0.15  # share of days
_STAYS: Final = 0.9  # correlation of a day's weather with that of the day before
_NOISE: Final = 0.1


class Shops(Generated):
    """Generated daily sales of shops: weekday, time of year, holidays, promotions, weather; equal for equal seeds.

    All values are above 0. ``promotion`` is known ahead, ``warmth`` (of the weather, against what is usual) up to the
    cutoff; the category ``place`` says how strongly a shop answers to promotions. On public holidays of the United
    States little is sold. What each of them does to the logarithm of sales stands in this file.

    Args:
        n_series: number of shops.
        length: rows of each; two numbers are the range that each one's length is drawn from.
        freq: a pandas offset alias, or an integer step, which has no holidays.
        options: ``seed``; see ``Generated``. Those of the windows; see ``WindowDataModule``.
    """

    seasonality = 7

    def __init__(
        self, *, n_series: int = 50, length: int | tuple[int, int] = 1461, freq: str | int = "D", **options: Any
    ) -> None:
        super().__init__(n_series=n_series, length=length, freq=freq, **options)

    def draw(self, rows: Rows, random: np.random.Generator) -> Drawn:
        """The values of all rows: each shop's level, times what the day, the promotion and the weather do."""
        count, steps = rows.n_series, np.arange(rows.longest)
        place = np.arange(count) % len(_PLACES)
        level = random.lognormal(mean=4, size=count)
        weekday = random.normal(scale=0.25, size=self.clock.seasonality)[steps % self.clock.seasonality]
        height, phase = random.uniform(0.1, 0.3, count), random.uniform(0, 2 * np.pi, count)
        year = rows.each(height) * np.sin(2 * np.pi * rows.step / max(self.clock.seasons[-1], 365) + rows.each(phase))
        holiday = np.zeros(rows.longest)
        if not self.clock.is_integer:
            holiday = holiday_columns(self.clock, steps, FEDERAL)["is_holiday"]
        promotion = (random.random(len(rows.step)) < _PROMOTED).astype(np.float64)
        warmth = _weather(random.normal(size=(count, rows.longest)))[rows.series, rows.step]
        shape = (weekday + _HOLIDAY * holiday)[rows.step] + year
        shape += rows.each(np.array(_PROMOTION)[place]) * promotion + _WARMTH * warmth
        shape += _NOISE * random.normal(size=len(rows.step))
        return Drawn(
            target=rows.each(level) * np.exp(shape),
            known=promotion[:, None],
            static=place[:, None].astype(np.float64),
            columns=Columns(past=("warmth",), known=("promotion",), static=("place",)),
            categories={"place": _PLACES},
            past=warmth[:, None],
        )


def _weather(normal: np.ndarray) -> np.ndarray:
    """(N, T) standard normal numbers that each resemble the one before: an autoregression of order 1."""
    found = normal.copy()
    for step in range(1, normal.shape[1]):
        found[:, step] = _STAYS * found[:, step - 1] + np.sqrt(1 - _STAYS**2) * normal[:, step]
    return found
