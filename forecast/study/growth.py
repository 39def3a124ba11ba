"""The learning curve: what more training windows have brought, and what twice as many would if it goes on."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar, nnls

from forecast.words import number

_STEEPEST: Final = 3.0  # of the powers that are tried


class Growth(NamedTuple):
    """A curve ``floor + gain * windows ** -power``, the usual shape of learning curves (Viering and Loog, 2022).

    Attributes:
        floor: what no number of windows goes below, in the units of the error.
        gain: 0 where more windows bring nothing.
        power: how fast the rest falls; 0.5 is that of a mean.
        misfit: root mean squared distance of the points from the curve, as a share of their mean.
    """

    floor: float
    gain: float
    power: float
    misfit: float

    def at(self, windows: np.ndarray | float) -> np.ndarray:
        """The error for so many windows."""
        return self.floor + self.gain * np.asarray(windows, dtype=np.float64) ** -self.power

    def sentence(self, metric: str, most: int) -> str:
        """What the curve says: its formula, and what twice as many as the ``most`` windows would bring."""
        if self.gain == 0:
            return f"More windows do not lower the {metric}: the best curve through the means is flat."
        now, twice = (float(self.at(windows)) for windows in (most, 2 * most))
        end = f"never below {number(self.floor)}" if self.floor > 0 else "without an end in sight"
        formula = f"{metric} = {number(self.floor)} + {number(self.gain)} · n^-{self.power:.2g}"
        return (
            f"The learning curve is {formula}, within {100 * self.misfit:.1f} % of the means: if it goes on, twice as "
            f"many windows as {most:,} lower it by {100 * (1 - twice / now):.1f} %, {end}."
        )


def learning_curve(windows: Sequence[float], errors: Sequence[float]) -> Growth | None:
    """The curve closest to the mean errors at numbers of windows, by least squares; None with under four points.

    Floor and gain are not below 0. For each power they are the solution of a linear problem, so that only the power is
    searched.

    Args:
        windows: training windows, each number once.
        errors: where lower is better; those that are not finite are left out.
    """
    found = np.isfinite(errors)
    at, values = np.asarray(windows, dtype=np.float64)[found], np.asarray(errors, dtype=np.float64)[found]
    if len(at) < 4:
        return None  # three numbers go through any three points

    def fitted(power: float) -> tuple[np.ndarray, float]:
        share = (at / at.min()) ** -power
        return nnls(np.column_stack([np.ones_like(at), share]), values)

    grid = np.linspace(0.01, _STEEPEST, 300)
    best = float(grid[np.argmin([fitted(power)[1] for power in grid])])
    near = minimize_scalar(lambda power: fitted(power)[1], bounds=(max(best - 0.01, 0.001), best + 0.01))
    power = float(near.x)
    (floor, gain), distance = fitted(power)
    misfit = float(distance) / np.sqrt(len(at)) / float(np.mean(np.abs(values)))
    return Growth(float(floor), float(gain * at.min() ** power), power, misfit)
