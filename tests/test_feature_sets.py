from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from datamodules.errors import InputError
from datamodules.features import Features
from datamodules.inputs import Inputs
from datamodules.made.feature_sets import chosen
from datamodules.made.featured import with_features
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.split import Part

ALL = Features(calendar=("hour", "dayofweek"), fourier=("24:2",), lags=(1, 24), rolling=("mean_24",))
SIZES = {"context_length": 24, "horizon": 6}


def everything(panel):
    return Part(panel.offsets[:-1], panel.offsets[1:])


def laid(panel, features, **options):
    inputs = Inputs.fit(panel, everything(panel), Preparation(features=features, **options), **SIZES)
    return inputs, inputs.lay(panel)


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ((), ALL),
        (("y",), Features()),
        (("y0",), Features()),
        (("y", "calendar"), Features(calendar=("hour", "dayofweek"))),
        (("y", "hour"), Features(calendar=("hour",))),
        (("y", "hour", "month"), Features(calendar=("hour", "month"))),
        (("y", "24:2", "lag24"), Features(fourier=("24:2",), lags=(24,))),
        (("lags", "rolling"), Features(lags=(1, 24), rolling=("mean_24",))),
        (("mean_24", "known"), Features(rolling=("mean_24",))),
        (("lag24", "covariates"), Features(lags=(24,))),
    ],
)
def test_only_what_is_used_is_made(make_panel, use, expected):
    panel = make_panel(known=1)
    assert chosen(replace(ALL, use=use), panel) == replace(expected, use=use)


def test_a_group_without_members_gets_those_that_the_clock_suggests(make_panel):
    panel = make_panel((2000,))
    use = ("calendar", "fourier", "lags", "rolling")
    features = chosen(Features(use=use), panel)
    assert features.calendar == ("hour", "dayofweek")
    assert features.fourier == ("24:3", "168:3")
    assert features.lags == (24,)
    assert features.rolling == ("mean_24",)
    assert chosen(Features(calendar=("auto",)), panel).calendar == ("hour", "dayofweek")


def test_what_is_chosen_stays_on_a_shorter_panel(make_panel):
    features = chosen(Features(use=("calendar", "fourier", "lags")), make_panel((2000,)))
    assert chosen(features, make_panel((30,))) == features
    alone = chosen(replace(ALL, use=("y",)), make_panel((2000,)))
    assert chosen(alone, make_panel((30,))) == alone


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        (Features(use=("y", "temperatur")), "'temperatur', which is not known; did you mean 'temperature'"),
        (Features(use=("calender",)), "did you mean 'calendar'"),
        (Features(use=("y", "lag24")), "'lag24', which is not known"),
        (Features(use=("static",)), "no static covariates"),
        (Features(use=("holidays",)), "holidays is empty"),
        (Features(calendar=("minute",)), "'minute', which never changes"),
    ],
)
def test_names_without_meaning_on_a_panel_are_refused(features, sentence):
    table = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=9, freq="h"), "y": 1.0, "temperature": 2.0})
    with pytest.raises(InputError, match=sentence):
        chosen(features, Panel.from_frame(table, freq="h", past=["temperature"]))


def test_covariates_are_all_columns_of_the_data_whatever_their_role(make_panel):
    panel = make_panel(past=1, known=1, static=1)
    with_all = with_features(panel, chosen(Features(calendar=("hour",), use=("y", "covariates")), panel))
    assert with_all.columns == panel.columns
    with pytest.raises(InputError, match="use names 'covariates', but the data has none"):
        chosen(Features(use=("y", "covariates")), make_panel())


def test_an_integer_clock_has_fourier_pairs_but_no_calendar():
    table = pd.DataFrame({"ds": range(50), "y": np.arange(50.0)})
    panel = Panel.from_frame(table, freq=1)
    assert with_features(panel, chosen(Features(fourier=("12:1",)), panel)).known.shape == (50, 2)
    for features in (Features(calendar=("hour",)), Features(use=("calendar",)), Features(holidays="x.csv")):
        with pytest.raises(InputError, match="integers"):
            chosen(features, panel)
    with pytest.raises(InputError, match="has no season"):
        chosen(Features(use=("lags",)), panel)


def test_a_column_of_the_data_goes_before_a_name_of_the_calendar():
    table = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=9, freq="h"), "y": 1.0, "hour": 2.0})
    panel = Panel.from_frame(table, freq="h", known=["hour"])
    features = chosen(Features(use=("y", "hour")), panel)
    assert with_features(panel, features).columns.known == ("hour",)


def test_lagged_columns_are_the_last_past_ones_and_in_the_units_of_the_target(make_panel):
    panel = make_panel(targets=2, past=1)
    inputs, tensors = laid(panel, ALL, scaling="standard")
    assert inputs.dims.lagged == 6
    assert inputs.dims.past == tensors.store.past.shape[1] == 7
    assert inputs.dims.known == tensors.store.known.shape[1] == 8
    np.testing.assert_array_equal(tensors.store.past[1:60, 1:3], tensors.store.target[:59])
    np.testing.assert_array_equal(tensors.store.past[60, 1:3], tensors.store.target[60])
    assert inputs.prepare.features == ALL


def test_a_made_column_reaches_past_the_last_target(make_panel):
    panel = make_panel()
    inputs = Inputs.fit(panel, everything(panel), Preparation(features=ALL), **SIZES)
    tensors = inputs.lay(panel, ahead=6)
    assert len(tensors.store.known) == 60 + 45 + 12
    assert bool(torch.isfinite(tensors.store.known).all())
    assert bool(torch.isfinite(tensors.store.past).all())


@pytest.mark.parametrize("missing", ["ffill", "interpolate", "seasonal", "mask"])
def test_nothing_after_a_row_reaches_its_features(make_panel, missing):
    panel = make_panel((90, 80), past=1, known=1, holes=0.1)
    cutoffs = panel.offsets[:-1] + 50
    rows = np.arange(len(panel.target))
    later = rows > cutoffs[panel.series_of_row]
    garbage = np.where(later[:, None], 1e12, panel.target)
    garbage[cutoffs + 3] = np.nan
    features = replace(ALL, rolling=tuple(f"{each}_24" for each in ("mean", "min", "max", "median")))
    inputs = Inputs.fit(panel, everything(panel), Preparation(features=features, missing=missing), **SIZES)
    for other in (replace(panel, target=garbage), panel.until(cutoffs)):
        before, after = inputs.lay(panel).store, inputs.lay(other).store
        index = torch.from_numpy(cutoffs)
        here, there = (store.context(index, **SIZES) for store in (before, after))
        for left, right in zip(here[:-1], there[:-1], strict=True):
            assert torch.equal(left, right)


def test_the_same_rows_are_there_whatever_the_set(make_panel):
    panel = make_panel(past=1, known=1, holes=0.1)
    for use in ((), ("y",), ("y", "calendar"), ("y", "past", "lags")):
        inputs, tensors = laid(panel, replace(ALL, use=use))
        np.testing.assert_array_equal(tensors.panel.target, panel.target)
        assert tensors.store.past.shape == (105, inputs.dims.past)
        assert tensors.store.known.shape == (105, inputs.dims.known)


def test_a_checkpoint_keeps_what_was_chosen(make_panel):
    inputs, _ = laid(make_panel((2000,)), Features(use=("calendar", "lags")))
    again = Inputs.of(inputs.plain())
    assert again.prepare.features == inputs.prepare.features
    assert again.lay(make_panel((30,)), ahead=6).store.known.shape == (36, inputs.dims.known)
