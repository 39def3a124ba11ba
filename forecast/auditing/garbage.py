"""Panels whose rows after a cutoff are garbage: what may not matter, made to matter to whoever looks at it."""

from dataclasses import replace

import numpy as np

from datamodules.panel import Panel

_WILD = (-1000.0, -3.0, 0.5, 7.0, 1000.0)  # in standard deviations of the column
UNSEEN = "never seen before"


def spoilt(panel: Panel, after: np.ndarray, *, known: bool, seed: int) -> Panel:
    """The panel with what comes after rows ``after`` (N) drawn anew: huge values, other signs, another category.

    What was observed stays observed, and what was not stays a hole, so that only values can tell the panels apart.

    Args:
        panel: as it was observed.
        after: (N) the last row of each series that stays; -1 spoils all of it.
        known: whether the covariates that are known ahead are garbage too.
        seed: of the garbage.
    """
    rng = np.random.default_rng(seed)
    later = np.arange(len(panel.target)) > after[panel.series_of_row]
    categories = dict(panel.categories)

    def garbage(values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        drawn = values.copy()
        for index, name in enumerate(names):
            own = later & np.isfinite(values[:, index])
            if name in categories:
                levels = panel.categories[name]
                categories[name] = (*levels, UNSEEN)
                drawn[own, index] = rng.integers(0, len(levels) + 1, int(own.sum()))
            elif own.any():
                drawn[own, index] = _wild(values[:, index], int(own.sum()), rng)
        return drawn

    return replace(
        panel,
        target=garbage(panel.target, panel.columns.target),
        past=garbage(panel.past, panel.columns.past),
        known=garbage(panel.known, panel.columns.known) if known else panel.known,
        categories=categories,
    )


def _wild(values: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count) numbers far from those of the column, on both sides, and some among them."""
    seen = values[np.isfinite(values)]
    spread = float(seen.std()) or max(float(np.abs(seen).max()), 1.0)
    drawn = float(seen.mean()) + spread * (rng.choice(_WILD, count) + rng.normal(0.0, 0.1, count))
    return np.abs(drawn) if (seen >= 0).all() else drawn  # a logarithm or a root must not fail for it
