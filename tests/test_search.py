import pytest

from datamodules.errors import InputError
from datamodules.window import Dims
from forecast.forecaster import find
from forecast.members import Member
from forecast.models.base import ForecastModule
from forecast.search import Between, OneOf, read_range
from forecast.tune.space import usual_space

MODELS = find("forecast.models", ForecastModule)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.001..0.1:log", Between(0.001, 0.1, log=True)),
        ("1..4", Between(1, 4, whole=True)),
        ("0.0..0.5", Between(0.0, 0.5)),
        ("32,64", OneOf((32, 64))),
        ("0.0,1e-05", OneOf((0.0, 1e-05))),
        ("true,false", OneOf((True, False))),
        ("relu", OneOf(("relu",))),
    ],
)
def test_values_are_read_as_they_are_written(text, values):
    assert read_range("lr", text) == values
    assert read_range("lr", str(values)) == values


def test_lists_of_a_file_are_choices():
    assert read_range("hidden_size", [32, 64]) == OneOf((32, 64))
    assert read_range("hidden_size", 32) == OneOf((32,))


@pytest.mark.parametrize("text", ["0.1..0.01", "0..1:log", "a..b", "1..2:ln", "3,3", "", "1..inf"])
def test_values_that_are_none_are_refused_by_the_name_of_the_option(text):
    with pytest.raises(InputError, match="lr"):
        read_range("lr", text)


def test_levels_of_a_range_are_at_equal_distances_or_ratios():
    assert Between(0.0, 1.0).levels(3) == (0.0, 0.5, 1.0)
    assert Between(0.001, 0.1, log=True).levels(3) == (0.001, 0.01, 0.1)
    assert Between(1, 2, whole=True).levels(3) == (1, 2)


def test_tidied_values_stay_in_the_range():
    assert Between(0.12345, 0.2).tidy(0.12345) == 0.12345
    assert Between(0.1, 0.98765).tidy(0.98765) == 0.98765
    assert Between(0.0003, 0.03, log=True).tidy(0.00123456) == 0.00123


@pytest.mark.parametrize("name", MODELS)
def test_every_model_takes_every_value_of_its_space(name):
    space = usual_space(Member(name, {}, ""))
    assert {"lr", "weight_decay"} < set(space)
    for option, values in space.items():
        for value in values.levels(2):
            module = MODELS[name](dims=Dims(48, 4, 1, 0, 0, 0), **{option: value})
            assert {**module.hparams, **module.options}[option] == value
