"""A breakdown as a table of the page: groups down, models across, the best of each group marked."""

import numpy as np
import pandas as pd

from forecast.report.columns import Column, column
from forecast.report.numbers import fixed, places, stamps
from forecast.report.tables import Cell, Grid, Line


def matrix(found: pd.DataFrame, by: str) -> Grid:
    """The table of ``forecast.evaluation.breakdown.breakdown``: a line a group, a column a model, and the rows scored.

    Args:
        found: the breakdown.
        by: what it is grouped by, the heading of the groups.
    """
    models = list(dict.fromkeys(found["model"]))
    columns = (column(by, False), *(Column(name, name, "", True, True) for name in models), column("rows", True))
    if not models:
        return Grid(columns, ())
    shape = (-1, len(models))
    values, spreads, ranks = (found[name].to_numpy(np.float64).reshape(shape) for name in ("value", "value_sd", "rank"))
    decimals = places(values)
    best = (ranks == np.nanmin(np.where(np.isnan(ranks), np.inf, ranks), axis=1, keepdims=True)) & (len(models) > 1)
    groups = stamps(found["group"].iloc[:: len(models)])
    counts = found["rows"].to_numpy().reshape(shape)[:, 0].tolist()
    lines = []
    for index, (group, count) in enumerate(zip(groups, counts, strict=True)):
        cells = [
            Cell(
                fixed(value, decimals),
                f"{value:.12g}" if np.isfinite(value) else "",
                bool(first),
                f"± {fixed(spread, decimals)}" if spread > 0 else "",
            )
            for value, spread, first in zip(values[index], spreads[index], best[index], strict=True)
        ]
        lines.append(Line((Cell(group, group), *cells, Cell(f"{count:,}", str(count)))))
    return Grid(columns, tuple(lines))
