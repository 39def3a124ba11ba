from dataclasses import replace

import pytest

from datamodules.errors import InputError
from datamodules.features import Features


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"calendar": ("hours",)}, "calendar 'hours' is not known; did you mean 'hour'"),
        ({"calendar": "hour"}, "calendar is 'hour'; expected a list"),
        ({"calendar": ("auto", "hour")}, "auto alone"),
        ({"calendar": ("hour", "hour")}, "'hour' twice"),
        ({"fourier": ("24:2", "24:3")}, "'24' twice"),
        ({"fourier": ("24",)}, "period:pairs"),
        ({"lags": (-24,)}, "a lag is -24; expected a whole number of steps back, at least 1. Give 24."),
        ({"lags": (0,)}, "a lag is 0"),
        ({"rolling": ("std_24",)}, "rolling 'std_24'"),
        ({"use": ("y", "y")}, "use names 'y' twice"),
    ],
)
def test_bad_options_are_refused_at_once(options, sentence):
    with pytest.raises(InputError, match=sentence):
        Features(**options)


def test_lists_become_tuples_so_that_features_can_be_compared_and_hashed():
    features = Features(calendar=["hour"], lags=[24], use=["y"])
    assert features == Features(calendar=("hour",), lags=(24,), use=("y",))
    assert hash(features) == hash(replace(features))


def test_reach_is_how_far_back_columns_of_the_target_look():
    assert Features(calendar=("hour",)).reach == 0
    assert Features(lags=(2, 7), rolling=("mean_5",)).reach == 7
    assert Features(lags=(2,), rolling=("mean_5", "max_9")).reach == 8
