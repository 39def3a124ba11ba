"""The study of epochs: one training read off at its marks is as many trainings of those lengths, to the bit."""

import numpy as np
import pandas as pd
import pytest

from forecast.assemble import assemble
from forecast.backtest import backtest
from forecast.config import BacktestConfig
from forecast.resolve import resolve
from forecast.study.config import StudyConfig
from forecast.study.shipped import path_of
from forecast.study.study import Study, source_of

KEYS = ["seed", "unique_id", "cutoff", "step"]


def alone(config, epochs):
    """The forecasts of a backtest of its own with so many epochs."""
    base = {name: value for name, value in config.base.items() if name not in ("baselines", "together")}
    fit = base["fit"] | {"epochs": epochs}
    found = resolve(BacktestConfig.of(base | {"baselines": "none", "fit": fit}), source_of(config).panel())
    forecasters, complete = assemble(found.config, found.panel)
    sizes = {name: getattr(complete, name) for name in ("horizon", "folds", "stride", "seeds")}
    return backtest(found.panel, forecasters, **sizes)


@pytest.mark.parametrize(
    "marks",
    [[1, 2, 4, 7, 9], pytest.param([10, 50, 100, 500, 1000], marks=pytest.mark.slow)],
    ids=["small", "article"],
)
def test_five_rows_are_five_backtests_of_their_own(marks):
    said = StudyConfig.read(path_of("epochs")).with_preset("quick").plain()
    said["factors"]["epochs"]["levels"] = marks
    config = StudyConfig.of(said | {"reference": {}}).with_base({"folds": 4, "seeds": 2})
    study = Study(config).run().backtest
    assert (study.runs.loc[study.runs["model"] != "Naive", "error"] == "").all()
    for epochs in marks:
        own = study.table[study.table["model"] == f"MLP 8-16-1 epochs={epochs}"].sort_values(KEYS)
        separate = alone(config, epochs)
        expected = separate.table.sort_values(KEYS)
        np.testing.assert_array_equal(own["mean"].to_numpy(), expected["mean"].to_numpy())
        curves = study.curves[study.curves["model"] == f"MLP 8-16-1 epochs={epochs}"]
        pd.testing.assert_frame_equal(
            curves.drop(columns="model").reset_index(drop=True), separate.curves.drop(columns="model")
        )
        assert curves.groupby("seed")["epoch"].max().tolist() == [epochs, epochs]
