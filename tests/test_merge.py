"""``forecast merge``: shards of one folder or several as one result; what is missing or does not belong is named."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from forecast.cli import main

QUICK = ["--horizon", "4", "--models", "Linear", "--baselines", "SeasonalNaive", "--max-steps", "3", "--folds", "3"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2024-01-01", periods=90, freq="D").strftime("%Y-%m-%d")
    waves = 10 + np.sin(np.arange(90) * 2 * np.pi / 7)
    frames = [pd.DataFrame({"unique_id": name, "ds": days, "y": waves * size}) for name, size in (("a", 1), ("b", 2))]
    pd.concat(frames).to_csv("sales.csv", index=False)
    return "sales.csv"


def backtest(data, *words):
    return main(["backtest", "--data", data, *QUICK, "--refit", "always", *words])


def forecasts(folder):
    return pd.read_parquet(f"{folder}/forecasts.parquet")


def test_shards_in_one_folder_are_joined_there(data, capsys):
    assert backtest(data, "--output", "whole") == 0
    assert backtest(data, "--output", "out", "--shard", "1/2") == 0
    assert "shard 1/2: 2 of 2 arms are done" in capsys.readouterr().out
    assert sorted(path.name for path in Path("out").iterdir()) == ["config.yaml", "parts", "provenance.json", "shards"]
    assert main(["merge", "out"]) == 2
    error = capsys.readouterr().err
    assert "4 arms are missing: " in error
    assert "(shard 2/2)" in error
    assert "Run --shard 2/2 again" in error
    assert not Path("out/report.html").exists()
    assert backtest(data, "--output", "out", "--shard", "2/2") == 0
    assert main(["merge", "out"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "report: out/report.html"
    assert forecasts("out").equals(forecasts("whole"))
    provenance = json.loads(Path("out/provenance.json").read_text())
    assert [shard["shard"] for shard in provenance["shards"]] == ["1/2", "2/2"]


def test_shards_in_several_folders_are_joined_in_another(data, capsys):
    assert backtest(data, "--output", "whole") == 0
    for number in (1, 2, 3):
        assert backtest(data, "--output", f"node{number}", "--shard", f"{number}/3") == 0
    assert main(["merge", "node1", "node2", "node3"]) == 2
    assert "Say --output DIR" in capsys.readouterr().err
    assert main(["merge", "node1", "node3", "--output", "out"]) == 2
    assert "Run --shard 2/3 again" in capsys.readouterr().err
    assert main(["merge", "node1", "node3", "--output", "some", "--incomplete"]) == 0
    runs = pd.read_csv("some/runs.csv", keep_default_na=False)
    assert (runs["error"] == "missing: no shard with this arm has finished").sum() == 2
    assert main(["merge", "node1", "node2", "node3", "--output", "out"]) == 0
    assert forecasts("out").equals(forecasts("whole"))


def test_shard_without_an_arm_is_done_and_merges(data, capsys):
    assert backtest(data, "--output", "whole") == 0
    for number in range(1, 10):
        assert backtest(data, "--output", "out", "--shard", f"{number}/9", "--ensembles", "mean") == 0
    assert "shard 9/9: 0 of 0 arms are done" in capsys.readouterr().out
    assert main(["merge", "out"]) == 0
    joined = forecasts("out").query("model != 'Ensemble-mean'")
    pd.testing.assert_frame_equal(joined, forecasts("whole"), check_categorical=False)


def test_shards_of_networks_that_train_together_are_joined(data):
    nets = ["--models", "MLP", "Linear", "--seeds", "2", "--together"]
    assert backtest(data, "--output", "whole", *nets) == 0
    for number in (1, 2, 3):
        assert backtest(data, "--output", "out", "--shard", f"{number}/3", *nets) == 0
    assert main(["merge", "out"]) == 0
    assert forecasts("out").equals(forecasts("whole"))
    assert yaml.safe_load(Path("out/config.yaml").read_text())["together"] is True


def test_shards_may_have_had_the_same_data_in_other_places(data):
    Path("node").mkdir()
    shutil.copy(data, "node/copy.csv")
    assert backtest(data, "--output", "one", "--shard", "1/2") == 0
    assert backtest("node/copy.csv", "--output", "two", "--shard", "2/2") == 0
    assert main(["merge", "one", "two", "--output", "joined"]) == 0
    assert backtest(data, "--output", "whole") == 0
    pd.testing.assert_frame_equal(forecasts("joined"), forecasts("whole"), check_exact=True)


def test_failed_arm_of_a_shard_is_a_row_of_the_result(data, monkeypatch):
    def fail(self, panel):
        raise RuntimeError("no luck today")

    monkeypatch.setattr("forecast.baselines.naive.SeasonalNaive.fit", fail)
    assert backtest(data, "--output", "out", "--shard", "1/1") == 0
    assert main(["merge", "out"]) == 0
    runs = pd.read_csv("out/runs.csv", keep_default_na=False).set_index("model")
    assert set(runs.loc["SeasonalNaive", "error"]) == {"RuntimeError: no luck today"}
    assert set(runs.loc["Linear", "error"]) == {""}


def test_folders_that_do_not_belong_together_are_refused(data, capsys):
    assert backtest(data, "--output", "one", "--shard", "1/2") == 0
    assert backtest(data, "--output", "two", "--shard", "2/2", "--gap", "1") == 0
    shutil.copytree("one", "three")
    Path("three/provenance.json").write_text('{"fingerprint": "0"}')
    Path("four").mkdir()
    for names, sentence in (
        (["one", "two"], "two holds a backtest with other gap than one"),
        (["one", "three"], "three holds a backtest of other data"),
        (["one", "four"], "four holds no backtest: config.yaml is missing"),
    ):
        assert main(["merge", *names, "--output", "out"]) == 2
        error = capsys.readouterr().err
        assert sentence in error
        assert error.count("\n") == 1
    assert not Path("out").exists()


def test_data_that_has_moved_is_named_and_checked(data, capsys):
    assert backtest(data, "--output", "out", "--shard", "1/1") == 0
    Path(data).rename("moved.csv")
    assert main(["merge", "out"]) == 2
    assert "sales.csv does not exist" in capsys.readouterr().err
    assert main(["merge", "out", "--data", "moved.csv"]) == 0
    assert yaml.safe_load(Path("out/config.yaml").read_text())["data"] == "moved.csv"  # so that it runs again
