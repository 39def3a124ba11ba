from math import log1p, sqrt

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from datamodules.errors import InputError
from forecast.evaluation import metrics as m

LEVELS = (0.1, 0.5, 0.9)


def _rows(n=60, seed=0, **changes):
    rng = np.random.default_rng(seed)
    actual = rng.gamma(3, 10, n)
    mean = actual + rng.normal(0, 4, n).clip(-actual)
    path = np.repeat(np.arange(n // 6), 6)
    rows = m.Rows(
        actual=actual,
        mean=mean,
        quantiles=mean[:, None] + np.array([-4.0, 0.5, 6.0]),
        levels=LEVELS,
        naive_mae=rng.uniform(2, 5, n // 6)[path],
        naive_mse=rng.uniform(9, 30, n // 6)[path],
        path=path,
        reference=actual + rng.normal(0, 8, n),
        naive2=actual * rng.uniform(0.6, 1.5, n),
    )
    return rows._replace(**changes)


def _loop(rows, term):
    total = 0.0
    for index in range(len(rows.actual)):
        total += term(index, float(rows.actual[index]), float(rows.mean[index]))
    return total / len(rows.actual)


INDEPENDENT = {
    "mse": lambda r: sk.mean_squared_error(r.actual, r.mean),
    "rmse": lambda r: sk.root_mean_squared_error(r.actual, r.mean),
    "mae": lambda r: sk.mean_absolute_error(r.actual, r.mean),
    "mape": lambda r: 100 * sk.mean_absolute_percentage_error(r.actual, r.mean),
    "smape": lambda r: _loop(r, lambda i, y, f: 100 * 2 * abs(y - f) / (abs(y) + abs(f))),
    "wape": lambda r: 100 * _loop(r, lambda i, y, f: abs(y - f)) / _loop(r, lambda i, y, f: abs(y)),
    "r2": lambda r: sk.r2_score(r.actual, r.mean),
    "explained_variance": lambda r: sk.explained_variance_score(r.actual, r.mean),
    "msle": lambda r: sk.mean_squared_log_error(r.actual, r.mean),
    "rmsle": lambda r: sqrt(_loop(r, lambda i, y, f: (log1p(f) - log1p(y)) ** 2)),
    "mase": lambda r: _loop(r, lambda i, y, f: abs(y - f) / r.naive_mae[i]),
    "rmsse": lambda r: _slow_rmsse(r),
    "bias": lambda r: _loop(r, lambda i, y, f: f - y),
    "pinball": lambda r: np.mean(
        [sk.mean_pinball_loss(r.actual, r.quantiles[:, i], alpha=level) for i, level in enumerate(LEVELS)]
    ),
    "crps": lambda r: (
        2 * np.mean([sk.mean_pinball_loss(r.actual, r.quantiles[:, i], alpha=level) for i, level in enumerate(LEVELS)])
    ),
    "interval_score": lambda r: _loop(r, lambda i, y, f: _winkler(r, i, y)),
    "msis": lambda r: _loop(r, lambda i, y, f: _winkler(r, i, y) / r.naive_mae[i]),
    "wis": lambda r: _loop(r, lambda i, y, f: (abs(y - r.quantiles[i, 1]) / 2 + 0.1 * _winkler(r, i, y)) / 1.5),
    "coverage": lambda r: _loop(r, lambda i, y, f: r.quantiles[i, 0] <= y <= r.quantiles[i, 2]),
    "width": lambda r: _loop(r, lambda i, y, f: r.quantiles[i, 2] - r.quantiles[i, 0]),
    "skill": lambda r: (
        1
        - _loop(r, lambda i, y, f: abs(y - f) / r.naive_mae[i])
        / _loop(r, lambda i, y, f: abs(y - r.reference[i]) / r.naive_mae[i])
    ),
    "owa": lambda r: (
        (
            _loop(r, lambda i, y, f: abs(y - f) / (abs(y) + abs(f)))
            / _loop(r, lambda i, y, f: abs(y - r.naive2[i]) / (abs(y) + abs(r.naive2[i])))
            + _loop(r, lambda i, y, f: abs(y - f) / r.naive_mae[i])
            / _loop(r, lambda i, y, f: abs(y - r.naive2[i]) / r.naive_mae[i])
        )
        / 2
    ),
}

OPTIMUM = dict.fromkeys(INDEPENDENT, 0.0) | {"r2": 1.0, "explained_variance": 1.0, "coverage": 1.0, "skill": 1.0}


def _winkler(rows, index, actual):
    """Of the interval from level 0.1 to 0.9."""
    low, _, high = rows.quantiles[index]
    return high - low + (10 * (low - actual) if actual < low else 10 * (actual - high) if actual > high else 0.0)


def _slow_rmsse(rows):
    paths = []
    for path in sorted(set(rows.path)):
        members = [i for i in range(len(rows.path)) if rows.path[i] == path]
        squared = sum((rows.actual[i] - rows.mean[i]) ** 2 for i in members) / len(members)
        paths.append(sqrt(squared / rows.naive_mse[members[0]]))
    return sum(paths) / len(paths)


@pytest.mark.parametrize("name", m.all_metrics())
def test_equals_an_independent_computation(name):
    rows = _rows()
    assert m.all_metrics()[name](rows).value == pytest.approx(INDEPENDENT[name](rows), rel=1e-12)


@pytest.mark.parametrize("name", m.all_metrics())
def test_perfect_forecast_hits_the_optimum(name):
    rows = _rows()
    perfect = rows._replace(mean=rows.actual, quantiles=np.repeat(rows.actual[:, None], 3, axis=1))
    assert m.all_metrics()[name](perfect) == m.Score(OPTIMUM[name])


@pytest.mark.parametrize("name", m.all_metrics())
def test_one_forecast_that_is_nan_makes_the_metric_nan(name):
    rows = _rows()
    mean, quantiles = rows.mean.copy(), rows.quantiles.copy()
    mean[7] = quantiles[7] = np.nan
    score = m.evaluate(rows._replace(mean=mean, quantiles=quantiles), m.named([name]))[name]
    assert np.isnan(score.value)
    assert score.undefined == "a forecast is not finite"


@pytest.mark.parametrize("name", m.all_metrics())
def test_first_docstring_line_is_a_sentence_for_the_list(name):
    assert m.all_metrics()[name].__doc__.splitlines()[0].endswith(".")


def _with(values, at, value):
    changed = values.copy()
    changed[at] = value
    return changed


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("mape", {"actual": _with(_rows().actual, [2, 9], 0.0)}, "2 zero actuals"),
        ("mape", {"actual": _with(_rows().actual, [2], 0.0)}, "1 zero actual"),
        ("smape", {"actual": np.zeros(60), "mean": np.zeros(60)}, "60 rows with actual and forecast zero"),
        ("wape", {"actual": np.zeros(60)}, "60 actuals, all zero"),
        ("msle", {"mean": _with(_rows().mean, [3], -0.1)}, "1 row with a negative actual or forecast"),
        ("rmsle", {"actual": _with(_rows().actual, [3], -0.1)}, "1 row with a negative actual or forecast"),
        ("r2", {"actual": np.full(60, 5.0)}, "60 actuals, all equal"),
        ("explained_variance", {"actual": np.full(60, 5.0)}, "60 actuals, all equal"),
        ("mase", {"naive_mae": _with(_rows().naive_mae, [0, 1], [0.0, np.nan])}, "2 rows whose series has no"),
        ("rmsse", {"naive_mse": _with(_rows().naive_mse, [0], 0.0)}, "1 row whose series has no"),
        ("skill", {"reference": _with(_rows().reference, [0], np.nan)}, "1 row without a forecast of the reference"),
        ("skill", {"reference": _rows().actual}, "60 rows, on all the reference is perfect"),
        ("owa", {"naive2": _with(_rows().naive2, [0, 3], np.nan)}, "2 rows without a forecast of Naive2"),
        ("owa", {"naive2": _rows().actual}, "60 rows, on all Naive2 is perfect"),
        ("owa", {"naive_mae": _with(_rows().naive_mae, [0], 0.0)}, "1 row whose series has no"),
        (
            "owa",
            {name: _with(getattr(_rows(), name), [2], 0.0) for name in ("actual", "naive2")},
            "1 row with actual and forecast zero, that of Naive2",
        ),
        ("pinball", {"quantiles": np.empty((60, 0))}, "60 rows without quantiles"),
        (
            "crps",
            {"quantiles": _rows().quantiles * [np.nan, 1, 1]},
            f"60 rows without quantiles at {LEVELS[0]}, which others",
        ),
        ("crps", {"quantiles": np.empty((60, 0))}, "60 rows without quantiles"),
        ("wis", {"levels": (0.2, 0.5, 0.9)}, "60 rows without a central interval"),
        ("interval_score", {"quantiles": np.empty((60, 0))}, "60 rows without quantiles"),
        ("msis", {"naive_mae": _with(_rows().naive_mae, [0], 0.0)}, "1 row whose series has no"),
        ("coverage", {"quantiles": np.empty((60, 0))}, "60 rows without quantiles"),
        ("width", {"levels": (0.2, 0.5, 0.9)}, "60 rows without a central interval"),
    ],
)
def test_undefined_is_nan_with_its_count(name, changes, reason):
    value, undefined = m.all_metrics()[name](_rows(**changes))
    assert np.isnan(value)
    assert undefined.startswith(reason)


@pytest.mark.parametrize(
    ("smape", "mase", "published"), [(9.328, 0.893, 0.440), (13.912, 1.193, 0.628), (18.383, 2.395, 1)]
)
def test_owa_of_published_scores(smape, mase, published):
    """The M4 competition's evaluation sheet, Hourly: ES-RNN, seasonal naive and Naive2."""
    large = 1e9  # the first row makes the MASE alone, the second one the sMAPE
    actual, scale = np.array([large, 1.0]), np.array([1.0, large])
    ours, naive2 = (
        np.array([large + 2 * scaled, (100 + percent) / (100 - percent)])
        for percent, scaled in ((smape, mase), (18.383, 2.395))
    )
    rows = _rows()._replace(actual=actual, mean=ours, naive2=naive2, naive_mae=scale)
    assert (m.smape(rows).value, m.mase(rows).value) == pytest.approx((smape, mase))
    assert m.owa(rows).value == pytest.approx(published, abs=6e-4)  # from rounded figures


def test_no_rows_are_undefined_not_zero():
    empty = _rows(n=0)
    assert all(score.undefined == "no observed rows" for score in m.evaluate(empty, m.all_metrics()).values())


def test_interval_is_the_widest_pair_of_mirrored_levels():
    assert m.central_interval((0.025, 0.1, 0.5, 0.9, 0.99)) == (1, 3)
    assert m.central_interval((0.5,)) == ()
    assert m.central_intervals((0.025, 0.1, 0.5, 0.9, 0.975)) == [(0, 4), (1, 3)]


def test_unknown_metric_names_the_nearest():
    with pytest.raises(InputError, match="did you mean 'smape'"):
        m.named(["smap"])


# Quarterly beer production (megalitres), Australian Bureau of Statistics: 1992 Q1 to 2010 Q2.
BEER = """443 410 420 532 433 421 410 512 449 381 423 531 426 408 416 520 409 398 398 507 432 398 406 526 428 397 403
517 435 383 424 521 421 402 414 500 451 380 416 492 428 408 406 506 435 380 421 490 435 390 412 454 416 403 408 482 438
386 405 491 427 383 394 473 420 390 410 488 415 398 419 488 414 374"""


@pytest.mark.parametrize(
    ("method", "published"),
    [
        ("mean", (38.45, 34.83, 8.28, 2.44)),
        ("naive", (62.69, 57.40, 14.18, 4.01)),
        ("seasonal naive", (14.31, 13.40, 3.17, 0.94)),
    ],
)
def test_published_accuracy_of_beer_forecasts(method, published):
    """Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 2nd ed., section 3.4: RMSE MAE MAPE MASE."""
    values = np.array(BEER.split(), dtype=float)
    train, actual = values[:64], values[64:]
    forecasts = {"mean": np.full(10, train.mean()), "naive": np.full(10, train[-1])}
    mean = forecasts.get(method, np.tile(train[-4:], 3)[:10])
    scale = np.full(10, np.abs(train[4:] - train[:-4]).mean())
    rows = _rows()._replace(actual=actual, mean=mean, naive_mae=scale)
    ours = [m.all_metrics()[name](rows).value for name in ("rmse", "mae", "mape", "mase")]
    np.testing.assert_allclose(ours, published, atol=0.0051)


def test_published_scores_of_the_google_stock_interval():
    """Forecasting: Principles and Practice, 3rd ed., section 5.9: the naive 80 % interval of 2016-01-04."""
    close, low, actual = 758.88, 744.54, 741.84
    rows = _rows(n=1)._replace(actual=np.array([actual]), levels=(0.1, 0.9))
    rows = rows._replace(quantiles=np.array([[low, 2 * close - low]]))
    assert m.interval_score(rows).value == pytest.approx(55.7, abs=0.05)
    lower = rows._replace(quantiles=rows.quantiles[:, :1], levels=(0.1,))
    assert m.crps(lower).value == pytest.approx(4.86, abs=0.005)


def test_crps_of_many_levels_nears_the_closed_form_of_a_normal_forecast():
    """Gneiting and Raftery (2007), equation 21: sigma (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi))."""
    levels = tuple(float(level) for level in (np.arange(400) + 0.5) / 400)
    actual = np.array([-2.0, 0.3, 7.0])
    rows = _rows(n=3)._replace(actual=actual, levels=levels)
    rows = rows._replace(quantiles=np.tile(1 + 2 * stats.norm.ppf(levels), (3, 1)))
    z = (actual - 1) / 2
    exact = 2 * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert m.crps(rows).value == pytest.approx(exact.mean(), rel=1e-3)


def test_weighted_interval_score_is_the_crps_of_mirrored_levels_with_a_median():
    """Bracher et al. (2021), section 2.2."""
    rows = _rows()
    assert m.wis(rows).value == pytest.approx(m.crps(rows).value)
    without = rows._replace(quantiles=rows.quantiles[:, [0, 2]], levels=(0.1, 0.9))
    by_hand = (m.mae(rows).value / 2 + 0.1 * m.interval_score(without).value) / 1.5
    assert m.wis(without).value == pytest.approx(by_hand)
