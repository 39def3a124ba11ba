"""What a study runs: the same rows for every level, rows for levels that cannot, one sentence for what is wrong."""

import numpy as np
import pytest

from datamodules.errors import InputError
from datamodules.sets.synthetic import Synthetic
from forecast.study.config import StudyConfig
from forecast.study.plan import plan


@pytest.fixture(scope="module")
def panel():
    return Synthetic(n_series=2, length=120, freq="D").load()


def study(factor, **base):
    common = {"models": ["Linear"], "baselines": ["Naive"], "horizon": 4, "fit": {"max_steps": 5}}
    return StudyConfig.of({"base": common | base, "factors": {"it": factor}})


def test_levels_of_different_context_have_the_folds_of_the_longest(panel):
    ready = plan(study({"key": "context_length", "levels": [5, 100]}), panel)
    assert (ready.config.folds, ready.reasons["folds"]) == (4, "as many as the longest level leaves")
    assert [each.history for each in ready.forecasters[:2]] == [5, 100]
    given = plan(study({"key": "context_length", "levels": [5, 100]}, folds=5), panel)
    assert given.arms["problem"].str.contains("has 120 rows; context_length 100").tolist() == [False, True, False]


def test_levels_of_different_horizon_share_cutoffs_and_steps(panel):
    ready = plan(study({"key": "horizon", "levels": [2, 6]}, horizon=0), panel)
    assert (ready.config.horizon, ready.config.stride) == (2, 6)
    assert [each.dims.horizon for each in ready.forecasters[:2]] == [2, 6]
    assert np.isnan(ready.panel.target[ready.panel.offsets[1:] - 1]).all()
    last = ready.panel.last_rows + 1 - ready.panel.offsets[:-1]
    assert last.tolist() == [116, 116]


def test_what_nobody_says_is_the_same_for_every_level(panel):
    ready = plan(study({"levels": {"A": {"fit.batch_size": 8}, "B": {"context_length": 9}}}), panel)
    first, second = ready.forecasters[:2]
    assert (first.batch_size, second.batch_size) == (8, 256)
    assert (first.context_length, second.context_length) == (ready.config.context_length, 9)
    assert first.max_steps == second.max_steps == 5


def test_horizon_is_a_season_of_the_data_where_nobody_says_one(panel):
    ready = plan(study({"key": "models.lr", "levels": [0.1, 1]}, horizon=0), panel)
    assert ready.config.horizon == 7
    assert ready.reasons["horizon"].startswith("a season")


def test_option_that_a_network_lacks_is_a_row_and_one_that_all_lack_a_mistake(panel):
    ready = plan(study({"key": "models.hidden_size", "levels": [2, 4]}, models=["Linear", "MLP"]), panel)
    assert ready.arms["problem"].tolist()[:2] == ["Linear has no option hidden_size"] * 2
    assert [each.name for each in ready.forecasters] == ["MLP it=2", "MLP it=4", "Naive"]
    with pytest.raises(InputError, match=r"no network .* option 'hiden_size'; did you mean 'hidden_size'"):
        plan(study({"key": "models.hiden_size", "levels": [2, 4]}, models=["MLP"]), panel)


def test_networks_may_be_the_levels(panel):
    levels = ["Linear", {"class_path": "MLP", "name": "small", "init_args": {"hidden_size": 4}}]
    ready = plan(study({"key": "models", "levels": levels}), panel)
    assert ready.arms["model"].tolist() == ["Linear", "small", "Naive"]
    assert ready.arms["level"].tolist() == ["Linear", "small", ""]


def test_baselines_meet_each_level_of_what_everyone_is_given(panel):
    ready = plan(study({"key": "intervals", "levels": ["own", "split"]}), panel)
    assert ready.arms["model"].tolist()[2:] == ["Naive intervals=own", "Naive intervals=split"]


def test_data_that_lack_what_a_level_needs_make_it_a_row(panel):
    ready = plan(study({"key": "prepare.features.use", "levels": {"A": ["y"], "B": ["y", "holidays"]}}), panel)
    assert ready.arms["problem"].tolist()[0] == ""
    assert "holidays is empty" in ready.arms["problem"].tolist()[1]


@pytest.mark.parametrize(
    ("factor", "sentence"),
    [
        ({"key": "modles.lr", "levels": [1, 2]}, "key 'modles.lr' of a level is not known; did you mean 'models'"),
        ({"key": "folds", "levels": [1, 2]}, "key 'folds' cannot differ between levels"),
        ({"key": "models.lr", "levels": ["fast", "slow"]}, "level fast: model Linear"),
        ({"key": "models.lr", "levels": [-1, 0.1]}, "level -1"),
        ({"key": "models.difference", "levels": [1.5, 0]}, "level 1.5: .* is 1.5; expected a whole number"),
        ({"key": "fit.batch_sze", "levels": [1, 2]}, "fit option 'batch_sze' is not known; did you mean 'batch_size'"),
        ({"key": "prepare.features.us", "levels": [1, 2]}, "features option 'us' is not known"),
        ({"key": "models.MPL.lr", "levels": [1, 2]}, "network in a key of a level 'MPL' is not known"),
        ({"key": "models.Linear.lr.x", "levels": [1, 2]}, "expected models.OPTION"),
        ({"key": "models", "levels": ["MPL", "Linear"]}, "model 'MPL' is not known; did you mean 'MLP'"),
        ({"key": "models", "levels": ["all", "Linear"]}, "expected one network a level"),
    ],
)
def test_mistakes_are_named(factor, sentence, panel):
    with pytest.raises(InputError, match=sentence):
        plan(study(factor), panel)
