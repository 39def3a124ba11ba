"""Covariates, sets of features and what networks see, through the commands on a person's file."""

import numpy as np
import pandas as pd
import pytest
import yaml

from datamodules.errors import InputError
from forecast.assemble import assemble
from forecast.cli import main
from forecast.config import BacktestConfig
from forecast.resolve import resolve
from forecast.result import Backtest

ROLES = "--past wind --known price,sky --static region"


def sales() -> pd.DataFrame:
    days = np.arange(90)
    frames = []
    for shop, region in (("a", "north"), ("b", "south")):
        rng = np.random.default_rng(len(frames))
        sky = rng.choice(["clear", "rain"], 90)
        y = 10 + 3 * np.sin(2 * np.pi * days / 7) + 4 * (sky == "rain") + rng.normal(0, 0.2, 90)
        columns = {"wind": rng.normal(size=90), "price": 1.0 + days % 3, "sky": sky, "region": region}
        stamps = pd.date_range("2024-01-01", periods=90)
        frames.append(pd.DataFrame({"unique_id": shop, "ds": stamps, "y": y} | columns))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sales().to_csv("sales.csv", index=False)
    return tmp_path / "sales.csv"


def run(words: str) -> int:
    return main(words.split())


def test_sets_of_features_are_compared_on_the_same_rows(file):
    words = f"backtest --data sales.csv --horizon 4 {ROLES} --calendar dayofweek --feature-sets A=y B=y,sky,calendar"
    assert run(f"{words} --models Linear --baselines Naive --folds 3 --max-steps 60 --output out") == 0
    result = Backtest.load("out")
    rows = result.table.groupby("model", observed=True)[["unique_id", "step"]].size()
    assert rows.to_dict() == {"Linear-A": 24, "Linear-B": 24, "Naive": 24}
    scores = result.leaderboard().set_index("model")["mae"]
    assert scores["Linear-B"] < scores["Linear-A"]
    assert result.covariates["column"].tolist() == ["wind", "price", "sky", "region"]


def test_written_configuration_gives_the_same_forecasts(file):
    words = (
        f"backtest --data sales.csv --horizon 4 {ROLES} --encode embedding --missing mask --transform log1p --lags 7"
    )
    more = "--feature-sets A=y,sky,lags --models Linear --baselines none --folds 2 --max-steps 5"
    assert run(f"{words} {more} --output first") == 0
    written = yaml.safe_load((file.parent / "first" / "config.yaml").read_text())
    assert written["known"] == ["price", "sky"]
    assert written["prepare"] == {
        "features": {"lags": [7]},
        "missing": "mask",
        "encode": "embedding",
        "transform": "log1p",
    }
    assert run("backtest --config first/config.yaml --output second") == 0
    first, second = (Backtest.load(name).table for name in ("first", "second"))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_describe_shows_covariates(file, capsys):
    assert run(f"describe --data sales.csv {ROLES}") == 0
    shown = capsys.readouterr().out
    assert "Covariates" in shown
    assert "2: clear, rain" in shown


def test_describe_counts_the_windows_of_padded_series(file, capsys):
    few = sales().groupby("unique_id").tail(6)
    few.to_csv("few.csv", index=False)
    words = "describe --data few.csv --target y --horizon 3 --context-length 10"
    assert run(words) == 0
    assert "shorter than context 10 + horizon 3" in capsys.readouterr().out
    assert run(f"{words} --short pad") == 0
    assert "begun with 9 unobserved rows" in capsys.readouterr().out
    assert run(f"{words} --short pat") == 2


def test_fit_and_predict_with_covariates(file, capfd):
    words = "fit --model Linear --data FileData --data.path sales.csv --data.horizon 4 --data.context_length 14"
    roles = "--data.past [wind] --data.known [price,sky] --data.static [region]"
    assert run(f"{words} {roles} --trainer.max_steps 5 --trainer.logger false") == 0
    checkpoint = capfd.readouterr().out.rsplit("checkpoint: ", 1)[1].strip()
    ahead = sales().groupby("unique_id").tail(18).reset_index(drop=True)
    last = ahead.groupby("unique_id").cumcount() >= 14
    ahead.loc[last, ["y", "wind"]] = np.nan
    ahead.loc[last, "sky"] = "hail"
    ahead.to_csv("ahead.csv", index=False)
    assert run(f"predict --checkpoint {checkpoint} --data ahead.csv --output forecast.csv") == 0
    assert "unseen category in sky: 8 cells" in capfd.readouterr().err
    forecast = pd.read_csv("forecast.csv")
    assert len(forecast) == 8
    assert forecast["mean"].notna().all()
    ahead[~last].to_csv("short.csv", index=False)
    assert run(f"predict --checkpoint {checkpoint} --data short.csv --output none.csv") == 2
    assert "series 'a' lacks column 'price' (known) at 2024-03-27" in capfd.readouterr().err


def assembled(**given):
    config = BacktestConfig.of({"data": "x", "horizon": 2, "context_length": 8, "folds": 1, **given})
    from datamodules.panel import Panel

    panel = Panel.from_frame(sales(), past=["wind"], known=["price", "sky"], static=["region"])
    chosen = resolve(config, panel)
    return assemble(chosen.config, chosen.panel)


def test_a_member_may_have_a_set_of_its_own():
    sets = {"A": ["y"], "B": ["y", "sky"]}
    networks = [{"class_path": "Linear", "feature_set": "B", "name": "seer"}, "MLP"]
    found, complete = assembled(models=networks, baselines="none", feature_sets=sets)
    assert [each.name for each in found] == ["seer", "MLP-A", "MLP-B"]
    assert [each.prepare.features.use for each in found] == [("y", "sky"), ("y",), ("y", "sky")]
    again, same = assembled(**{name: value for name, value in complete.plain().items() if name != "data"})
    assert [each.name for each in again] == [each.name for each in found]
    assert same == complete


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"feature_sets": {"A": ["y"]}, "models": {"class_path": "MLP", "feature_set": "C"}},
            "did you mean 'A'|known are A",
        ),
        ({"feature_sets": {"A": []}}, "feature set 'A' is empty"),
        ({"feature_sets": "y"}, "feature_sets is 'y'; expected"),
        ({"prepare": {"missing": "fil"}}, "missing 'fil' is not known"),
        ({"prepare": {"mising": "ffill"}}, "prepare option 'mising' is not known; did you mean 'missing'"),
        ({"prepare": {"features": {"lags": ["soon"]}}}, "lags is .*expected numbers such as"),
        ({"prepare": 3}, "prepare is 3"),
    ],
)
def test_wrong_preparation_is_one_sentence(given, sentence):
    with pytest.raises(InputError, match=sentence):
        assembled(**given)
