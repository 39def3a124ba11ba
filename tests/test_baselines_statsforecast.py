"""The baselines of statsforecast: scripts/statsforecast runs those marked so, where the package is installed."""

import inspect
import sys
import types

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.find import catalog
from datamodules.panel import Panel
from datamodules.split import last_cutoffs, rolling_cutoffs
from forecast.baselines import statsforecast as module
from forecast.baselines.base import is_available
from forecast.cli import main

KINDS = [kind for name, kind in vars(module).items() if inspect.isclass(kind) and getattr(kind, "model", "")]
every_kind = pytest.mark.parametrize("kind", KINDS)


def panel_of(**series: np.ndarray) -> Panel:
    frames = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2015-01-01", periods=len(y), freq="MS"), "y": y})
        for name, y in series.items()
    ]
    return Panel.from_frame(pd.concat(frames), freq="MS")


@pytest.fixture
def panel() -> Panel:
    rng = np.random.default_rng(0)
    steps = np.arange(72)
    seasonal = 100 + steps + 20 * np.sin(2 * np.pi * steps / 12) + rng.normal(0, 2, 72)
    return panel_of(seasonal=seasonal, rare=np.where(rng.random(60) < 0.3, rng.poisson(5, 60) + 1.0, 0.0))


def test_every_model_is_in_the_catalogue_with_its_extra():
    found = {name: entry.extra for name, entry in catalog("forecast.baselines", "Baseline").items()}
    assert {kind.__name__ for kind in KINDS} == {name for name, extra in found.items() if extra == "statsforecast"}
    assert all(kind.__name__ == kind.model for kind in KINDS)


@pytest.mark.skipif(is_available(module.AutoETS), reason="only where statsforecast is not installed")
def test_without_the_package_one_sentence_says_how_to_get_it_and_all_leaves_it_out(tmp_path, capsys):
    with pytest.raises(InputError, match=r"AutoETS needs the package 'statsforecast', which is not installed"):
        module.AutoETS()
    command = ["backtest", "--data", "Nile", "--horizon", "2", "--folds", "1", "--models", "none"]
    assert main([*command, "--baselines", "AutoETS", "--output", str(tmp_path / "x")]) == 2
    said = capsys.readouterr().err
    assert "pip install 'forecast-toolkit[statsforecast]' (it caps pandas below 3, which pip then brings)" in said
    assert not (tmp_path / "x").exists()


class Stand:
    """As much of a model of statsforecast as the wrapper uses."""

    def __init__(self, season_length: int = 1) -> None:
        self.season_length = season_length

    def fit(self, y):
        self.mean = float(y.mean())
        return self

    def forward(self, y, h, level):
        bounds = {
            f"{side}-{each}": self.mean + (each if side == "hi" else -each) for side in ("lo", "hi") for each in level
        }
        return {"mean": np.full(h, self.mean)} | {name: np.full(h, value) for name, value in bounds.items()}


class Rare:
    """As much of an intermittent one."""

    def forecast(self, y, h, fitted):
        return {"mean": np.full(h, y.mean()), "fitted": np.full(len(y), y.mean())}


@pytest.fixture
def stand(monkeypatch):
    """Stands in for the package where it is not installed, so that the wrapper itself is tested everywhere."""
    models = types.SimpleNamespace(AutoETS=Stand, ADIDA=Rare)
    monkeypatch.setitem(sys.modules, "statsforecast.models", models)
    monkeypatch.setattr(module, "import_module", lambda name: models)
    monkeypatch.setattr(module, "require", lambda baseline, note: None)


def test_quantiles_are_the_bounds_of_central_intervals(stand, panel):
    fitted = module.AutoETS(n_jobs=1).fit(panel)
    table = fitted.predict(panel, last_cutoffs(panel), 3, (0.1, 0.5, 0.975))
    assert (table["q0.1"] == table["mean"] - 80.0).all()
    assert (table["q0.5"] == table["mean"]).all()
    assert (table["q0.975"] == table["mean"] + 95.0).all()


def test_intermittent_quantiles_are_normal_and_not_below_zero(stand, panel):
    table = module.ADIDA(n_jobs=1).fit(panel).predict(panel, last_cutoffs(panel), 2, (0.025, 0.975))
    y = panel.target[:60, 0]
    rare = table[table["unique_id"] == "rare"]
    assert rare["q0.025"].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(rare["q0.975"], y.mean() + 1.959964 * y.std(), rtol=1e-6)


@pytest.mark.statsforecast
@every_kind
def test_forecast_is_that_of_the_package(kind, panel):
    from statsforecast import models

    cutoffs = last_cutoffs(panel)
    table = kind(n_jobs=1).fit(panel).predict(panel, cutoffs, 6, (0.1, 0.9))
    own = getattr(models, kind.model)
    made = own(season_length=12) if "season_length" in inspect.signature(own).parameters else own()
    y = panel.target[panel.offsets[0] : panel.offsets[1], 0]
    np.testing.assert_allclose(table[table["unique_id"] == panel.ids[0]]["mean"], made.forecast(y=y, h=6)["mean"])
    assert (table["q0.1"] <= table["q0.9"]).all()


@pytest.mark.statsforecast
@every_kind
def test_forecast_ignores_values_after_the_cutoff_and_other_cutoffs(kind, panel):
    cutoffs = rolling_cutoffs(panel, horizon=4, folds=2, stride=3)
    fitted = kind(n_jobs=1).fit(panel.until(cutoffs[0]))
    alone = fitted.predict(panel.until(cutoffs[0]), cutoffs[:1], 4, (0.1,))
    both = fitted.predict(panel, cutoffs, 4, (0.1,))
    pd.testing.assert_frame_equal(both.iloc[: len(alone)].reset_index(drop=True), alone, check_exact=True)


@pytest.mark.statsforecast
def test_backtest_by_command_takes_all_of_them(tmp_path):
    names = [kind.__name__ for kind in KINDS]
    options = ["--models", "none", "--baselines", "SeasonalNaive", *names, "--folds", "2"]
    assert main(["backtest", "--data", "ElecEquip", "--horizon", "6", *options, "--output", str(tmp_path / "x")]) == 0
    board = pd.read_csv(tmp_path / "x" / "leaderboard.csv")
    assert set(names) <= set(board["model"])
    assert board["error"].isna().all()
