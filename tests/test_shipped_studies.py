"""The studies that ship: each parses, asks what the article asked with its levels, and runs offline."""

import pytest

from datamodules.errors import InputError
from forecast.evaluation.metrics import all_metrics
from forecast.models.base import ACTIVATIONS
from forecast.study.config import METRICS, StudyConfig
from forecast.study.shipped import ARTICLE, path_of, shipped
from forecast.study.study import Study
from forecast.training import INITS, SCHEDULES

SHIPPED = shipped()
ASKED = {  # study -> levels of its first factor, metrics shown first
    "learning_rate": (["0.01", "0.1", "0.5", "1", "10"], ["mse", "r2"]),
    "hidden_size": (["10", "50", "100", "500", "1000"], ["mae", "explained_variance"]),
    "activation": ([name for name in ACTIVATIONS if name != "identity"] + ["identity"], ["rmse", "r2"]),
    "epochs": (["10", "50", "100", "500", "1000"], ["mse", "r2"]),
    "features": (list("ABCDE"), ["msle", "mape"]),
    "architecture": (["Linear", "MLP", "CNN", "RNN", "GRU", "LSTM"], ["msle"]),
    "regularisation": (["none", "l1", "l2", "elastic_net", "dropout"], ["rmsle", "mae"]),
    "data_size": (["500", "1000", "5000", "10000", "50000"], ["mse", "r2"]),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_it_parses_in_both_sizes_and_says_what_it_asks(name):
    config = StudyConfig.read(path_of(name))
    assert list(config.presets) == ["quick", "full"]
    assert config.title
    assert config.question.endswith("?")
    assert SHIPPED[name].read_text(encoding="utf-8").startswith("# ")
    assert set(config.shown) >= set(METRICS)
    assert set(config.metrics) <= set(all_metrics())
    quick, full = (config.with_preset(size).base for size in ("quick", "full"))
    assert full["seeds"] > quick["seeds"] > 1


@pytest.mark.parametrize("name", ASKED)
def test_the_tables_of_the_article_have_its_levels_and_metrics(name):
    config, (levels, metrics) = StudyConfig.read(SHIPPED[name]), ASKED[name]
    for size in ("quick", "full"):
        assert sorted(config.with_preset(size).factors[0].labels) == sorted(levels)
    assert list(config.metrics)[: len(metrics)] == metrics


def test_the_article_comes_first_in_its_order():
    assert list(SHIPPED)[:8] == list(ARTICLE)
    assert list(SHIPPED)[8:12] == ["scaler", "optimizer", "schedule", "initialisation"]
    assert len(SHIPPED) == 17


def test_studies_of_an_option_leave_none_of_its_choices_out():
    for name, choices in (("schedule", SCHEDULES), ("initialisation", INITS)):
        assert sorted(StudyConfig.read(SHIPPED[name]).factors[0].labels) == sorted(choices)


def test_a_study_goes_by_its_name_or_file():
    assert path_of("epochs") == SHIPPED["epochs"]
    assert path_of(str(SHIPPED["epochs"])) == SHIPPED["epochs"]
    with pytest.raises(InputError, match="study 'epoch' is not known; did you mean 'epochs'"):
        path_of("epoch")
    with pytest.raises(InputError, match=r"mine\.yaml does not exist"):
        path_of("mine.yaml")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("epochs", {"factors.epochs.levels": [2, 4], "folds": 3}),
        ("data_size", {"factors.windows.levels": [50, 100], "data": "Sunspots", "fit": {"max_steps": 2}, "folds": 2}),
    ],
)
def test_a_tiny_one_runs_to_its_page(name, options, tmp_path):
    config = StudyConfig.of(StudyConfig.read(SHIPPED[name]).plain() | {"presets": {"tiny": options | {"seeds": 1}}})
    result = Study(config.with_preset("tiny")).run()
    result.save(tmp_path)
    networks = result.table().query("kind == 'network'")
    assert (networks["status"] == "").all()
    assert sorted(networks[name if name == "epochs" else "windows"].unique()) == list(options[next(iter(options))])
    assert config.question in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_it_runs_at_quick_and_every_level_has_a_result_or_says_why_not(name):
    result = Study(StudyConfig.read(SHIPPED[name]).with_preset("quick")).run()
    table = result.table()
    assert (table["status"].str.startswith("diverged: ") | table[result.config.metrics[-1]].notna()).all()
    assert "This rests on" in result.finding()
