"""Several forecasters as one."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.split import cutoffs_at_positions, known_rows, last_cutoffs, rolling_positions
from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.naive import Drift, HistoricMean, Naive, SeasonalNaive
from forecast.ensemble.combine import learn
from forecast.ensemble.forecaster import Ensemble
from forecast.forecaster import Forecaster, Seeded
from forecast.models.linear import Linear
from forecast.neural import NeuralForecaster
from forecast.table import join_actuals

LEVELS = (0.1, 0.9)


def members():
    return [Naive(), Drift(), SeasonalNaive(seasonality=12)]


def test_ensemble_forecasts_what_its_members_do_combined(make_panel):
    panel = make_panel([60, 45])
    cutoffs = last_cutoffs(panel)
    tables = [member.fit(panel).predict(panel, cutoffs, 4, LEVELS) for member in members()]
    found = Ensemble(members()).fit(panel).predict(panel, cutoffs, 4, LEVELS)
    for column in ("mean", "q0.1", "q0.9"):
        np.testing.assert_allclose(found[column], sum(table[column] for table in tables) / 3, rtol=1e-14)
    assert found.columns.tolist() == tables[0].columns.tolist()
    assert set(found["model"]) == {"Ensemble-mean"}


def test_in_a_backtest_it_is_the_row_that_is_made_of_the_same_members(make_panel):
    panel = make_panel([60, 60])
    result = backtest(panel, [*members(), Ensemble(members(), name="One")], horizon=4, folds=2, ensembles=["mean"])
    board = result.leaderboard().set_index("model")
    assert board.loc["One", "kind"] == "ensemble"
    rows = {name: result.table[result.table["model"] == name]["mean"].to_numpy() for name in ("One", "Ensemble-mean")}
    three = [result.table[result.table["model"] == each.name]["mean"].to_numpy() for each in members()]
    np.testing.assert_allclose(rows["One"], sum(three) / 3, rtol=1e-14)
    assert "without" not in result.runs.set_index("model")["note"]["Ensemble-mean"]
    made_of = result.spec["forecasters"][-1]["init_args"]["forecasters"]
    assert [each["class_path"] for each in made_of] == ["Naive", "Drift", "SeasonalNaive"]


@pytest.mark.parametrize("method", ["inverse", "greedy"])
def test_weights_are_learnt_from_the_last_steps_of_what_fit_sees(make_panel, method):
    panel = make_panel([60, 55])
    ensemble = Ensemble(members(), method=method, horizon=4).fit(panel)
    positions = rolling_positions(panel, horizon=4, folds=3, stride=4)
    known = panel.until(known_rows(panel, int(positions[0])))
    cutoffs = cutoffs_at_positions(panel, positions)
    tables = [
        join_actuals(each.fit(known).predict(panel, cutoffs, 4), panel, cutoffs, panel.seasonality, horizon=4)
        for each in members()
    ]
    forecasts = np.column_stack([table["mean"] for table in tables])
    expected = learn(method, forecasts, tables[0]["actual"].to_numpy(), tables[0]["naive_mae"].to_numpy())
    np.testing.assert_array_equal(ensemble.weights, expected)
    assert ensemble.notes.startswith("weights Naive ")
    combined = ensemble.predict(panel, last_cutoffs(panel), 2)["mean"]
    alone = [each.fit(panel).predict(panel, last_cutoffs(panel), 2)["mean"] for each in members()]
    np.testing.assert_allclose(combined, np.column_stack(alone) @ expected, rtol=1e-12)


def test_panel_too_short_to_learn_from_leaves_equal_weights_and_says_so(make_panel):
    ensemble = Ensemble(members(), method="greedy", horizon=20).fit(make_panel([40]))
    np.testing.assert_array_equal(ensemble.weights, [1 / 3] * 3)
    assert (
        ensemble.notes
        == "equal weights, none were learnt: the longest series has 40 rows; weights over 20 steps need 61"
    )


def test_members_given_are_left_as_they_are(make_panel):
    naive = HistoricMean()
    before = dict(vars(naive))
    Ensemble([naive]).fit(make_panel([40]))
    assert vars(naive) == before


def test_seeds_reach_the_members(make_panel):
    panel = make_panel([60])
    network = NeuralForecaster(Linear(Dims(8, 4)), max_steps=4, batch_size=8, steps_per_epoch=2)
    ensemble = Ensemble([network, Naive()])
    assert isinstance(ensemble, Forecaster)
    assert isinstance(ensemble, Seeded)
    tables = [ensemble.with_seed(seed).fit(panel).predict(panel, last_cutoffs(panel), 4) for seed in (0, 1, 0)]
    pd.testing.assert_frame_equal(tables[0], tables[2], check_exact=True)
    assert not tables[0]["mean"].equals(tables[1]["mean"])
    assert (ensemble.seed, ensemble.with_seed(3).seed, ensemble.history) == (0, 3, 8)
    assert ensemble.fit(panel).parameters == network.fit(panel).parameters > 0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Ensemble([]), "an ensemble has no forecasters"),
        (lambda: Ensemble([Naive(), Naive()]), "two forecasters are called 'Naive'"),
        (lambda: Ensemble([Naive()], method="seeds"), "method 'seeds' is not known"),
        (lambda: Ensemble([Naive()], horizon=-1), "horizon is -1"),
    ],
)
def test_options_that_make_no_sense_are_refused(make, sentence):
    with pytest.raises(InputError, match=sentence):
        make()
