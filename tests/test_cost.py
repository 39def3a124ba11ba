import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from forecast.evaluation.cost import front

BOARD = pd.DataFrame(
    {
        "model": ["Best", "Cheap", "Twin", "Beaten", "Slow", "Failed"],
        "kind": "baseline",
        "mase": [0.5, 1.0, 1.0, 1.2, 0.5, np.nan],
        "r2": [0.9, 0.5, 0.5, 0.1, 0.9, np.nan],
        "bias": 0.0,
        "fit_seconds": [10.0, 1.0, 1.0, 2.0, 20.0, 3.0],
        "bytes": [np.nan, 5, 6, 7, 8, 9],
    }
)


@pytest.mark.parametrize("metric", ["mase", "r2"])
def test_front_is_the_models_that_nothing_beats_on_both(metric):
    found = front(BOARD, metric)
    assert list(found.columns) == ["model", "kind", metric, "fit_seconds", "on_front"]
    assert found["model"].tolist() == ["Cheap", "Twin", "Beaten", "Best", "Slow"]
    assert found.loc[found["on_front"], "model"].tolist() == ["Cheap", "Twin", "Best"]


def test_front_equals_the_definition_on_random_boards():
    rng = np.random.default_rng(0)
    for _ in range(50):
        numbers = rng.integers(0, 5, (8, 2)).astype(float)
        board = pd.DataFrame({"model": [*"abcdefgh"], "kind": "", "mase": numbers[:, 0], "parameters": numbers[:, 1]})
        beaten = [((numbers <= own).all(axis=1) & (numbers < own).any(axis=1)).any() for own in numbers]
        found = front(board, "mase", "parameters").set_index("model")["on_front"]
        assert found[board["model"]].tolist() == [not each for each in beaten]


def test_models_without_a_number_are_left_out():
    assert front(BOARD, "mase", "bytes")["model"].tolist() == ["Cheap", "Twin", "Beaten", "Slow"]
    assert len(front(BOARD.iloc[:0], "mase")) == 0


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(InputError, match="'bias' has no best"):
        front(BOARD, "bias")
    with pytest.raises(InputError, match="cost 'fit_second' is not known; did you mean 'fit_seconds'"):
        front(BOARD, "mase", "fit_second")
    with pytest.raises(InputError, match="column 'mae' is not known"):
        front(BOARD, "mae")
