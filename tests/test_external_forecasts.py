"""Somebody's forecasts at the door: what is read, and what is refused by name."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.panel import Panel
from forecast.external.forecasts import read_forecasts
from forecast.table import naive_errors


@pytest.fixture
def panel(make_panel):
    return make_panel([40, 30], holes=0.1)


def frame_of(panel, cutoffs=(20, 23), horizon=3, **models):
    """Forecasts of both series from two cutoffs, wide: the actuals plus what is said of each model."""
    series, cutoff, step = (
        each.ravel() for each in np.meshgrid(range(panel.n_series), cutoffs, range(1, horizon + 1), indexing="ij")
    )
    rows = panel.offsets[series] + cutoff + step
    frame = pd.DataFrame(
        {
            "unique_id": panel.ids[series].astype(str),
            "ds": panel.times(rows, series),
            "cutoff": panel.times(rows - step, series),
            "y": panel.target[rows, 0],
        }
    )
    return frame.assign(
        **({name: 10.0 + added for name, added in models.items()} or {"A": 10.0 + np.arange(len(frame))})
    )


def test_rows_actuals_and_naive_errors_are_those_of_a_slow_loop(panel):
    frame = frame_of(panel, A=1.0).assign(**{"A-lo-90": 1.0, "A-hi-90": 30.0}).sample(frac=1, random_state=0)
    table = read_forecasts(frame, panel, seasonality=2).table
    assert table.columns.tolist() == [
        *("model", "seed", "unique_id", "target", "cutoff", "step", "time", "mean", "q0.05", "q0.95"),
        *("actual", "naive_mae", "naive_mse"),
    ]
    expected = []
    mae, mse = naive_errors(panel, 2)
    for cutoff in (20, 23):
        for series in range(2):
            for step in (1, 2, 3):
                row = panel.offsets[series] + cutoff
                own = (panel.target[row + step, 0], mae[row, 0], mse[row, 0])
                expected.append(["A", 0, panel.ids[series], "y0", step, 11.0, 1.0, 30.0, *own])
    names = [name for name in table.columns if name not in ("cutoff", "time")]
    told = table[names].astype({"model": str, "unique_id": str, "target": str})
    pd.testing.assert_frame_equal(told, pd.DataFrame(expected, columns=names), check_dtype=False)
    assert ((table["time"] - table["cutoff"]) / pd.Timedelta("1h") == table["step"]).all()


def test_several_targets_go_by_the_name_of_series_and_target(make_panel):
    panel = make_panel([40, 30], targets=2)
    frame = frame_of(panel, A=0.0).assign(unique_id=lambda each: each["unique_id"] + "/y1").drop(columns="y")
    table = read_forecasts(frame, panel).table
    assert set(table["target"]) == {"y1"}
    first = panel.target[panel.offsets[1] + 21, 1]
    assert table.loc[table["unique_id"] == "series 1", "actual"].iloc[0] == first
    with pytest.raises(InputError, match="'series 0/y2' in row 0; did you mean 'series 0/y1'"):
        read_forecasts(frame.assign(unique_id="series 0/y2"), panel)


def test_without_cutoffs_a_series_is_one_forecast(panel):
    frame = frame_of(panel, cutoffs=(20,), horizon=6)
    found = read_forecasts(frame.drop(columns="cutoff"), panel)
    pd.testing.assert_frame_equal(found.table, read_forecasts(frame, panel).table)
    assert "the step before each series' first stamp" in found.notes[0]


def test_without_cutoffs_and_with_a_horizon_forecasts_follow_each_other(panel):
    frame = frame_of(panel, cutoffs=(20, 23))
    found = read_forecasts(frame.drop(columns="cutoff"), panel, horizon=3)
    pd.testing.assert_frame_equal(found.table, read_forecasts(frame, panel).table)


def test_overlapping_forecasts_without_cutoffs_are_refused(panel):
    frame = frame_of(panel, cutoffs=(20, 21)).drop(columns="cutoff")
    with pytest.raises(InputError, match="no column 'cutoff', and row 3 forecasts a stamp again"):
        read_forecasts(frame, panel)


def test_columns_of_other_names_are_told(panel):
    frame = frame_of(panel)
    names = {"unique_id": "shop", "ds": "day", "cutoff": "seen", "y": "sold"}
    told = {"id": ["shop"], "time": ["day"], "cutoff": ["seen"], "target": ["sold"]}
    found = read_forecasts(frame.rename(columns=names), panel, columns=told)
    pd.testing.assert_frame_equal(found.table, read_forecasts(frame, panel).table)


def test_integer_clock(panel):
    data = pd.DataFrame({"unique_id": "a", "ds": np.arange(10, 50, 2), "y": np.arange(20.0)})
    panel = Panel.from_frame(data, freq=2)
    frame = pd.DataFrame({"unique_id": "a", "ds": [32, 34], "cutoff": 30, "A": [1.0, 2.0]})
    table = read_forecasts(frame, panel).table
    assert (table["step"].tolist(), table["actual"].tolist()) == ([1, 2], [11.0, 12.0])
    with pytest.raises(InputError, match="holds dates, but the stamps of the data are whole numbers"):
        read_forecasts(frame.assign(ds=pd.date_range("2024-01-01", periods=2)), panel)


def moved(name, hours):
    return lambda frame: frame.assign(**{name: frame[name] + pd.Timedelta(hours=hours)})


def with_first(name, value):
    def change(frame):
        return frame.assign(**{name: [value, *frame[name].iloc[1:]]})

    return change


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda frame: frame.iloc[:0], "the forecasts are empty"),
        (lambda frame: pd.concat([frame, frame.iloc[:2]], ignore_index=True), "2 rows repeat .* first row 12 .* row 0"),
        (with_first("unique_id", "series 7"), "1 name is of no series of the data, first 'series 7' in row 0"),
        (moved("ds", 0.5), "column 'ds' .* in row 0 .*, which is no stamp of the data's clock .frequency 'h'"),
        (moved("cutoff", 0.5), "column 'cutoff' .* which is no stamp of the data's clock"),
        (moved("cutoff", 1), "row 0 .* forecasts 2024-01-01 21:00:00, its own cutoff; .* move it one step back"),
        (moved("cutoff", 2), "forecasts 2024-01-01 21:00:00, a stamp before its cutoff 2024-01-01 22:00:00"),
        (moved("cutoff", -30), "column 'cutoff' .* before the data begin at 2024-01-01"),
        (with_first("A", np.nan), r"model 'A' has no forecast in 1 of 12 rows, first in row 0 \(series 'series 0', cu"),
        (lambda frame: frame.assign(A=np.nan), "model 'A' has no forecast in any of its 12 rows"),
        (with_first("A", np.inf), "column 'A' holds inf in row 0"),
        (lambda frame: frame.assign(A="x"), "column 'A' holds text 'x' in row 0.* with models"),
        (with_first("y", 1e3), "hold other actuals than the data in 1 of 12 rows, first 1000 instead of "),
        (
            lambda frame: frame.assign(**{"A-lo-80": 5.0, "A-hi-80": 4.0}),
            "'A' has a lower bound above its upper one in 12",
        ),
        (
            lambda frame: with_first("A-lo-80", np.nan)(frame.assign(**{"A-lo-80": 1.0, "A-hi-80": 99.0})),
            "lacks a bound",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_name(panel, spoil, sentence):
    complete = Panel.from_frame(panel.to_frame().assign(y0=panel.to_frame()["y0"].fillna(1.0)), target="y0", freq="h")
    with pytest.raises(InputError, match=sentence):
        read_forecasts(spoil(frame_of(complete)), complete)


def test_cutoffs_outside_a_series_are_refused(make_panel):
    panel = make_panel([40, 30], late=[0, 15])
    frame = frame_of(panel, cutoffs=(2,)).drop(columns="y")
    with pytest.raises(InputError, match=r"cutoff 2024-01-01 10:00:00 of series 'series 1' .* before the data of its"):
        read_forecasts(
            frame.assign(cutoff=pd.Timestamp("2024-01-01 10:00"), ds=pd.Timestamp("2024-01-01 17:00")), panel
        )
    frame = frame_of(panel, cutoffs=(26,), horizon=2).drop(columns="y")
    with pytest.raises(InputError, match=r"of series 'series 0' .* after the last value of its series"):
        read_forecasts(moved("cutoff", 15)(moved("ds", 15)(frame)), panel)


def test_with_common_a_model_may_lack_rows(panel):
    frame = with_first("A", np.nan)(frame_of(panel)).assign(B=1.0)
    table = read_forecasts(frame, panel, common=True).table
    assert table["model"].value_counts().to_dict() == {"B": 12, "A": 11}


def test_forecasts_of_nothing_observed_are_refused(panel):
    frame = frame_of(panel, cutoffs=(20,)).assign(ds=lambda each: each["ds"] + pd.Timedelta("90D"))
    with pytest.raises(InputError, match="none of the 6 forecasts is of a value that the data have"):
        read_forecasts(frame.drop(columns="y"), panel)


def test_frame_is_left_as_it_is(panel):
    frame = frame_of(panel)
    before = frame.copy()
    read_forecasts(frame, panel)
    pd.testing.assert_frame_equal(frame, before)
