"""The Python of the README runs as it stands, but for the budget of its networks."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from forecast import Backtest, Dims, NeuralForecaster, Study, StudyConfig

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
STUDY = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)[0]
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def quick(code: str) -> str:
    """The code with networks that hardly train."""
    return re.sub(r"(NeuralForecaster\(LSTM\(Dims\(.*?\)(?:, hidden_size=64)?\))", r"\1, max_steps=3", code)


def test_ten_lines_make_a_report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2023-01-01", periods=200)
    pd.DataFrame({"unique_id": "a", "ds": days, "y": 10 + np.arange(200) % 7}).to_csv("sales.csv", index=False)
    names: dict[str, object] = {}
    exec(quick(BLOCKS[0]), names)  # what a reader would type
    assert isinstance(names["result"], Backtest)
    assert Path("report.html").stat().st_size > 1e6


def test_covariates_are_told_to_a_panel_and_prepared_for_a_network():
    hours = pd.date_range("2024-01-01", periods=300, freq="h")
    columns = {"temp": np.arange(300.0), "price": 1.0, "promotion": hours.hour == 8, "region": "north"}
    names = {"frame": pd.DataFrame({"ds": hours, "y": np.sin(np.arange(300))} | columns)}
    exec("from forecast import Dims, LSTM, NeuralForecaster, Panel\n" + quick(BLOCKS[1]), names)
    network, panel = names["lstm"], names["panel"]
    assert isinstance(network, NeuralForecaster)
    assert network.fit(panel).dims[2:6] == (
        1,
        2,
        7,
        1,
    )  # indicator and temp; price, promotion, two pairs and is_holiday


def test_a_model_of_the_readme_is_made_from_what_a_checkpoint_keeps():
    names: dict[str, object] = {"__name__": "mean"}
    exec(BLOCKS[2], names)
    made = names["Mean"](Dims(8, 2, known=1))
    again = names["Mean"](**made.hparams)
    assert again.dims == made.dims
    assert again.projection.in_features == 3  # the target, and the known one now and a horizon later


def test_the_study_of_the_readme_is_one():
    said = yaml.safe_load(STUDY)
    config = StudyConfig.of(said | {"base": said["base"] | {"data": "Sunspots"}}).with_preset("quick")
    planned = Study(config).plan().arms
    assert len(planned.query("network == 'LSTM'")) == 9
    assert planned.query("reference")["network"].tolist() == ["MLP", "LSTM"]
