"""What a study's YAML may say: factors, levels, presets, other data; each mistake is one sentence."""

import math

import pytest
import yaml

from datamodules.errors import InputError
from forecast.members import Member
from forecast.study.config import StudyConfig
from forecast.study.factor import factor
from forecast.study.grid import cells, with_levels, with_options

RATES = {"key": "models.lr", "levels": [0.01, 0.1, 1]}


def config(**given):
    return StudyConfig.of({"base": {"data": "Nile", "horizon": 2}, "factors": {"lr": RATES}, **given})


def test_levels_are_values_of_a_key_or_named_settings():
    plain = factor("lr", {"key": "models.lr", "levels": ["1e-3", 0.1]})
    assert [level.label for level in plain.levels] == ["0.001", "0.1"]
    assert plain.levels[0].settings == {"models.lr": 0.001}
    named = factor("size", {"levels": {"small": {"models.layers": 1}, "large": {"models.layers": 3}}})
    assert named.reference("large").settings == {"models.layers": 3}
    sets = factor("set", {"key": "prepare.features.use", "levels": {"A": ["y"], "B": ["y", "calendar"]}})
    assert sets.reference("B").settings == {"prepare.features.use": ["y", "calendar"]}


@pytest.mark.parametrize(
    ("levels", "scale"),
    [
        ([0.01, 0.1, 10], "log"),
        ([1, 2, 3], "linear"),
        ([0, 100], "linear"),
        (["relu", "tanh"], "names"),
        ([1, "x"], "names"),
    ],
)
def test_scale_follows_the_levels(levels, scale):
    assert factor("it", {"key": "models.x", "levels": levels}).scale == scale


def test_numbers_that_are_names_have_no_place_on_an_axis():
    sizes = factor("size", {"key": "models.hidden_size", "levels": [8, 16], "scale": "names"})
    assert all(math.isnan(level.at) for level in sizes.levels)
    assert sizes.labels == ["8", "16"]


def test_plain_values_give_the_same_study_again():
    first = config(
        reference={"lr": 0.1}, metrics=["mae"], presets={"quick": {"seeds": 2}}, title="Rate", question="Which?"
    )
    assert StudyConfig.of(yaml.safe_load(yaml.safe_dump(first.plain()))) == first


def test_preset_replaces_options_of_the_base_and_levels():
    presets = {"quick": {"seeds": 2, "fit": {"max_steps": 9}, "factors.lr.levels": [0.1, 1]}, "full": {"seeds": 5}}
    whole = config(presets=presets, reference={"lr": 1})
    quick = whole.with_preset()
    assert (quick.base["seeds"], quick.base["fit"], quick.factors[0].labels) == (2, {"max_steps": 9}, ["0.1", "1"])
    assert (quick.reference, quick.presets) == ({"lr": "1"}, {})
    assert whole.with_preset("full").base["seeds"] == 5
    assert whole.with_preset("full").factors[0].labels == ["0.01", "0.1", "1"]


def test_reference_that_a_preset_leaves_out_is_the_first_level():
    assert config(presets={"quick": {"factors": {"lr": {"levels": [0.1, 1]}}}}).with_preset().reference == {"lr": "0.1"}


def test_options_win_over_the_base_and_metrics_over_those_shown():
    told = config().with_base({"seeds": "3", "metrics": ["mae"]})
    assert told.base == {"data": "Nile", "horizon": 2, "seeds": "3"}
    assert told.metrics == ("mae",)
    assert told.shown[:2] == ("mae", "mse")


def test_other_data_take_the_place_of_all_that_the_base_says_of_its_own():
    base = {"data": "Nile", "horizon": 2, "freq": "YS", "past": ["x"], "folds": 9, "models": ["MLP"], "seeds": 2}
    prepare = {"missing": "mask", "features": {"holidays": "ES", "calendar": ["month"]}}
    left = config(base=base | {"prepare": prepare}).on_other_data().base
    assert left == {
        "models": ["MLP"],
        "seeds": 2,
        "prepare": {"missing": "mask", "features": {"calendar": ["month"]}},
    }


