"""Awkward data through the main job, one line each: the input, what happens, and the sentence or figure that tells.

Nothing is silently wrong and nothing is silently dropped: a line either ends in one sentence before any work, or in a
backtest whose forecasts are all finite and whose tables say what was done.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.features import Features
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.split import last_cutoffs
from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.naive import SeasonalNaive
from forecast.cli import main
from forecast.models.linear import Linear
from forecast.neural import NeuralForecaster
from forecast.result import Backtest

LENGTH, CONTEXT, HORIZON = 40, 6, 2


def table(length: int = LENGTH, name: str = "a", **columns) -> pd.DataFrame:
    """A daily series of a noisy week, with a covariate of each kind."""
    days = np.arange(length)
    noise = np.random.default_rng(7).normal(size=length)
    return pd.DataFrame(
        {
            "unique_id": name,
            "ds": pd.date_range("2024-01-01", periods=length),
            "y": 10 + 3 * np.sin(2 * np.pi * days / 7) + 0.2 * noise,
            "wind": noise,
            "price": 1.0 + (days % 5 == 0),
            "sky": np.where(days % 3 == 0, "rain", "clear"),
            "size": 2.0,
            "kind": "shop",
        }
        | columns
    )


def late(length: int) -> pd.DataFrame:
    """A series b of so many rows that ends with the table."""
    return table().tail(length).assign(unique_id="b")


ROLES = {"past": ["wind"], "known": ["price", "sky"], "static": ["size", "kind"]}


def cell(column: str, value: object, row: int = 9) -> pd.DataFrame:
    """The table with one cell changed."""
    frame = table().astype({column: object})
    frame.loc[row, column] = value
    return frame


def two(second: pd.DataFrame) -> pd.DataFrame:
    """The table and a second series."""
    return pd.concat([table(), second], ignore_index=True)


def count(column: str, number: int) -> Callable[[pd.DataFrame], bool]:
    """Whether the health of the data counts so many."""
    return lambda health: int(health[column].sum()) == number


class Case(NamedTuple):
    """A line of the table."""

    what: str
    frame: object
    happens: str
    sentence: str = ""  # part of the one sentence; empty when it is forecast
    told: Callable[[pd.DataFrame], bool] = lambda health: True  # what the health table says then
    options: Mapping[str, object] = MappingProxyType({})
    prepare: Preparation = Preparation()


REFUSED, FORECAST = "refused", "forecast"
FILLED = "filled from the past, counted, not scored"
NO_FOLD = "left out at the cutoffs where it has too little history, counted"
CASES = (
    # the target
    Case("NaN in y", cell("y", np.nan), FILLED, told=count("missing", 1)),
    Case("infinity in y", cell("y", np.inf), REFUSED, "column 'y' holds inf in row 9; expected finite numbers"),
    Case("text in y", cell("y", "many"), REFUSED, "column 'y' holds text 'many' in row 9; expected a number"),
    Case("numbers as text", table(y=table()["y"].astype(str)), "read as numbers"),
    Case("a decimal comma", cell("y", "1,5"), REFUSED, "column 'y' holds text '1,5' in row 9; expected a number"),
    Case("decimal commas", table(y="1,5"), REFUSED, "--decimal ','"),
    Case("booleans in y", table(y=np.arange(LENGTH) % 3 == 0), "read as 0 and 1", told=count("zeros", 26)),
    Case("categories in y", table(y=pd.Categorical(["lo", "hi"] * 20)), REFUSED, "column 'y' holds"),
    Case("dates in y", table(y=table()["ds"]), REFUSED, "column 'y' holds datetime64"),
    Case("all missing", table(y=np.nan), REFUSED, "column 'y' (target) has no value at all"),
    Case("one series all missing", two(table(name="b", y=np.nan)), REFUSED, "a series has no value at all, first 'b'"),
    Case("constant", table(y=5.0), "forecast to stay so, counted", told=count("constant", LENGTH)),
    Case("all zero", table(y=0.0), "forecast to stay so, counted", told=count("zeros", LENGTH)),
    Case("1e12", table(y=1e12 + table()["y"]), FORECAST),
    Case("1e-12", table(y=1e-12 * table()["y"]), FORECAST),
    Case("1e300", table(y=1e300), REFUSED, "column 'y' holds 1e+300 in row 0 (and in 39 more rows)"),
    Case("1e300 in known", cell("price", 1e300), REFUSED, "column 'price' holds 1e+300 in row 9"),
    Case("integers beyond float32", table(y=2**53 + 2 * np.arange(LENGTH)), FORECAST),
    Case("holes longer than the context", table(y=table()["y"].where(np.arange(LENGTH) % 20 < 11)), FILLED),
    # the covariates
    Case("NaN in past", cell("wind", np.nan), "filled from the past"),
    Case("NaN in known", cell("price", np.nan), "filled from the past"),
    Case("NaN in static", two(table(name="b", size=np.nan)), "the mean of the others"),
    Case("infinity in past", cell("wind", np.inf), REFUSED, "column 'wind' holds inf in row 9"),
    Case("infinity in known", cell("price", -np.inf), REFUSED, "column 'price' holds -inf in row 9"),
    Case("infinity in static", table(size=np.inf), REFUSED, "column 'size' holds inf in row 0"),
    Case("empty category", cell("sky", None), "a code of its own"),
    Case("category only in the test rows", cell("sky", "hail", LENGTH - 1), "a code of its own, counted"),
    Case("static that changes", cell("size", 3.0), REFUSED, "column 'size' (static) is 2.0 and then 3.0"),
    Case("static category that changes", cell("kind", "stall"), REFUSED, "is 'shop' and then 'stall'"),
    # stamps
    Case("duplicate stamp", two(table(1)), REFUSED, "1 row repeats the series and time of another"),
    Case("unsorted rows", table().iloc[::-1], "sorted"),
    Case("a missing day", table().drop(index=[9]), FILLED, told=count("missing", 1)),
    Case("irregular stamps", table().drop(index=range(1, LENGTH, 3)).assign(ds=lambda x: x["ds"] + pd.to_timedelta(
        np.arange(len(x)) ** 2, unit="min")), REFUSED, "no frequency can be inferred"),
    Case("NaT", cell("ds", pd.NaT), REFUSED, "column 'ds' is empty in row 9; every row needs its stamp"),
    Case("float time", table(ds=np.arange(LENGTH) + 0.5), REFUSED, "holds '0.5' in row 0, which is float64"),
    Case("a date before 1678", cell("ds", "1500-01-01"), REFUSED, "which is no date from 1678 to 2261"),
    Case("mixed time zones", table(ds=["2024-01-01 00:00Z", "2024-01-02 00:00+01:00"] * 20), REFUSED, "are mixed"),
    Case("business days", table(ds=pd.bdate_range("2024-01-01", periods=LENGTH)), "a clock of business days"),
    Case("business days declared daily", table(ds=pd.bdate_range("2024-01-01", periods=LENGTH)), REFUSED,
         "no stamp from 2024-01-01 to 2024-02-23 falls on a weekend; say freq 'B'", options={"freq": "D"}),
    # series
    Case("shorter than the context", two(table(5, "b")), NO_FOLD, told=count("folds", 2)),
    Case("of one row", two(table(1, "b")), NO_FOLD, told=count("folds", 2)),
    Case("shorter than the context, padded", two(late(5)), "begun with unobserved rows", told=count("folds", 4),
         prepare=Preparation(short="pad")),
    Case("of one row, padded", two(table(1, "b")), "left out where it has not begun, counted",
         prepare=Preparation(short="pad")),
    Case("ids of mixed types", two(table(name="1")).replace({"unique_id": {"a": 1}}), REFUSED, "1"),
    Case("ids that differ in spaces", two(table(name="a ")), REFUSED, "differ in spaces at their ends only"),
    Case("ids of spaces", two(table(name=" ")), REFUSED, "column 'unique_id' is empty in row 40"),
    Case("unicode and HTML in ids", two(table(name="<b>ü & 漢</b>")), FORECAST),
    # the table
    Case("missing column", table().drop(columns="wind"), REFUSED, "column 'wind' is missing; name the right one"),
    Case("extra columns", table(extra="x", more=[[1]] * LENGTH), "left alone"),
    Case("a column called position", table(position=1.0), FORECAST, options={"known": ["position"]}),
    Case("ids that are static too", two(table(name="b")), FORECAST, options={"static": ["unique_id"]}),
    Case("empty frame", table().head(0), REFUSED, "the table is empty"),
    Case("missing with error", cell("y", np.nan), REFUSED, "2024-01-10", prepare=Preparation(missing="error")),
    *(
        Case(f"NaN, {kind}", cell("y", np.nan), FILLED, told=count("missing", 1), prepare=Preparation(missing=kind))
        for kind in ("interpolate", "seasonal", "mask")
    ),
)  # fmt: skip


def network(prepare: Preparation = Preparation()) -> NeuralForecaster:
    """A network that hardly trains."""
    return NeuralForecaster(Linear(Dims(CONTEXT, HORIZON)), max_steps=3, batch_size=8, prepare=prepare)


def forecast(case: Case) -> tuple[Panel, Backtest]:
    """The backtest of a case; the sentence of a forecaster that failed, which is a row of it, is raised."""
    panel = Panel.from_frame(case.frame, **{**ROLES, **case.options})
    result = backtest(panel, [network(case.prepare), SeasonalNaive()], horizon=HORIZON, folds=2)
    failed = result.runs["error"][result.runs["error"] != ""]
    if len(failed):
        raise InputError(failed.iloc[0])
    return panel, result


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_awkward_data_is_refused_in_a_sentence_or_forecast_and_told(case):
    if case.happens == REFUSED:
        with pytest.raises(InputError) as raised:
            forecast(case)
        assert case.sentence in str(raised.value)
        assert "\n" not in str(raised.value)
        return
    panel, result = forecast(case)
    assert np.isfinite(result.table["mean"]).all()
    assert set(result.table["unique_id"]) == set(panel.ids.astype(str)[result.health["folds"].to_numpy() > 0])
    assert case.told(result.health)


def trained() -> NeuralForecaster:
    """A network trained on the table."""
    return network().fit(Panel.from_frame(table(), **ROLES))


def ahead(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with the rows to forecast, whose covariates are known."""
    future = frame.tail(HORIZON).assign(ds=lambda rows: rows["ds"] + pd.Timedelta(days=HORIZON), y=np.nan, wind=np.nan)
    return pd.concat([frame, future], ignore_index=True)


