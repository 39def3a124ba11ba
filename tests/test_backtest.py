"""The rolling-origin backtest as a whole."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.split import cutoffs_at_positions, known_rows
from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.naive import HistoricMean, Naive, SeasonalNaive
from forecast.forecaster import find
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.table import KEYS, ROW, build


class Counting(Naive):
    """A naive forecast that counts its fits."""

    fits: ClassVar[list[int]] = []

    def fit(self, panel):
        self.fits.append(int(panel.observed.sum()))
        return super().fit(panel)


class Peeking(Naive):
    """Forecasts what comes next, where it is shown that."""

    causal = False

    def predict(self, panel, cutoffs, horizon, levels=()):
        rows = cutoffs[cutoffs >= 0]
        ahead = np.minimum(rows[:, None] + np.arange(1, horizon + 1), len(panel.target) - 1)
        mean = np.where(panel.observed[ahead], panel.target[ahead], panel.target[rows][:, None])
        return build(self.name, panel, cutoffs, mean, np.empty((*mean.shape, 0)), levels)


class Failing(Naive):
    def fit(self, panel):
        raise RuntimeError("out of luck")


@pytest.fixture(autouse=True)
def forget():
    Counting.fits.clear()


@pytest.fixture
def panel(make_panel):
    return make_panel([60, 50], late=[0, 10])


def network(model=MLP, name="", **options):
    small = {"hidden_size": 4} if model is MLP else {}
    return NeuralForecaster(
        model(Dims(6, 3), **small), name=name, **{"max_steps": 6, "batch_size": 8, "steps_per_epoch": 3, **options}
    )


def test_all_forecasters_have_identical_rows_and_the_same_actuals(panel):
    result = backtest(panel, [Naive(), SeasonalNaive(), network(), network(Linear)], horizon=3, folds=3, seeds=2)
    table = result.table
    assert not table.duplicated(list(KEYS)).any()
    parts = {key: part[[*ROW, "actual", "naive_mae"]] for key, part in table.groupby(["model", "seed"], observed=True)}
    assert sorted(parts) == [("Linear", 0), ("Linear", 1), ("MLP", 0), ("MLP", 1), ("Naive", 0), ("SeasonalNaive", 0)]
    first, *others = (part.reset_index(drop=True) for part in parts.values())
    assert len(first) == 2 * 3 * 3
    for other in others:
        pd.testing.assert_frame_equal(other, first, check_exact=True)
    assert table["actual"].notna().all()


def test_last_fold_leaves_just_the_horizon_and_folds_do_not_overlap(panel):
    table = backtest(panel, [Naive()], horizon=4, folds=3).table
    last = panel.times(np.array([59]), np.array([0]))[0]
    assert table["time"].max() == last
    assert not table.duplicated(["unique_id", "target", "time"]).any()
    assert sorted(table["cutoff"].unique()) == [last - np.timedelta64(hours, "h") for hours in (12, 8, 4)]


def test_stride_shorter_than_the_horizon_overlaps(panel):
    table = backtest(panel, [Naive()], horizon=4, folds=3, stride=1).table
    assert table["cutoff"].nunique() == 3
    assert table.duplicated(["unique_id", "target", "time"]).any()


@pytest.mark.parametrize(("refit", "fits"), [("never", 1), ("always", 5), (2, 3), (5, 1)])
def test_refit_decides_the_number_of_fits(panel, refit, fits):
    result = backtest(panel, [Counting()], horizon=3, folds=5, refit=refit)
    assert len(Counting.fits) == len(result.runs) == fits
    assert Counting.fits == sorted(set(Counting.fits))
    assert result.runs["n_folds"].sum() == 5
    assert len(result.table) == 2 * 5 * 3


def test_refitted_network_starts_from_scratch(panel):
    """Each fold equals a fit by hand on what was known then."""
    table = backtest(panel, [network()], horizon=3, folds=3, refit="always", gap=1, seeds=[4]).table
    for cutoff in table["cutoff"].unique():
        position = int(panel.clock.positions([cutoff])[0])
        fitted = network(seed=4).fit(panel.until(known_rows(panel, position - 1)))
        cutoffs = cutoffs_at_positions(panel, np.array([position]))
        own = fitted.predict(panel.until(cutoffs[0]), cutoffs, 3, (0.1, 0.9))
        rows = table[table["cutoff"] == cutoff]
        for column in ("mean", "q0.1", "q0.9"):
            np.testing.assert_array_equal(rows[column], own[column])


def test_same_arguments_give_the_same_forecasts_to_the_bit(panel):
    members = [network(), SeasonalNaive()]
    first, second = (backtest(panel, members, horizon=3, folds=2, refit="always", seeds=2) for _ in range(2))
    pd.testing.assert_frame_equal(first.table, second.table, check_exact=True)
    pd.testing.assert_frame_equal(first.curves, second.curves, check_exact=True)
    seconds = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(first.runs.drop(columns=seconds), second.runs.drop(columns=seconds))


def test_seeds_change_networks_and_nothing_else(panel):
    result = backtest(panel, [network(), Naive()], horizon=3, folds=2, seeds=[3, 8])
    runs = result.runs[["model", "seed"]].to_numpy().tolist()
    assert runs == [["MLP", 3], ["MLP", 8], ["Naive", 0]]
    means = [part["mean"].to_numpy() for _, part in result.table.groupby(["model", "seed"], observed=True)]
    assert not np.array_equal(means[0], means[1])
    assert result.spec["seeds"] == [3, 8]
    assert result.provenance["seeds"] == [3, 8]


def test_failing_forecaster_is_a_row_and_the_others_go_on(panel):
    result = backtest(panel, [Naive(), Failing(name="Broken"), network()], horizon=3, folds=2)
    assert result.runs.set_index("model")["error"].to_dict() == {
        "Naive": "",
        "Broken": "RuntimeError: out of luck",
        "MLP": "",
    }
    assert set(result.table["model"]) == {"Naive", "MLP"}
    board = result.leaderboard()
    assert board["model"].iloc[-1] == "Broken"
    assert "out of luck" in board["error"].iloc[-1]
    assert result.verdict()


def test_a_result_without_any_forecast_can_still_be_read_and_kept(panel, tmp_path):
    result = backtest(panel, [Failing()], horizon=3, folds=2)
    assert len(result.table) == 0
    assert result.leaderboard()["model"].tolist() == ["Failing"]
    assert result.verdict()
    assert (result.save(tmp_path / "out") / "report.html").is_file()


def test_forecaster_that_peeks_learns_nothing(panel):
    result = backtest(panel, [Naive(), Peeking()], horizon=3, folds=4)
    means = result.table.pivot(index=list(ROW), columns="model", values="mean")
    np.testing.assert_array_equal(means["Peeking"], means["Naive"])


def test_values_after_the_last_fold_would_change_no_forecast(panel):
    from dataclasses import replace

    members = [network(), SeasonalNaive(), HistoricMean()]
    table = backtest(panel, members, horizon=3, folds=2, refit="always").table
    first, last = sorted(table["cutoff"].unique())
    for cutoff, column in ((first, "first"), (last, "last")):
        position = int(panel.clock.positions([cutoff])[0])
        after = np.arange(len(panel.target)) > known_rows(panel, position)[panel.series_of_row]
        garbage = replace(panel, target=np.where(after[:, None], 1e4, panel.target))
        again = backtest(garbage, members, horizon=3, folds=2, refit="always").table
        upto = (table["cutoff"] <= cutoff).to_numpy()
        own, other = table[upto], again[upto]
        for name in ("mean", "q0.1", "q0.9", "naive_mae", "naive_mse"):
            np.testing.assert_array_equal(own[name], other[name], err_msg=f"{column} {name}")


def test_second_run_takes_finished_parts_and_only_those(panel, tmp_path):
    folder = tmp_path / "parts"
    first = backtest(panel, [Counting()], horizon=3, folds=4, refit="always", folder=folder)
    assert len(Counting.fits) == 4
    again = backtest(panel, [Counting()], horizon=3, folds=4, refit="always", folder=str(folder))
    assert len(Counting.fits) == 4
    pd.testing.assert_frame_equal(again.table, first.table, check_exact=True)
    pd.testing.assert_frame_equal(again.runs, first.runs, check_exact=True)
    next(iter(folder.iterdir())).rename(tmp_path / "lost")
    backtest(panel, [Counting()], horizon=3, folds=4, refit="always", folder=folder)
    assert len(Counting.fits) == 5


def test_other_data_or_options_are_fitted_anew(make_panel, panel, tmp_path):
    options = {"horizon": 3, "folds": 2, "folder": tmp_path}
    backtest(panel, [Counting()], **options)
    backtest(make_panel([60, 50], seed=9), [Counting()], **options)
    backtest(panel, [Counting()], **{**options, "gap": 1})
    backtest(panel, [Counting(name="Other")], **options)
    assert len(Counting.fits) == 4


def test_failed_part_is_tried_again(panel, tmp_path, monkeypatch):
    backtest(panel, [Failing()], horizon=3, folds=2, folder=tmp_path)
    monkeypatch.setattr(Failing, "fit", Naive.fit)
    result = backtest(panel, [Failing()], horizon=3, folds=2, folder=tmp_path)
    assert result.runs["error"].tolist() == [""]


def test_progress_says_what_is_begun(panel):
    said = []
    members = [Naive(), network()]
    backtest(panel, members, horizon=3, folds=2, seeds=2, refit=1, progress=lambda *news: said.append(news))
    assert said[0] == (0, 6, "Naive, fold 1")
    assert said[3] == (3, 6, "MLP, seed 0, fold 2")
    assert said[-1] == (6, 6, "")


def test_series_that_start_late_or_end_early_are_forecast_where_they_are(make_panel):
    panel = make_panel([60, 30, 54, 9], late=[0, 0, 0, 51])
    table = backtest(panel, [Naive(), network(model=Linear)], horizon=3, folds=4).table
    counts = table[table["model"] == "Naive"].groupby("unique_id", observed=True)["cutoff"].nunique()
    assert counts.to_dict() == {"series 0": 4, "series 2": 3, "series 3": 1}


def test_runs_tell_windows_seconds_and_notes(panel):
    runs = backtest(panel, [network(), Naive()], horizon=3, folds=2).runs.set_index("model")
    assert runs.loc["MLP", "kind"] == "network"
    assert runs.loc["Naive", "kind"] == "baseline"
    assert runs.loc["MLP", ["epochs", "steps"]].tolist() == [2, 6]
    assert (runs["fit_seconds"] >= 0).all()
    assert (runs["predict_seconds"] >= 0).all()
    assert "target crosses a border" in runs.loc["MLP", "dropped"]


def test_recent_is_the_end_of_the_series(panel):
    recent = backtest(panel, [Naive()], horizon=3, folds=2, seasonality=4).recent
    frame = panel.to_frame()
    for name, part in recent.groupby("unique_id"):
        own = frame[frame["unique_id"] == name].tail(len(part))
        np.testing.assert_array_equal(part["y"], own["y0"])
        np.testing.assert_array_equal(part["ds"], own["ds"])
    assert (recent["unique_id"] == "series 0").sum() == 6 + 9


def test_spec_tells_every_choice(panel):
    spec = backtest(panel, [Naive()], horizon=3, folds=2).spec
    assert {name: spec[name] for name in ("horizon", "folds", "stride", "gap", "refit", "seeds", "freq")} == {
        "horizon": 3,
        "folds": 2,
        "stride": 3,
        "gap": 0,
        "refit": "never",
        "seeds": 1,
        "freq": "h",
    }
    assert spec["seasonality"] == 24
    assert spec["forecasters"][0]["class_path"] == "Naive"
    assert backtest(panel, [Naive()], horizon=3, folds=2, spec={"mine": 1}).spec == {"mine": 1}


def test_wide_frame_of_a_backtest(panel):
    wide = backtest(panel, [Naive(), network()], horizon=3, folds=2, seeds=2).to_wide()
    assert [name for name in wide if "-" not in name] == ["unique_id", "ds", "cutoff", "y", "Naive", "MLP/0", "MLP/1"]
    assert {"MLP/0-lo-80", "MLP/0-hi-80"} <= set(wide)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"forecasters": []}, "no forecaster was given"),
        ({"forecasters": [Naive(), SeasonalNaive(name="Naive")]}, "two forecasters are called 'Naive'"),
        ({"refit": "sometimes"}, "refit is 'sometimes'"),
        ({"refit": 0}, "refit is 0"),
        ({"horizon": 0}, "horizon is 0"),
        ({"folds": 0}, "folds is 0"),
        ({"stride": -1}, "stride is -1"),
        ({"gap": -1}, "gap is -1"),
        ({"window": -1}, "window is -1"),
        ({"seasonality": -1}, "seasonality is -1"),
        ({"folds": 100}, "100 folds of horizon 3 with stride 3 need 301 stamps"),
        ({"seeds": 0}, "seeds are"),
        ({"seeds": [1, 1]}, "seeds are"),
        ({"seeds": [-1]}, "seeds are"),
        ({"levels": [80]}, "level 80 is not between 0 and 1"),
        ({"metrics": ["mas"]}, "did you mean 'm"),
    ],
)
def test_impossible_backtests_are_refused_before_anything_is_fitted(panel, options, message):
    arguments = {"forecasters": [Counting()], "horizon": 3, "folds": 2, **options}
    with pytest.raises(InputError, match=message):
        backtest(panel, **arguments)
    assert Counting.fits == []


@pytest.mark.slow
def test_every_network_beats_the_naive_forecast_on_a_sine(make_panel):
    from forecast.models.base import ForecastModule

    panel = make_panel([400, 400])
    classes = find("forecast.models", ForecastModule).values()
    members = [NeuralForecaster(cls(Dims(24, 6)), max_steps=300, batch_size=64) for cls in classes]
    result = backtest(panel, [*members, Naive()], horizon=6, folds=5)
    scores = result.leaderboard().set_index("model")["mae"]
    assert (scores.drop("Naive") < 0.5 * scores["Naive"]).all()


def test_a_series_with_too_little_history_at_a_cutoff_is_left_out_there_for_all(make_panel):
    panel = make_panel([60, 20], late=[0, 40])  # the second has 20 - 9 = 11 rows at the first cutoff, 17 at the last
    result = backtest(panel, [Naive(), NeuralForecaster(Linear(Dims(14, 3)), max_steps=4)], horizon=3, folds=3)
    assert not result.runs["error"].any()
    by_model = result.table.groupby("model", observed=True)
    rows = {name: part[["unique_id", "cutoff", "step"]].astype(str) for name, part in by_model}
    assert rows["Naive"].reset_index(drop=True).equals(rows["Linear"].reset_index(drop=True))
    assert result.health["folds"].tolist() == [3, 2]


def test_the_verdict_names_series_that_no_cutoff_covers(make_panel):
    panel = make_panel([60, 30])  # the second ends long before
    result = backtest(panel, [Naive(), SeasonalNaive()], horizon=3, folds=3)
    assert result.health["folds"].tolist() == [3, 0]
    assert "1 of 2 series had ended" in result.verdict()


def test_no_series_long_enough_is_said_before_anything_is_trained(panel):
    with pytest.raises(InputError, match="no series has 70 rows up to one of the 3 cutoffs"):
        backtest(panel, [NeuralForecaster(Linear(Dims(70, 3)))], horizon=3, folds=3)


def test_series_that_ends_within_the_horizon_is_left_out_where_its_known_covariates_end(make_panel):
    panel = make_panel([60, 50], known=1, late=[0, 6])  # the second ends 4 steps before the first
    network = NeuralForecaster(Linear(Dims(6, 5)), max_steps=3)
    result = backtest(panel, [network, SeasonalNaive()], horizon=5, folds=2)
    assert result.runs["error"].tolist() == ["", ""]
    assert result.health["folds"].tolist() == [2, 1]