def test_grid_has_every_combination_and_names_its_arms():
    found = cells(config(factors={"lr": RATES, "layers": {"key": "models.layers", "levels": [1, 2]}}).factors)
    assert [cell.label for cell in found][:2] == ["lr=0.01, layers=1", "lr=0.01, layers=2"]
    assert len(found) == 6
    assert found[0].arm("MLP") == "MLP lr=0.01, layers=1"


def test_level_sets_dotted_keys_and_leaves_the_base_alone():
    base = {"fit": {"max_steps": 5}, "models": ["MLP"]}
    settings = {"A": {"fit.batch_size": 8, "prepare.features.use": ["y"]}, "B": {"context_length": 3}}
    first, second = cells((factor("it", {"levels": settings}),))
    expected = {"fit": {"max_steps": 5, "batch_size": 8}, "prepare": {"features": {"use": ["y"]}}, "models": ["MLP"]}
    assert with_levels(base, first) == expected
    assert with_levels(base, second) == base | {"context_length": 3}
    assert base == {"fit": {"max_steps": 5}, "models": ["MLP"]}


def test_option_of_one_network_wins_over_that_of_all_and_excuses_what_it_lacks():
    settings = {"A": {"models.hidden_size": 10, "models.CNN.channels": 20}, "B": {}}
    cell = cells((factor("size", {"levels": settings}),))[0]
    cnn, lacking = with_options(Member("CNN", {"kernel": 3}, ""), cell, ["channels", "kernel"])
    assert (cnn.init_args, lacking) == ({"kernel": 3, "channels": 20}, [])
    assert with_options(Member("Linear", {}, ""), cell, ["lr"])[1] == ["hidden_size"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"facters": {}}, "option of a study 'facters' is not known; did you mean 'factors'"),
        ({"factors": {}}, "a study needs factors"),
        (
            {"factors": {"lr": {"key": "models.lr", "levels": [0.1]}}},
            "factor 'lr' has levels .0.1.; expected two or more",
        ),
        ({"factors": {"lr": {"key": "models.lr", "levels": [0.1, "0.10"]}}}, "has level '0.1' twice"),
        ({"factors": {"lr": {"levels": [0.1, 1]}}}, "level '0.1' sets 0.1, and there is no key"),
        ({"factors": {"lr": RATES | {"scale": "logg"}}}, "scale 'logg' is not known"),
        ({"factors": {"lr": {"key": "k", "levels": [0, 1], "scale": "log"}}}, "scale log and a level of 0"),
        ({"factors": {"lr": RATES, "rate": RATES}}, "two factors set 'models.lr'"),
        ({"reference": {"lr": 0.2}}, "reference of lr is '0.2'; expected one of its levels, 0.01, 0.1, 1"),
        ({"reference": {"rate": 0.2}}, "factor in reference 'rate' is not known"),
        ({"base": {"horizn": 3}}, "option of base 'horizn' is not known; did you mean 'horizon'"),
        ({"base": {"feature_sets": {"A": ["y"]}}}, "base has feature_sets, which a study does not take"),
        ({"metrics": ["mea"]}, "metric 'mea' is not known"),
        ({"metrics": ["bias"]}, "has no best"),
        ({"presets": [1]}, "presets is .1.; expected lines"),
    ],
)
def test_mistakes_are_named(given, sentence):
    with pytest.raises(InputError, match=sentence):
        config(**given)


def test_mistaken_reference_is_told_with_its_file(tmp_path):
    path = tmp_path / "rate.yaml"
    factors = {"lr": RATES, "init": {"key": "models.init", "levels": ["default", "orthogonal"]}}
    path.write_text(yaml.safe_dump({"base": {}, "factors": factors, "reference": {"init": "ortogonal"}}))
    with pytest.raises(InputError) as caught:
        StudyConfig.read(path)
    expected = "reference of init is 'ortogonal'; expected one of its levels, default, orthogonal. Name one."
    assert str(caught.value) == f"file {path}: {expected}"


def test_preset_that_is_not_there_is_named():
    with pytest.raises(InputError, match="preset 'fast' is not known; known are full, quick"):
        config(presets={"quick": {}, "full": {}}).with_preset("fast")
    with pytest.raises(InputError, match="preset 'quick' is not known"):
        config().with_preset("quick")