PREDICTED = (
    ("unknown series", ahead(table(name="new")), ""),
    ("unseen category", ahead(cell("sky", "hail", LENGTH - 1)), ""),
    ("only as much history as the context", ahead(table()).tail(CONTEXT + HORIZON), ""),
    ("known-future rows missing", table(), "series 'a' lacks column 'price' (known) at 2024-02-10"),
    ("a known-future cell missing", ahead(table()).assign(price=lambda x: x["price"].where(x.index < LENGTH + 1)),
     "series 'a' lacks column 'price' (known) at 2024-02-11"),
    ("a column missing", ahead(table()), "trained on known covariates price, sky; the panel has price"),
    ("less history than the context", ahead(table()).tail(CONTEXT + HORIZON - 1), "series 'a' has 5 rows"),
)  # fmt: skip


@pytest.mark.parametrize(("what", "frame", "sentence"), PREDICTED, ids=[each[0] for each in PREDICTED])
def test_awkward_data_at_predict(what, frame, sentence):
    roles = {**ROLES, "known": ["price"]} if what == "a column missing" else ROLES
    panel = Panel.from_frame(frame, **roles)
    forecaster = trained()
    if sentence:
        with pytest.raises(InputError) as raised:
            forecaster.predict(panel, last_cutoffs(panel), HORIZON)
        assert sentence in str(raised.value)
    else:
        answer = forecaster.predict(panel, last_cutoffs(panel), HORIZON, (0.1, 0.9))
        assert len(answer) == HORIZON
        assert np.isfinite(answer[["mean", "q0.1", "q0.9"]]).all(axis=None)


