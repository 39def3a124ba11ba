"""Holed: any forecaster on data with values hidden."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.holes import with_holes
from datamodules.panel import Panel
from datamodules.split import last_cutoffs, rolling_cutoffs
from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.arima import ARIMA
from forecast.baselines.base import Baseline
from forecast.baselines.naive import Naive, SeasonalNaive
from forecast.conformal import Conformal
from forecast.footprint import fitted_bytes
from forecast.forecaster import Forecaster, Seeded, innermost
from forecast.holed import Holed
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.parts import configuration


def network():
    return NeuralForecaster(MLP(Dims(6, 3), hidden_size=4), max_steps=12, batch_size=8, steps_per_epoch=6)


MAKE = {"Naive": Naive, "MLP": network, "MLP+split": lambda: Conformal(network()), "Naive+aci": lambda: aci()}


def aci():
    return Conformal(Naive(), method="aci")


@pytest.fixture(params=sorted(MAKE))
def make(request):
    return MAKE[request.param]


def test_it_is_the_forecaster_on_a_panel_with_holes(make, make_panel):
    panel = make_panel([80, 60])
    cutoffs = rolling_cutoffs(panel, horizon=3, folds=3, stride=4)
    known = panel.until(cutoffs[0])
    found = Holed(make(), 0.4).fit(known).predict(panel, cutoffs, 3, (0.1, 0.9))
    expected = make().fit(with_holes(known, 0.4)).predict(with_holes(panel, 0.4), cutoffs, 3, (0.1, 0.9))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    whole = make().fit(known).predict(panel, cutoffs, 3, (0.1, 0.9))
    assert (found["mean"] != whole["mean"]).any()


def test_what_others_look_at_is_the_forecaster_s_own(make, make_panel):
    panel = make_panel([80, 60])
    inner = make()
    holed = Holed(inner, 0.3)
    assert isinstance(holed, Forecaster)
    assert isinstance(holed, Seeded) == isinstance(inner, Seeded)
    assert innermost(holed) is innermost(inner)
    holed.fit(panel).predict(panel, last_cutoffs(panel), 3)
    for name in ("name", "causal", "local", "history", "parameters"):
        assert getattr(holed, name) == getattr(inner, name, {"local": False, "history": 1, "parameters": 0}.get(name))
    assert holed.notes == inner.notes
    pd.testing.assert_frame_equal(holed.curves, getattr(inner, "curves", pd.DataFrame()))
    assert fitted_bytes(holed, Holed(make(), 0.3)) >= 0


def test_with_seed_is_an_unfitted_copy(make_panel):
    panel = make_panel()
    fitted = Holed(network(), 0.3).fit(panel)
    other = fitted.with_seed(7)
    assert (other.seed, fitted.seed, other.share, other.name) == (7, 0, 0.3, "MLP")
    assert len(other.curves) == 0
    assert len(fitted.curves) == 2
    for twin in (copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted))):
        assert twin.seed == 0
        pd.testing.assert_frame_equal(
            twin.predict(panel, last_cutoffs(panel), 3), fitted.predict(panel, last_cutoffs(panel), 3)
        )


def test_intervals_may_be_made_of_errors_on_all_values(make_panel):
    panel = make_panel([80, 60])
    outside = Holed(Conformal(Naive()), 0.3).fit(panel).predict(panel, last_cutoffs(panel), 3, (0.1, 0.9))
    inside = Conformal(Holed(Naive(), 0.3)).fit(panel).predict(panel, last_cutoffs(panel), 3, (0.1, 0.9))
    assert (inside["mean"] == outside["mean"]).all()
    assert (inside["q0.9"] != outside["q0.9"]).any()


@pytest.mark.parametrize("make", [Naive, network])
def test_series_with_nothing_left_has_no_forecast_and_is_named(make, make_panel):
    panel = make_panel([60, 45, 9], late=[0, 15, 51])
    target = panel.target.copy()
    kept = with_holes(panel, 0.4)
    target[kept.observed[:, 0] & (panel.series_of_row == 2)] = np.nan  # what would be left of the last series
    panel = Panel(**{**{name: getattr(panel, name) for name in Panel.__dataclass_fields__}, "target": target})
    cutoffs = np.where(np.arange(3) < 2, panel.last_rows, panel.offsets[1:] - 1)[None]
    holed = Holed(make(), 0.4).fit(panel)
    table = holed.predict(panel, cutoffs, 3, (0.1, 0.9))
    assert table["unique_id"].unique().tolist() == ["series 0", "series 1"]
    note = holed.notes if isinstance(holed.notes, str) else holed.notes["note"]
    assert note.endswith("1 of 3 series with no value left up to a cutoff, left out: 'series 2'")
    holed.predict(panel, np.where(np.arange(3) < 2, cutoffs, -1), 3)
    assert "no value left" not in str(holed.notes)
    with pytest.raises(InputError, match=r"holes of 0.4 leave no series a value of each target up to a cutoff"):
        holed.predict(panel, np.where(np.arange(3) < 2, -1, cutoffs), 3)


class Looking(Baseline):
    """Says how many values it was shown; is not known to be causal."""

    causal = False

    def fit(self, panel):
        self.notes = f"{int(panel.observed.sum())} values"
        return self

    def predict(self, panel, cutoffs, horizon, levels=()):
        return Naive(name=self.name).fit(panel).predict(panel, cutoffs, horizon, levels)


def test_backtest_hides_from_the_forecasters_and_scores_against_all(make_panel, tmp_path):
    panel = make_panel([60, 45])
    members = [Naive(), Looking(), network(), SeasonalNaive(seasonality=12)]
    options = {"horizon": 3, "folds": 3, "refit": 2, "seeds": 2}
    whole = backtest(panel, members, **options, folder=tmp_path)
    holed = backtest(panel, [Holed(each, 0.5) for each in members], **options, folder=tmp_path)
    assert (holed.runs["error"] == "").all()
    keys = ["model", "seed", "unique_id", "cutoff", "step"]
    for column in (*keys, "actual", "naive_mae"):
        assert holed.table[column].tolist() == whole.table[column].tolist(), column
    assert holed.leaderboard()["mase"].mean() > whole.leaderboard()["mase"].mean()
    seen = [int(each.split()[0]) for each in holed.runs.set_index("model").loc["Looking", "note"]]
    every = [int(each.split()[0]) for each in whole.runs.set_index("model").loc["Looking", "note"]]
    assert all(0.3 * two < one < 0.7 * two for one, two in zip(seen, every, strict=True))
    again = backtest(panel, [Holed(each, 0.5) for each in members], **options, folder=tmp_path)
    pd.testing.assert_frame_equal(again.table, holed.table, check_exact=True)
    assert again.runs["fit_seconds"].tolist() == holed.runs["fit_seconds"].tolist()  # taken from the folder


def test_it_says_how_it_was_made():
    assert configuration(Holed(Naive(), 0.3)) != configuration(Holed(Naive(), 0.4)) != configuration(Naive())
    assert configuration(Holed(ARIMA(), 0.3))["init_args"]["share"] == 0.3


@pytest.mark.parametrize("share", [1.0, -0.2])
def test_impossible_shares_are_refused(share):
    with pytest.raises(InputError, match="expected a share from 0 to below 1"):
        Holed(Naive(), share)
