"""Inside: what a network forecasts of the rows that it was trained and validated on, for the gap to the test rows."""

from typing import Final

import numpy as np
import pandas as pd

from datamodules.history import first_seen
from datamodules.panel import Panel
from datamodules.split import Part, by_steps
from forecast.conformal import Conformal
from forecast.forecaster import Forecaster, innermost
from forecast.neural import NeuralForecaster
from forecast.table import join_actuals, stacked

PARTS: Final = ("train", "validation")


def inside(
    forecaster: Forecaster,
    panel: Panel,
    *,
    most: int,
    history: int,
    horizon: int,
    levels: tuple[float, ...],
    seasonality: int,
) -> pd.DataFrame:
    """The forecast table, with actuals and a column ``part``, of cutoffs within the parts that ``fit`` made of a panel.

    ::

        |------------------- train -------------------|---- validation ----|
        |-- history --|   ^       ^       ^  |-horizon-| ^      ^  |-horizon-|     most = 3

    Of each series and part at most ``most`` cutoffs, evenly spread over all from which every step lies in the part. A
    conformal wrapper is passed over: it has no earlier errors to go by there.

    Args:
        forecaster: a network that was fitted on ``panel``, or a wrapper of one; any other has no rows.
        panel: what its ``fit`` saw, and nothing more.
        most: cutoffs of each series in each part.
        history: rows up to a cutoff that a series must have.
        horizon: steps ahead.
        levels: quantile levels.
        seasonality: of the naive errors that scale MASE.
    """
    network = innermost(forecaster)
    if not isinstance(network, NeuralForecaster):
        return pd.DataFrame()
    asked = forecaster
    while isinstance(asked, Conformal):
        asked = asked.forecaster
    held_out, reach = network.validation_steps(panel), max(horizon, network.dims.horizon)
    tables = []
    for chunk in panel.chunks():
        split = by_steps(chunk.panel, validation=held_out)
        for number, part in enumerate((split.train, split.validation)):
            cutoffs = spread(chunk.panel, part, most=most, history=history, horizon=reach)
            if (cutoffs < 0).all():
                continue
            table = asked.predict(chunk.panel, cutoffs, horizon, levels)
            joined = join_actuals(table, chunk.panel, cutoffs, seasonality, horizon=horizon)
            codes = np.full(len(joined), number, np.int8)
            tables.append(joined.assign(part=pd.Categorical.from_codes(codes, categories=pd.Index(PARTS))))
    if not tables:
        return pd.DataFrame()
    table = stacked(tables)
    names = pd.Categorical.from_codes(np.zeros(len(table), np.int8), categories=pd.Index([forecaster.name]))
    return table.assign(model=names)


def spread(panel: Panel, part: Part, *, most: int, history: int, horizon: int) -> np.ndarray:
    """(``most``, N) cutoff rows from which all steps lie in the part; -1 where a series has no more.

    Of 10 rows with a history of 3 and a horizon of 2, the cutoffs 2 .. 7 are possible; two of them are 3 and 6.
    """
    first = np.maximum(part.begin - 1, first_seen(panel).max(axis=1) + history - 1)  # (N)
    possible = np.maximum(part.stop - horizon - first, 0)  # (N), the last of them is part.stop - 1 - horizon
    wanted = np.minimum(possible, most)
    number = np.arange(most)[:, None]
    rows = first + (2 * number + 1) * possible // np.maximum(2 * wanted, 1)
    return np.where(number < wanted, rows, -1)
