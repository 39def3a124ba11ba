"""The learning curves of a study of training windows."""

import numpy as np
import pandas as pd
import pytest

from forecast.study.config import StudyConfig
from forecast.study.curve import learning_curves, of_the_page

WINDOWS = [100, 200, 400, 800, 1600]


def study(key="fit.windows", **others):
    factors = {"windows": {"key": key, "levels": WINDOWS}, **others}
    return StudyConfig.of({"base": {}, "factors": factors, "metrics": ["r2", "mse"]})


def table(network="MLP", gain=50.0, **columns):
    loss = 2 + gain * np.array(WINDOWS, dtype=float) ** -0.5
    frame = pd.DataFrame({"network": network, "kind": "network", "windows": WINDOWS, "mse": loss, "status": ""})
    return frame.assign(r2=0.5, **columns)


def test_curve_is_that_of_the_first_metric_of_which_less_is_better():
    curves, (sentence,) = learning_curves(study(), table())
    assert curves["fitted"].to_numpy() == pytest.approx(curves["loss"].to_numpy(), rel=1e-3)
    assert sentence.startswith("The learning curve is MSE = 2.00 + 50.0 · n^-0.5")
    assert "1,600" in sentence
    assert not sentence.endswith(".")


def test_each_network_and_each_level_of_other_factors_has_its_own():
    config = study(draw={"key": "fit.draw", "levels": ["recent", "random"]})
    rows = pd.concat([table(draw="recent"), table(draw="random", gain=9.0)], ignore_index=True)
    curves, sentences = learning_curves(config, rows)
    assert curves["others"].unique().tolist() == ["draw=random", "draw=recent"]
    assert [each.partition(":")[0] for each in sentences] == ["MLP draw=random", "MLP draw=recent"]
    assert of_the_page(curves, config)["loss"].tolist() == rows["mse"].tolist()[:5]


def test_levels_that_are_numbers_are_told_as_they_are_written():
    config = study(hidden={"key": "models.hidden_size", "levels": [10, 1000000]})
    curves, sentences = learning_curves(config, pd.concat([table(hidden=10.0), table(hidden=1e6)], ignore_index=True))
    assert [each.partition(":")[0] for each in sentences] == ["MLP hidden=10", "MLP hidden=1000000"]
    assert len(of_the_page(curves, config)) == len(WINDOWS)


def test_levels_that_came_to_nothing_are_left_out():
    rows = table()
    rows.loc[4, ["status", "mse"]] = ["failed: too few", np.nan]
    assert learning_curves(study(), rows)[0]["windows"].tolist() == WINDOWS[:4]


def test_study_of_something_else_has_none():
    curves, sentences = learning_curves(study(key="models.hidden_size"), table())
    assert curves.empty
    assert sentences == []
    assert of_the_page(curves, study(key="models.hidden_size")).empty
