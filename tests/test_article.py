"""The small network of the article that this project grew from."""

import warnings
from pathlib import Path

from forecast.cli import main

MODEL = Path(__file__).parents[1] / "configs" / "model" / "article.yaml"


def test_summary_of_the_8_16_1_network_says_161_parameters(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = ["--data", "Sunspots", "--data.context_length", "8", "--data.horizon", "1"]
    quick = ["--trainer.max_steps", "2", "--trainer.enable_progress_bar", "false", "--trainer.accelerator", "cpu"]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        assert main(["fit", "--model", str(MODEL), *data, *quick]) == 0
    assert "Total params: 161" in capsys.readouterr().out
