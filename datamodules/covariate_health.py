"""What a person should know about their covariates."""

import numpy as np
import pandas as pd

from datamodules.panel import Panel

_NAMES_SHOWN = 6


def covariate_health(panel: Panel) -> pd.DataFrame:
    """A row per covariate: ``column, role, kind, cells, missing, categories, min, mean, max``.

    ``missing`` are cells without a value (of a past covariate up to each series' last observed target), ``categories``
    the number and the first of the names that a categorical one has, and the moments those of a numeric one. No rows
    without covariates.
    """
    roles = [
        (role, name, place)
        for role in ("past", "known", "static")
        for place, name in enumerate(getattr(panel.columns, role))
    ]
    columns = ["column", "role", "kind", "cells", "missing", "categories", "min", "mean", "max"]
    totals = {name: _Total() for _, name, _ in roles}
    for chunk in panel.chunks() if roles else ():
        history = np.arange(len(chunk.panel.target)) <= chunk.panel.last_rows[chunk.panel.series_of_row]
        for role, name, place in roles:
            values = getattr(chunk.panel, role)[:, place]
            totals[name].add(values[history] if role == "past" else values)
    rows = []
    for role, name, _ in roles:
        total, names = totals[name], panel.categories.get(name)
        counts = [role, "number" if names is None else "categories", total.cells, total.cells - total.seen]
        moments = [np.nan] * 3 if names is not None or not total.seen else [total.low, total.mean, total.high]
        rows.append([name, *counts, "" if names is None else _listed(names), *moments])
    return pd.DataFrame(rows, columns=columns)


class _Total:
    """Counts and moments of one column, added up over the chunks of a panel."""

    def __init__(self) -> None:
        self.cells = self.seen = 0
        self.sum, self.low, self.high = 0.0, np.inf, -np.inf

    def add(self, values: np.ndarray) -> None:
        seen = values[np.isfinite(values)]
        self.cells, self.seen = self.cells + len(values), self.seen + len(seen)
        if len(seen):
            self.sum += float(seen.sum(dtype=np.float64))
            self.low, self.high = min(self.low, float(seen.min())), max(self.high, float(seen.max()))

    @property
    def mean(self) -> float:
        return self.sum / self.seen


def _listed(names: tuple[str, ...]) -> str:
    more = " ..." if len(names) > _NAMES_SHOWN else ""
    return f"{len(names)}: {', '.join(names[:_NAMES_SHOWN])}{more}"
