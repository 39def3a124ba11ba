"""Inside: what a network forecasts of the rows that it was trained and validated on, for the gap to the test rows."""

from copy import copy
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from datamodules.history import first_seen
from datamodules.holes import with_holes
from datamodules.panel import Panel
from datamodules.split import Part, by_steps
from forecast.conformal import Conformal
from forecast.forecaster import Forecaster, innermost
from forecast.holed import Holed
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

    Of each series and part at most ``most`` cutoffs, evenly spread over all from which every step lies in the part; of
    a network that was to learn from fewer windows than there are (``windows``), over those. A conformal wrapper is
    passed over: it has no earlier errors to go by there.

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
    asked, shown = _without_intervals(forecaster), _shown(forecaster, panel)
    split = by_steps(shown, validation=network.validation_steps(shown))
    sizes = {"most": most, "history": history}
    reach = max(horizon, network.dims.horizon)
    train = trained_on(network, shown, **sizes) if network.windows else spread(shown, split.train, reach, **sizes)
    both = (train, spread(shown, split.validation, reach, **sizes))  # (most, N) each
    tables = []
    for chunk in panel.chunks():
        for number, every in enumerate(both):
            cutoffs = chunk.rows(every)
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


def spread(panel: Panel, part: Part, horizon: int, *, most: int, history: int) -> np.ndarray:
    """(``most``, N) cutoff rows from which all steps lie in the part; -1 where a series has no more.

    Of 10 rows with a history of 3 and a horizon of 2, the cutoffs 2 .. 7 are possible; two of them are 3 and 6.
    """
    first = np.maximum(part.begin - 1, first_seen(panel).max(axis=1) + history - 1)  # (N)
    places = _even(np.maximum(part.stop - horizon - first, 0), most)  # part.stop - 1 - horizon is the last cutoff
    return np.where(places >= 0, first + places, -1)


def trained_on(network: NeuralForecaster, panel: Panel, *, most: int, history: int) -> np.ndarray:
    """(``most``, N) cutoff rows of the windows that the network learnt from; -1 where a series has no more."""
    data = network.data(panel)
    rows, laid = data.train_windows.rows, data.laid
    series = np.searchsorted(laid.panel.offsets, rows, side="right") - 1
    rows = rows - laid.shift[series]
    enough = rows >= first_seen(panel).max(axis=1)[series] + history - 1
    rows, count = rows[enough], np.bincount(series[enough], minlength=panel.n_series)
    places = _even(count, most)
    return np.where(places >= 0, np.append(rows, -1)[np.cumsum(count) - count + places], -1)


def _even(count: np.ndarray, most: int) -> np.ndarray:
    """(``most``, N) places among ``count`` (N), evenly spread; -1 where there are no more."""
    number, wanted = np.arange(most)[:, None], np.minimum(count, most)
    return np.where(number < wanted, (2 * number + 1) * count // np.maximum(2 * wanted, 1), -1)


def _shown(forecaster: Forecaster, panel: Panel) -> Panel:
    """What the network itself saw of the panel."""
    while isinstance(inner := getattr(forecaster, "forecaster", None), Forecaster):
        panel = with_holes(panel, forecaster.share) if isinstance(forecaster, Holed) else panel
        forecaster = inner
    return panel


def _without_intervals(forecaster: Forecaster) -> Forecaster:
    """The forecaster without the conformal wrappers in it."""
    inner = getattr(forecaster, "forecaster", None)
    if not isinstance(inner, Forecaster):
        return forecaster
    if isinstance(forecaster, Conformal):
        return _without_intervals(inner)
    other: Any = copy(forecaster)
    other.forecaster = _without_intervals(inner)
    return cast(Forecaster, other)