@pytest.mark.parametrize(
    ("frame", "prepare", "note"),
    [
        (cell("y", np.nan, LENGTH - 2), Preparation(), "missing value in y: 1 cell filled"),
        (table(), Preparation(features=Features(lags=(100,))), "1 of 1 series with under 106 rows up to a cutoff"),
    ],
    ids=["a hole in the context", "lags longer than the series"],
)
def test_what_is_made_up_for_a_forecast_is_told(frame, prepare, note):
    panel = Panel.from_frame(frame)
    forecaster = network(prepare).fit(Panel.from_frame(table()))
    forecaster.predict(panel, last_cutoffs(panel), HORIZON)
    assert note in forecaster.notes["note"]


def test_unseen_category_is_counted():
    panel = Panel.from_frame(ahead(cell("sky", "hail", LENGTH - 1)), **ROLES)
    forecaster = trained()
    forecaster.predict(panel, last_cutoffs(panel), HORIZON)
    assert "sky" in forecaster.notes["note"]


@pytest.mark.parametrize(
    ("static", "sentence"),
    [(["b"], "'a'"), (["a", "a"], "'a'")],
    ids=["a static row missing", "a static row doubled"],
)
def test_static_tables_have_one_row_a_series(static, sentence):
    sizes = pd.DataFrame({"unique_id": static, "area": 1.0})
    with pytest.raises(InputError, match=sentence):
        Panel.from_frame(table(), static=["area"], static_table=sizes)


def test_changed_file_is_noticed_when_a_run_resumes(tmp_path, capfd):
    data, folder = tmp_path / "d.csv", tmp_path / "run"
    words = f"backtest --data {data} --horizon 2 --models none --baselines Naive --output {folder}".split()
    table()[["unique_id", "ds", "y"]].to_csv(data, index=False)
    assert main(words) == 0
    cell("y", 11.0)[["unique_id", "ds", "y"]].to_csv(data, index=False)
    assert main(words) == 2
    assert "holds a backtest of other data under the same name" in capfd.readouterr().err


def test_panel_of_a_backtest_is_left_as_it_is():
    panel = Panel.from_frame(table(), **ROLES)
    before = panel.fingerprint()
    backtest(panel, [network(Preparation(missing="mask", short="pad"))], horizon=HORIZON, folds=2)
    assert replace(panel).fingerprint() == before
