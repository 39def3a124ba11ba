"""The model confidence set: that of arch on the same losses, its size, and what it does where it cannot tell."""

import numpy as np
import pandas as pd
import pytest
from arch.bootstrap import MCS

from forecast.evaluation.confidence_set import confidence_set, eliminate


def table_of(losses: np.ndarray) -> pd.DataFrame:
    """A forecast table whose scaled absolute errors are ``losses`` (series, cutoffs, models), one step ahead."""
    n_series, n_cutoffs, n_models = losses.shape
    index = pd.MultiIndex.from_product([range(n_series), range(n_cutoffs), range(n_models)])
    frame = pd.DataFrame({"mean": losses.reshape(-1)}, index=index).reset_index(names=["series", "cutoff", "number"])
    names = {"model": frame["number"].map("m{}".format), "unique_id": frame["series"].map("s{}".format)}
    frame = frame.assign(**names, seed=0, target="y", step=1, time=frame["cutoff"] + 1, actual=0.0)
    return frame.assign(naive_mae=1.0, naive_mse=1.0)


def drawn(n_series: int = 1, n_cutoffs: int = 200, *, gaps=(0.0, 0.02, 0.1, 0.5), seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shared = rng.gamma(4.0, 0.25, (n_series, n_cutoffs, 1))
    return shared + np.abs(rng.normal(0, 0.5, (n_series, n_cutoffs, len(gaps)))) + np.array(gaps)


@pytest.mark.parametrize(("statistic", "method"), [("max", "max"), ("range", "R")])
def test_p_values_are_those_of_arch(statistic, method):
    losses = drawn()
    found = confidence_set(table_of(losses), statistic=statistic).set_index("model")["p_value"]
    frame = pd.DataFrame(losses[0], columns=["m0", "m1", "m2", "m3"])
    arch = MCS(frame, size=0.1, reps=2000, block_size=6, method=method, bootstrap="circular", seed=0)
    arch.compute()
    expected = arch.pvalues["Pvalue"]
    assert found["m3"] == pytest.approx(expected["m3"], abs=0.01)
    for name in expected.index:
        assert found[name] == pytest.approx(expected[name], abs=0.06)


def test_set_is_ordered_and_holds_those_above_the_size():
    found = confidence_set(table_of(drawn()), size=0.10)
    assert found["p_value"].is_monotonic_decreasing
    assert found["p_value"].iloc[0] == 1.0
    assert (found["inside"] == (found["p_value"] >= 0.10)).all()
    assert "m3" in set(found.loc[~found["inside"], "model"])


def test_many_series_at_one_cutoff_are_drawn_and_said_to_be():
    found = confidence_set(table_of(drawn(300, 1)))
    assert found["note"].str.contains("300 series drawn at one cutoff").all()
    assert not found.set_index("model").loc["m3", "inside"]


def test_nothing_to_draw_from_leaves_all_inside():
    found = confidence_set(table_of(drawn(2, 1)))
    assert found["inside"].all()
    assert found["p_value"].isna().all()
    assert found["note"].str.contains("too few to draw from").all()


def test_equal_models_stay_inside():
    losses = drawn(1, 50, gaps=(0.0, 0.0))
    losses[..., 1] = losses[..., 0]
    assert confidence_set(table_of(losses))["inside"].all()


def test_one_model_alone_is_inside():
    found = confidence_set(table_of(drawn(1, 20, gaps=(0.0,))))
    assert found[["p_value", "inside", "note"]].to_numpy().tolist() == [[1.0, True, "one model alone"]]


def test_same_seed_gives_the_same_set():
    one, other = (confidence_set(table_of(drawn()), seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_best_model_is_inside_about_as_often_as_is_said():
    kept = []
    for seed in range(60):
        losses = drawn(1, 60, gaps=(0.0, 0.0, 0.0), seed=seed)
        found = confidence_set(table_of(losses)).set_index("model")
        kept.append(bool(found["inside"].all()))
    assert np.mean(kept) >= 0.85


def test_elimination_by_hand():
    strayed = np.array([[0.1, -0.1, 0.0], [-0.1, 0.1, 0.0], [0.1, 0.0, -0.1], [-0.1, 0.0, 0.1]])
    order, p_values = eliminate(np.array([1.0, 1.0, 5.0]), strayed, "max")
    assert order[0] == 2
    assert p_values[0] == 0.0
    assert p_values[1:] == [1.0, 1.0]
