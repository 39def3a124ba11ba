"""Generated series: seeds, sizes, and that each part does what it says."""

import numpy as np
import pytest

from datamodules.errors import InputError
from datamodules.find import find
from datamodules.sets.driven import Driven
from datamodules.sets.generated import Generated
from datamodules.sets.intermittent import Intermittent
from datamodules.sets.synthetic import Synthetic

PLAIN = {"n_series": 40, "length": 600, "trend": 0.0, "noise": 0.0, "seasons": (24,)}


def matrix(panel):
    """(N, length) of series of one length, each divided by its mean."""
    values = panel.target.reshape(panel.n_series, -1)
    return values / values.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("kind", find("datamodules", Generated).values(), ids=lambda kind: kind.__name__)
def test_equal_seeds_give_equal_series_and_others_others(kind):
    panel = kind(n_series=30, length=(50, 90), freq="D", seed=3).load()
    assert panel.n_series == 30
    assert 50 <= panel.lengths.min() < panel.lengths.max() <= 90
    assert len(set((panel.start + panel.lengths).tolist())) == 1
    assert kind(n_series=30, length=(50, 90), freq="D", seed=3).load().fingerprint() == panel.fingerprint()
    assert kind(n_series=30, length=(50, 90), freq="D", seed=4).load().fingerprint() != panel.fingerprint()


def test_generated_data_leave_the_global_random_state_alone():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    Synthetic(shifts=2, tails=3).load()
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_series_repeat_with_their_season():
    values = matrix(Synthetic(**PLAIN).load())
    assert np.allclose(values[:, :-24], values[:, 24:])
    assert values.std(axis=1).min() > 0.05


def test_noise_has_the_scale_asked_for():
    quiet, loud = (Synthetic(**(PLAIN | {"noise": noise})).load() for noise in (0.0, 0.2))
    ratio = (loud.target - quiet.target).reshape(40, -1) / quiet.target.reshape(40, -1).mean(axis=1, keepdims=True)
    assert ratio.std() == pytest.approx(0.2, rel=0.03)


def test_tails_are_those_of_students_t():
    options = PLAIN | {"seasons": (1,), "noise": 0.1, "multiplicative": True}
    values = np.log(Synthetic(**options, tails=3).load().target).reshape(40, -1)
    noise = np.abs(values - np.median(values, axis=1, keepdims=True)) / 0.1
    assert np.median(noise) == pytest.approx(0.765, rel=0.03)  # quantiles of Student's t with 3 degrees of freedom
    assert np.quantile(noise, 0.98) == pytest.approx(4.541, rel=0.06)


def test_levels_shift_as_often_as_asked_for_and_stay():
    options = PLAIN | {"n_series": 500}
    still, moved = (Synthetic(**options, shifts=shifts).load() for shifts in (0, 3))
    change = (moved.target - still.target).reshape(500, -1)
    levels = still.target.reshape(500, -1).mean(axis=1, keepdims=True)
    steps = np.diff(change / levels, axis=1)
    assert (np.abs(steps) > 1e-9).sum(axis=1).mean() == pytest.approx(3, rel=0.1)
    assert steps[np.abs(steps) > 1e-9].std() == pytest.approx(0.5, rel=0.1)


def test_shifts_of_one_series_do_not_reach_the_next():
    still, moved = (Synthetic(**(PLAIN | {"length": (100, 200)}), shifts=shifts, seed=5).load() for shifts in (0, 2))
    begins = moved.offsets[:-1]
    same = np.isclose(moved.target[begins], still.target[begins])
    assert same.mean() > 0.9  # a shift may come with the first row


def test_multiplied_parts_stay_above_zero_and_their_logarithms_add():
    options = PLAIN | {"trend": 3.0, "noise": 0.3}
    assert Synthetic(**options).load().target.min() < 0
    values = Synthetic(**options, multiplicative=True).load().target
    assert values.min() > 0
    seasonal = np.log(Synthetic(**PLAIN, multiplicative=True).load().target).reshape(40, -1)
    assert np.allclose(seasonal[:, :-24], seasonal[:, 24:])


@pytest.mark.parametrize("interval", [1.0, 2.0, 10.0])
def test_demand_comes_as_often_and_is_as_large_as_asked_for(interval):
    panel = Intermittent(n_series=1000, length=200, interval=interval, size=5).load()
    values = panel.target
    assert (values == 0).mean() == pytest.approx(1 - 1 / interval, abs=0.015)
    assert values[values > 0].mean() == pytest.approx(5, rel=0.05)
    assert (values == np.round(values)).all()
    assert values.min() >= 0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_driver_explains_its_share_of_the_variance(share):
    panel = Driven(n_series=50, length=1200, share=share).load()
    driver = panel.known.reshape(50, -1)
    values = panel.target.reshape(50, -1)
    correlation = [np.corrcoef(one, two)[0, 1] for one, two in zip(driver, values, strict=True)]
    assert np.square(correlation).mean() == pytest.approx(share, abs=0.03)


def test_kind_says_which_way_the_driver_moves_a_series():
    panel = Driven(n_series=10, length=1200).load()
    slope = (panel.known * panel.target).reshape(10, -1).mean(axis=1)
    assert panel.categories == {"kind": ("falls", "rises")}
    assert (np.sign(slope) == 2 * panel.static[:, 0] - 1).all()


def test_driver_cannot_be_forecast_from_its_past():
    driver = Driven(n_series=1, length=5000).load().known[:, 0]
    assert max(abs(np.corrcoef(driver[:-lag], driver[lag:])[0, 1]) for lag in (1, 2, 24)) < 0.05


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Synthetic(length=(9, 5)), "expected the shorter number first"),
        (lambda: Synthetic(n_series=0), "n_series is 0"),
        (lambda: Synthetic(tails=-1.0), r"tails is -1\.0"),
        (lambda: Intermittent(interval=0.5), r"interval is 0\.5"),
        (lambda: Driven(share=1.5), r"share is 1\.5; expected a fraction from 0 to 1"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
