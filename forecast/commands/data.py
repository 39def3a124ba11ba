"""The data that the options name."""

from typing import Any

import numpy as np

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.readers import Source
from forecast.config import LAYOUT, BacktestConfig
from forecast.data import is_dataset, read


def check_freq(panel: Panel, freq: str | int, path: str) -> None:
    """Raise InputError unless the panel runs on the frequency that the network of a checkpoint was trained on."""
    if freq not in ("", panel.clock.freq):
        raise InputError(
            f"the data have frequency {panel.clock.freq!r}, but checkpoint {path} was trained on {freq!r}; expected "
            "the same. Say it with --freq if it was inferred wrongly, or train on data of this frequency."
        )


def read_to_predict(given: dict[str, Any], trained: dict[str, Any], freq: str | int) -> Panel:
    """The panel of the data given, laid out as the data that a checkpoint was trained on.

    A file too short to tell its frequency, or without stamps, has that of the checkpoint, unless none of its stamps are
    one such step apart.
    """
    if is_dataset(given["data"]):
        return read_given(given).panel()
    try:
        return read_given(given, trained).panel()
    except InputError:
        if "freq" in given or freq == "":
            raise
        panel = read_given({**given, "freq": str(freq)}, trained).panel()
        if not _has_neighbours(panel):
            raise
        return panel


def _has_neighbours(panel: Panel) -> bool:
    """Whether two observed rows of a series are one step apart, or no series has two."""
    rows = np.flatnonzero(panel.observed.any(axis=1))
    steps = np.diff(rows)[np.diff(panel.series_of_row[rows]) == 0]
    return not len(steps) or bool(steps.min() == 1)


def read_given(given: dict[str, Any], trained: dict[str, Any] | None = None) -> Source:
    """The source that the options of ``forecast.commands.parser.add_layout`` name.

    Args:
        given: the options given on the command line.
        trained: the layout that a checkpoint was trained with; options win over it.
    """
    told = {name: value for name, value in given.items() if name in LAYOUT}
    config = BacktestConfig.of({**told, "data": given["data"], "horizon": 1})
    return read(given["data"], {**(trained or {}), **config.layout}, given.get("data_dir", ""))
