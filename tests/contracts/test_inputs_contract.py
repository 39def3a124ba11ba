"""What holds for every preparation of a panel: nothing from beyond a cutoff or a border, and the same everywhere."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars
import pytest
import torch

from datamodules.base import Borders, PanelData
from datamodules.features import Features
from datamodules.panel import Panel
from datamodules.preparation import CHOICES, Preparation
from datamodules.scaling import SCALINGS
from datamodules.split import last_cutoffs
from datamodules.window import Dims
from forecast.checkpoint import load
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster

LENGTH, HORIZON, AHEAD = 6, 3, 8
CUTOFFS = np.array([40, 30, 12, 20])  # rows of each series in the fold that most tests look at
ROLES = {"target": ["y", "z"], "past": ["price", "weather"], "known": ["promo", "day"], "static": ["size", "region"]}
FEATURES = (
    Features(),
    Features(lags=(1, 7), rolling=("mean_5",)),
    Features(calendar=("hour", "is_weekend"), fourier=("8:2",)),
    Features(calendar=("auto",), lags=(3,), rolling=("max_24", "median_4"), use=("calendar", "lag3", "median_4")),
    Features(use=("weather", "known", "region", "rolling"), rolling=("min_9",)),
    Features(lags=(9,), rolling=("mean_24", "median_9")),
)
OPTIONS = {
    **CHOICES,
    "indicator": (False, True),
    "features": FEATURES,
    "window": SCALINGS,  # of each window, by the network
    "difference": (0, 1, 4),
}
BORDERS = (
    Borders("steps", 9, 6, gap=1),
    Borders("fraction", 0.2, 0.15),
    Borders("date", "2024-01-02 10:00", "2024-01-03 02:00"),
    Borders("series", 0.25, 0.25),
)


class Case(NamedTuple):
    """A preparation, and how a network scales its windows."""

    prepare: Preparation
    window: str
    difference: int

    @property
    def holes(self) -> float:
        return 0.0 if self.prepare.missing == "error" else 0.25

    def forecaster(self, **options) -> NeuralForecaster:
        small = {"max_steps": 3, "batch_size": 16, "steps_per_epoch": 3, "prepare": self.prepare}
        return NeuralForecaster(self.network(Dims(LENGTH, HORIZON, 2)), **small | options)

    def network(self, dims: Dims) -> MLP:
        own = {"scaling": self.window, "difference": self.difference, "patience": 0}
        return MLP(dims, hidden_size=4, dropout=0.0, levels=[0.1, 0.9], **own)


def cases(count: int, seed: int) -> list[Case]:
    """Combinations of options, drawn so that each choice of each option is in about as many."""
    rng = np.random.default_rng(seed)
    drawn = {name: [choices[at % len(choices)] for at in rng.permutation(count)] for name, choices in OPTIONS.items()}
    found = []
    for place in range(count):
        own = {name: values[place] for name, values in drawn.items()}
        window, difference = own.pop("window"), own.pop("difference")
        found.append(Case(Preparation(**own), window, difference))
    return found


def named(case: Case) -> str:
    values = asdict(case.prepare) | {"features": FEATURES.index(case.prepare.features)}
    return "-".join(str(value) for value in (*values.values(), case.window, case.difference))


PADDED = Case(Preparation(short="pad", features=FEATURES[-1]), "mean_abs", 0)
every_case = pytest.mark.parametrize(
    "case",
    [PADDED, *cases(12, seed=1), *(pytest.param(case, marks=pytest.mark.slow) for case in cases(80, seed=2))],
    ids=lambda case: named(case),
)


def table(holes: float = 0.0, *, seed: int = 0) -> pd.DataFrame:
    """Two targets above zero, covariates of each role and kind, ragged series that begin late; holes before an end."""
    rng = np.random.default_rng(seed)
    frames = []
    for number, (name, begin, length) in enumerate([("b", 0, 70), ("a", 5, 60), ("d", 30, 34), ("c", 2, 48)]):
        rows = length + AHEAD
        step = begin + np.arange(rows)
        frame = pd.DataFrame({"unique_id": name, "ds": pd.Timestamp("2024-01-01") + pd.to_timedelta(step, unit="h")})
        for place, target in enumerate(ROLES["target"]):
            values = 10 + 4 * number + 3 * np.sin(step / (3 + place)) + rng.random(rows)
            lost = rng.random(rows) < holes
            lost[[0, 1, length - 1]] = False
            frame[target] = np.where(lost | (np.arange(rows) >= length), np.nan, values)
        frame["price"] = np.where(rng.random(rows) < holes, np.nan, rng.normal(100, 20, rows))
        frame["weather"] = np.where(rng.random(rows) < holes, None, rng.choice(["fog", "rain", "sun"], rows))
        frame["promo"] = np.where(rng.random(rows) < holes / 2, np.nan, rng.normal(size=rows))
        frame["day"] = rng.choice(["work", "rest"], rows)
        frame.loc[rows - 1, "promo"] = 1.0
        frame["size"], frame["region"] = float(number), "north" if number % 2 else "south"
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def panel_of(frame: object) -> Panel:
    return Panel.from_frame(frame, freq="h", **ROLES)


def spoilt(panel: Panel, after: np.ndarray, *, seed: int = 0, low: float = -5.0) -> Panel:
    """The panel with target and past after rows ``after`` (N) drawn anew: holes, huge values, another category."""
    rng = np.random.default_rng(seed)
    hidden = (np.arange(len(panel.target)) > after[panel.series_of_row])[:, None]
    target, past = (rng.choice([np.nan, 1e6, 0.25, low], values.shape) for values in (panel.target, panel.past))
    place = panel.columns.past.index("weather")
    levels = ("hail", *panel.categories["weather"])
    counted = np.where(np.isnan(panel.past), np.nan, panel.past + (np.arange(past.shape[1]) == place))
    past[:, place] = rng.choice([np.nan, *range(len(levels))], len(past))
    return replace(
        panel,
        target=np.where(hidden, target, panel.target),
        past=np.where(hidden, past, counted),
        categories={**panel.categories, "weather": levels},
    )


def rows_at(panel: Panel, steps: np.ndarray) -> np.ndarray:
    """(N) rows that lie ``steps`` after each begin, no later than the last observed one."""
    return np.minimum(panel.offsets[:-1] + steps, panel.last_rows)


def leaves(value: object) -> Iterator[torch.Tensor]:
    """All tensors of a window or a part of one."""
    if isinstance(value, torch.Tensor):
        yield value
    else:
        for part in value:
            yield from leaves(part)


def same(one: object, other: object) -> bool:
    return all(map(torch.equal, leaves(one), leaves(other)))


def data_of(case: Case, panel: Panel, borders: Borders) -> PanelData:
    prepare = replace(case.prepare, short="pad" if case.prepare.short == "pad" else "skip")
    sizes = {"context_length": LENGTH, "horizon": HORIZON, "batch_size": 16}
    return PanelData(panel, borders=borders, prepare=prepare, **sizes)


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@every_case
def test_a_forecast_ignores_what_comes_after_its_cutoff(case):
    panel = panel_of(table(case.holes))
    cutoffs = rows_at(panel, CUTOFFS)
    forecaster = case.forecaster().fit(panel.until(cutoffs))
    expected = forecaster.predict(panel.until(cutoffs), cutoffs[None], HORIZON, (0.1,))
    assert np.isfinite(expected[["mean", "q0.1"]]).all(axis=None)
    assert_same(forecaster.predict(panel, cutoffs[None], HORIZON, (0.1,)), expected)
    for seed in range(2):
        assert_same(forecaster.predict(spoilt(panel, cutoffs, seed=seed), cutoffs[None], HORIZON, (0.1,)), expected)
    fewer = np.where(np.arange(panel.n_series) % 2, cutoffs, -1)
    found = forecaster.predict(spoilt(panel, fewer), fewer[None], HORIZON, (0.1,))
    some = expected[expected["unique_id"].isin(found["unique_id"].unique())]
    np.testing.assert_allclose(found[["mean", "q0.1"]], some[["mean", "q0.1"]], rtol=1e-3, atol=1e-3)


@every_case
def test_a_forecast_does_not_depend_on_the_other_cutoffs(case):
    panel = panel_of(table(case.holes))
    steps = np.array([[CUTOFFS.min() - 4] * 4, CUTOFFS, CUTOFFS + 4])
    if case.prepare.short == "pad":
        steps[0] = 1
    cutoffs = np.array([rows_at(panel, each) for each in steps])
    forecaster = case.forecaster().fit(panel)
    together = forecaster.predict(panel, cutoffs, HORIZON)
    alone = pd.concat([forecaster.predict(panel, fold[None], HORIZON) for fold in cutoffs])
    keys = ["unique_id", "target", "cutoff", "step"]
    one, other = (each.astype({"unique_id": str, "target": str}).sort_values(keys) for each in (together, alone))
    np.testing.assert_allclose(one["mean"], other["mean"], rtol=1e-3, atol=1e-3)


@every_case
@pytest.mark.parametrize("borders", BORDERS, ids=lambda borders: borders.by)
def test_held_out_rows_have_no_say_in_what_is_fitted(case, borders, make_trainer):
    panel = panel_of(table(case.holes))
    data = data_of(case, panel, borders)
    stop = data.split.train.stop
    shown = spoilt(panel, stop - 1, low=3.0)
    target = shown.target.copy()  # borders count from the last observed rows: these stay where they are
    target[panel.last_rows] = np.where(np.isnan(target[panel.last_rows]), 2.0, target[panel.last_rows])
    target[np.arange(len(target)) > panel.last_rows[panel.series_of_row]] = np.nan
    unseen = (stop <= data.split.train.begin)[:, None]
    static = np.where(unseen, [[1e6, 1.0]], panel.static)
    other = data_of(case, replace(shown, target=target, static=static), borders)
    assert [part.stop.tolist() for part in other.split] == [part.stop.tolist() for part in data.split]
    assert repr(other.inputs.plain()) == repr(data.inputs.plain())
    if case.prepare.missing == "error":
        return  # what is spoilt has holes
    weights = []
    for each in (data, other):
        torch.manual_seed(0)
        network = case.network(each.dims)
        make_trainer(max_steps=2, max_epochs=-1, limit_val_batches=0).fit(network, datamodule=each)
        weights.append(list(network.state_dict().values()))
    assert same(*weights)


@every_case
def test_a_context_holds_nothing_from_after_it_and_a_training_target_nothing_held_out(case):
    panel = panel_of(table(case.holes))
    data = data_of(case, panel, BORDERS[0])
    laid = data.laid
    for part in data.split:
        rows = data.windows(part).rows
        series = laid.panel.series_of_row[rows]
        mapped = laid.part(part)
        assert (rows + 1 >= mapped.begin[series]).all()
        assert (rows + HORIZON < mapped.stop[series]).all()
        assert (rows - LENGTH + 1 >= laid.panel.offsets[:-1][series]).all()
    before = laid.shift + panel.offsets[:-1] - laid.panel.offsets[:-1]
    for seed, steps in enumerate((LENGTH, LENGTH + 7, 22)):
        cutoffs = rows_at(panel, np.full(panel.n_series, steps))
        shown = spoilt(panel, cutoffs, seed=seed, low=3.0)
        later = (np.arange(len(panel.target)) > (cutoffs + HORIZON)[panel.series_of_row])[:, None]
        shown = replace(shown, known=np.where(later, np.where(panel.known > 0, 0.0, np.nan), panel.known))
        fill = replace(data.inputs, encoder=replace(data.inputs.encoder, missing="ffill"))
        other = fill.lay(shown, before=before, complete=False)
        index = torch.from_numpy(laid.rows(cutoffs, np.arange(panel.n_series)))
        seen = laid.panel.observed[index.numpy()[:, None] - np.arange(LENGTH)].any(axis=1).all(axis=-1)
        index = index[torch.from_numpy(seen)]
        sizes = {"context_length": LENGTH, "horizon": HORIZON}
        assert len(index) > 0
        assert same(laid.store.context(index, **sizes), other.store.context(index, **sizes))


@every_case
def test_a_network_from_a_checkpoint_forecasts_as_before_on_other_panels_too(case, make_trainer, tmp_path):
    frame = table(case.holes)
    panel = panel_of(frame)
    trainer = make_trainer(max_steps=2, max_epochs=-1, limit_val_batches=0)
    data = data_of(case, panel, BORDERS[0])
    network = case.network(data.dims)
    trainer.fit(network, datamodule=data)
    trainer.save_checkpoint(tmp_path / "network.ckpt")
    before, after = (NeuralForecaster(each.eval()) for each in (network, load(tmp_path / "network.ckpt")))
    strange = table(case.holes, seed=1).replace({"unique_id": {"a": "new", "b": "newer"}, "weather": {"fog": "aurora"}})
    reordered = replace(
        panel,
        past=np.where(np.arange(panel.past.shape[1]) == 1, 2 - panel.past, panel.past),
        categories={**panel.categories, "weather": panel.categories["weather"][::-1]},
    )
    tail = panel_of(frame.groupby("unique_id").tail(AHEAD + LENGTH + 2))
    tables = []
    for shown in (panel, reordered, panel_of(strange), tail):
        cutoffs = last_cutoffs(shown)
        found = after.predict(shown, cutoffs, HORIZON, (0.1,))
        assert_same(before.predict(shown, cutoffs, HORIZON, (0.1,)), found)
        assert np.isfinite(found[["mean", "q0.1"]]).all(axis=None)
        tables.append(found)
    assert_same(tables[0], tables[1])


@every_case
def test_the_order_of_rows_and_series_and_the_kind_of_table_make_no_difference(case):
    frame = table(case.holes)
    panel = panel_of(frame)
    cutoffs = last_cutoffs(panel)
    forecaster = case.forecaster().fit(panel)
    expected = forecaster.predict(panel, cutoffs, HORIZON, (0.1,))
    shuffled = frame.sample(frac=1.0, random_state=0)
    for other in (shuffled, polars.from_pandas(shuffled)):
        assert panel_of(other).fingerprint() == panel.fingerprint()
        assert_same(forecaster.predict(panel_of(other), cutoffs, HORIZON, (0.1,)), expected)
    order = np.array([2, 0, 3, 1])
    again = panel.select(order)
    found = forecaster.predict(again, last_cutoffs(again), HORIZON, (0.1,))
    assert found["unique_id"].unique().tolist() == panel.ids[order].tolist()
    keys = ["unique_id", "target", "step"]
    one, two = (each.astype({"unique_id": str, "target": str}).sort_values(keys) for each in (expected, found))
    np.testing.assert_allclose(one[["mean", "q0.1"]], two[["mean", "q0.1"]], rtol=1e-3, atol=1e-3)


def test_a_refusal_is_never_about_what_comes_after_the_cutoff():
    panel = panel_of(table())
    cutoffs = rows_at(panel, CUTOFFS)
    for options in ({"transform": "boxcox"}, {"transform": "log1p"}, {"missing": "error"}):
        forecaster = Case(Preparation(**options), "mean_abs", 0).forecaster().fit(panel)
        expected = forecaster.predict(panel, cutoffs[None], HORIZON)
        assert_same(forecaster.predict(spoilt(panel, cutoffs), cutoffs[None], HORIZON), expected)


def test_the_sample_has_every_choice():
    sample = cases(12, seed=1)
    drawn = {
        name: {getattr(case.prepare, name) for case in sample}
        for name in OPTIONS
        if name not in ("window", "difference")
    }
    drawn |= {"window": {case.window for case in sample}, "difference": {case.difference for case in sample}}
    assert drawn == {name: set(choices) for name, choices in OPTIONS.items()}
