"""Options of a class: known by their names, of the types that its signature says; mistakes are said in our words."""

import pytest
import pytorch_lightning as pl

from datamodules.errors import InputError
from forecast.models.mlp import MLP
from forecast.signature import option_names, typed


def test_options_are_those_of_the_class_and_of_every_network():
    names = option_names(MLP, skip={"dims"})
    assert {"hidden_size", "lr", "levels"} <= {*names}
    assert "dims" not in names


def test_values_become_what_the_signature_wants():
    assert typed(MLP, {"lr": "1e-3", "hidden_size": "8"}, "model MLP", skip={"dims"}) == {"lr": 0.001, "hidden_size": 8}
    assert typed(MLP, {}, "model MLP", skip={"dims"}) == {}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"hidden_size": 8.5}, "model MLP: hidden_size is 8.5; expected a whole number. Correct it."),
        ({"lr": 0.1, "hidden_size": "four"}, "model MLP: hidden_size is 'four'; expected a whole number. Correct it."),
        ({"lr": True}, "model MLP: lr is True; expected a number. Correct it."),
        ({"activation": 3}, "model MLP: activation is 3; expected a word. Correct it."),
        ({"skip": "perhaps"}, "model MLP: skip is 'perhaps'; expected true or false. Correct it."),
        ({"levels": 3}, "model MLP: levels is 3; expected a list. Correct it."),
        ({"levels": [0.1, "most"]}, "model MLP: levels is [0.1, 'most']; expected a number each. Correct it."),
        ({"hiden_size": 8}, "model MLP has no option 'hiden_size'; did you mean 'hidden_size'?"),
    ],
)
def test_mistakes_are_said_in_our_words(options, sentence):
    with pytest.raises(InputError) as caught:
        typed(MLP, options, "model MLP", skip={"dims"})
    assert str(caught.value) == sentence


def test_value_that_may_be_of_several_types_is_told_all_of_them():
    with pytest.raises(InputError) as caught:
        typed(pl.Trainer, {"max_epochs": [1]}, "trainer", skip=set())
    assert str(caught.value) == "trainer: max_epochs is [1]; expected a whole number or null. Correct it."
    with pytest.raises(InputError, match=r"precision is 'half'; expected .*'16-true', .*or null") as caught:
        typed(pl.Trainer, {"precision": "half"}, "trainer", skip=set())
    assert "typing" not in str(caught.value)
