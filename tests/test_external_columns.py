"""Which columns of somebody's forecasts are what."""

import pandas as pd
import pytest

from datamodules.errors import InputError
from forecast.external.columns import is_long, key_columns, model_columns

KEYS = ("unique_id", "ds", "cutoff", "y")


def found(*names, models=(), covariates=()):
    frame = pd.DataFrame(columns=[*KEYS, *names])
    return {(one.model, one.seed): (one.mean, one.quantiles) for one in model_columns(frame, KEYS, models, covariates)}


def test_bounds_of_several_levels_become_quantiles():
    names = ["ETS-lo-95", "ETS-lo-80", "ETS", "ETS-hi-80", "ETS-hi-95", "Naive"]
    levels = {0.025: "ETS-lo-95", 0.1: "ETS-lo-80", 0.9: "ETS-hi-80", 0.975: "ETS-hi-95"}
    assert found(*names) == {("ETS", 0): ("ETS", levels), ("Naive", 0): ("Naive", {})}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["A-q-10", "A", "A-q-90"], {0.1: "A-q-10", 0.9: "A-q-90"}),
        (["A_ql0.05", "A", "A_ql0.95"], {0.05: "A_ql0.05", 0.95: "A_ql0.95"}),
        (["A-lo-80.0", "A", "A-hi-80.0"], {0.1: "A-lo-80.0", 0.9: "A-hi-80.0"}),
        (["A", "A-median"], {0.5: "A-median"}),
    ],
)
def test_other_spellings_of_quantiles(names, expected):
    assert found(*names) == {("A", 0): ("A", expected)}


def test_median_is_the_point_forecast_of_a_model_without_another():
    assert found("LSTM-median", "LSTM-lo-90", "LSTM-hi-90") == {
        ("LSTM", 0): ("LSTM-median", {0.05: "LSTM-lo-90", 0.5: "LSTM-median", 0.95: "LSTM-hi-90"})
    }


def test_model_whose_name_ends_in_median_stays_one():
    assert found("Ensemble-median", "Ensemble-median-lo-80", "Ensemble-median-hi-80", "Ensemble-mean") == {
        ("Ensemble-median", 0): (
            "Ensemble-median",
            {0.1: "Ensemble-median-lo-80", 0.9: "Ensemble-median-hi-80"},
        ),
        ("Ensemble-mean", 0): ("Ensemble-mean", {}),
    }


def test_columns_that_differ_by_a_number_after_a_slash_are_seeds():
    names = ["Net/0", "Net/0-lo-80", "Net/0-hi-80", "Net/1", "Net/1-lo-80", "Net/1-hi-80", "alone/3"]
    assert list(found(*names)) == [("Net", 0), ("Net", 1), ("alone/3", 0)]
    assert found(*names)["Net", 1] == ("Net/1", {0.1: "Net/1-lo-80", 0.9: "Net/1-hi-80"})
    assert list(found(*names, models=["Net"])) == [("Net", 0), ("Net", 1)]


def test_indices_and_covariates_are_no_models():
    assert list(found("index", "Unnamed: 0", "price", "A", covariates=["price"])) == [("A", 0)]


@pytest.mark.parametrize(
    ("names", "models", "sentence"),
    [
        (["A-lo-90"], (), "column 'A-lo-90' is a bound, but there is no column 'A'"),
        (["A", "A-lo-100"], (), "column 'A-lo-100' is a bound of level 0;"),
        (["LSTM"], ["LTSM"], "model 'LTSM' is not known; did you mean 'LSTM'"),
        ([], (), "no column of the forecasts is a model"),
    ],
)
def test_what_is_no_model_is_refused(names, models, sentence):
    with pytest.raises(InputError, match=sentence):
        found(*names, models=models)


def test_key_columns_have_the_names_of_the_field_or_are_told():
    frame = pd.DataFrame(columns=["item_id", "timestamp", "A"])
    assert key_columns(frame, {}) == {"id": ("item_id",), "time": ("timestamp",), "cutoff": (), "target": ()}
    assert key_columns(frame, {"cutoff": ("A",)})["cutoff"] == ("A",)
    with pytest.raises(InputError, match=r"column 'itemid' \(id\) is missing in the forecasts.*'item_id'"):
        key_columns(frame, {"id": ("itemid",)})
    with pytest.raises(
        InputError, match=r"no column of the forecasts is called 'ds', of 'unique_id', 'A'; .*time=NAME"
    ):
        key_columns(pd.DataFrame(columns=["unique_id", "A"]), {})


def test_forecast_table_is_told_from_a_wide_frame():
    assert is_long(pd.DataFrame(columns=["model", "unique_id", "cutoff", "step", "mean"]))
    assert not is_long(pd.DataFrame(columns=[*KEYS, "model"]))
