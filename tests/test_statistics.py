"""Statistics of training rows, against a slow loop over the series."""

import numpy as np
import pytest
from scipy import stats

from datamodules.errors import InputError
from datamodules.split import Part, by_steps
from datamodules.statistics import Rows, box_cox, fit_rows, location_and_scale, quantiles, training_rows

ROW_KINDS = ("mean_abs", "standard", "minmax", "robust")


def rows_of(*series):
    return Rows(np.concatenate(series), np.cumsum([0, *map(len, series)]))


def slow(kind, values):
    """(loc, scale) of one series."""
    if kind == "robust":
        low, loc, high = np.quantile(values, (0.25, 0.5, 0.75))
        return loc, high - low
    if kind == "minmax":
        return values.min(), np.ptp(values)
    loc = values.mean()
    return loc, values.std() if kind == "standard" else np.abs(values - loc).mean()


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_all_series_at_once_equal_a_loop_over_them(kind):
    rng = np.random.default_rng(0)
    series = [rng.normal(rng.normal(0, 100), rng.exponential(10), size) for size in (5, 0, 1, 64, 65, 300, 2, 0)]
    loc, scale = location_and_scale(kind, rows_of(*series))
    for index, values in enumerate(series):
        expected = slow(kind, values) if len(values) else (np.nan, np.nan)
        np.testing.assert_allclose((loc[index], scale[index]), expected, rtol=1e-12)


def test_quantiles_are_those_of_numpy():
    rng = np.random.default_rng(1)
    series = [rng.normal(size=size) for size in rng.integers(1, 200, 50)]
    shares = (0.0, 0.1, 0.5, 0.77, 1.0)
    expected = np.stack([np.quantile(values, shares) for values in series], axis=1)
    np.testing.assert_allclose(quantiles(rows_of(*series), shares), expected, rtol=1e-12)


@pytest.mark.parametrize("value", [0.1, 1e12 + 0.1, 1e-12, 0.0, -7.0])
@pytest.mark.parametrize("kind", ROW_KINDS)
def test_constant_series_have_no_scale_and_keep_their_level_to_the_bit(kind, value):
    loc, scale = location_and_scale(kind, rows_of(np.full(1000, value), np.full(7, 3.0)))
    assert (loc[0], scale[0]) == (value, 0.0)


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_variation_far_below_the_level_counts(kind):
    wave = 10 * np.sin(np.arange(200))
    _, scale = location_and_scale(kind, rows_of(1e12 + wave))
    assert scale[0] == pytest.approx(slow(kind, wave)[1], rel=1e-3)


def test_power_is_that_of_scipy():
    rng = np.random.default_rng(0)
    series = [rng.gamma(2, size=200) * 1000, np.exp(rng.normal(size=300)), rng.normal(10, 1, 250) ** 2]
    power, level = box_cox(rows_of(*series))
    np.testing.assert_allclose(power, [stats.boxcox(values)[1] for values in series], atol=1e-4)
    np.testing.assert_allclose(level, [np.log(stats.gmean(values)) for values in series])


def test_power_stays_between_minus_one_and_two_and_needs_three_values_that_vary():
    rng = np.random.default_rng(0)
    power, _ = box_cox(rows_of(rng.normal(10, 1, 50) ** 0.1, np.exp(rng.normal(9, 1, 50)) ** 0.2 + 9, np.full(9, 5.0)))
    assert (np.abs(power[:2]) <= 2).all()
    assert np.isnan(power[2])
    assert np.isnan(box_cox(rows_of(np.array([1.0, 2.0])))[0]).all()


@pytest.mark.parametrize("kind", ROW_KINDS)
@pytest.mark.parametrize("per", ["series", "panel"])
def test_rows_outside_the_part_do_not_matter(make_panel, kind, per):
    panel = make_panel([40, 30], targets=2, holes=0.2)
    part = by_steps(panel, validation=10).train
    blanked = panel.until(part.stop - 1)
    for left, right in zip(fit_rows(kind, panel, part, per=per), fit_rows(kind, blanked, part, per=per), strict=True):
        np.testing.assert_array_equal(left, right)
        assert left.shape == (2, 2)


@pytest.mark.parametrize("per", ["series", "panel"])
def test_rows_are_fitted_per_series_or_for_the_panel(make_panel, per):
    panel = make_panel([40, 30], holes=0.2)
    part = by_steps(panel, validation=10).train
    loc, scale = fit_rows("standard", panel, part, per=per)
    used = [panel.target[begin:stop, 0] for begin, stop in zip(*part, strict=True)]
    used = used if per == "series" else [np.concatenate(used)] * 2
    np.testing.assert_allclose(loc[:, 0], [np.nanmean(y) for y in used])
    np.testing.assert_allclose(scale[:, 0], [np.nanstd(y) for y in used])


def test_series_without_rows_in_the_part_takes_the_statistics_of_the_part(make_panel):
    panel = make_panel([40, 30])
    part = Part(np.array([0, 40]), np.array([40, 40]))
    loc, scale = fit_rows("mean_abs", panel, part, per="series")
    assert loc[0] == loc[1] == pytest.approx(panel.target[:40].mean())
    assert scale[0] == scale[1]


def test_constant_series_are_scaled_by_their_level(make_panel):
    panel = make_panel([40])
    part = Part(np.array([0]), np.array([1]))
    assert all(fit_rows(kind, panel, part, per="series")[1] == panel.target[0] for kind in ROW_KINDS)


def test_training_rows_are_the_observed_ones_of_the_part(make_panel):
    panel = make_panel([40, 30], targets=2, holes=0.2)
    part = by_steps(panel, validation=10).train
    for target, rows in enumerate(training_rows(panel, part)):
        for series in range(2):
            shown = panel.target[part.begin[series] : part.stop[series], target]
            np.testing.assert_array_equal(rows.values[slice(*rows.edges[series : series + 2])], shown[~np.isnan(shown)])


@pytest.mark.parametrize(
    ("kind", "per", "named"), [("standart", "series", "standard"), ("standard", "serie", "series")]
)
def test_unknown_names_are_refused_with_the_nearest(make_panel, kind, per, named):
    panel = make_panel([40])
    with pytest.raises(InputError, match=f"did you mean '{named}'"):
        fit_rows(kind, panel, by_steps(panel, validation=5).train, per=per)
