"""Tests reject near their level when models are equally good, and find a difference as often as theory says."""

import importlib.util
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("sizes", Path(__file__).parents[1] / "scripts" / "sizes.py")
sizes = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(sizes)
Case = sizes.Case

QUICK = ("DM", "panel", "GW", "Friedman", "Nemenyi", "MCB")
HOLDS = {  # where a test claims to hold, so that it must not reject far over its level
    ("independent", shape): sizes.TESTS for shape in sizes.SHAPES
} | {
    ("overlapping", (1, 10)): sizes.TESTS,
    ("overlapping", (1, 30)): ("DM", "panel"),
    ("overlapping", (1, 100)): sizes.TESTS,
    ("overlapping", (50, 5)): sizes.TESTS,
    ("overlapping", (50, 20)): ("panel", "Friedman", "Nemenyi", "MCB"),
    ("shared", (400, 3)): ("panel", "Friedman", "Nemenyi", "MCB"),
    ("shared", (50, 5)): sizes.TESTS,
    ("shared", (50, 20)): sizes.TESTS,
    ("own", (50, 5)): ("panel", "bootstrap", "Friedman", "Nemenyi", "MCB", "MCS"),
    ("both", (50, 20)): ("panel", "Friedman", "Nemenyi", "MCB"),
    ("own", (50, 20)): ("panel", "Friedman", "Nemenyi", "MCB"),
}


def too_often(case, replications, tests):
    """The rates of those that reject over 1.6 times their level, Monte Carlo error allowed for."""
    most = {name: 1.6 * (sizes.SET_SIZE if name == "MCS" else sizes.LEVEL) for name in tests}
    rates = sizes.simulate(case, replications, tests=tests)
    return {name: rate for name, rate in rates.items() if rate.share - 2.5 * rate.error > most[name]}


@pytest.mark.parametrize(
    ("kind", "shape"), [("independent", (1, 30)), ("independent", (50, 5)), ("overlapping", (1, 10)), ("own", (50, 5))]
)
def test_equal_models_are_rarely_called_different(kind, shape):
    tests = tuple(name for name in QUICK if name in HOLDS[kind, shape])
    assert too_often(Case(*shape, kind), 300, tests) == {}


@pytest.mark.parametrize("kind", ["independent", "overlapping"])
def test_intervals_cover_and_sets_hold_the_best(kind):
    assert too_often(Case(1, 10, kind), 400, sizes.RESAMPLING) == {}


def test_exact_tests_reject_as_often_as_they_say_and_find_what_theory_says():
    rate = sizes.simulate(Case(1, 10), 800, tests=("DM",))["DM"]
    assert rate.share == pytest.approx(0.05, abs=0.025)
    case = Case(1, 10, gap=sizes.NONCENTRALITY / 10**0.5)
    rate = sizes.simulate(case, 800, tests=("DM",))["DM"]
    assert rate.share == pytest.approx(sizes.theory(case)["DM"], abs=3 * rate.error)


def test_power_of_student_is_that_of_statsmodels():
    power = pytest.importorskip("statsmodels.stats.power").TTestPower()
    assert sizes.student_power(9, 2.8) == pytest.approx(power.power(2.8 / 10**0.5, 10, 0.05), abs=1e-6)


def test_series_that_share_surprises_deceive_ranks_at_one_cutoff_and_not_where_more_show_it():
    tests = ("Friedman", "Nemenyi", "MCB")
    assert sizes.simulate(Case(50, 1, "shared"), 60, tests=tests)["Friedman"].share > 0.8
    assert too_often(Case(50, 5, "shared"), 200, tests) == {}


def test_where_a_test_cannot_tell_the_table_has_a_dash():
    rates = sizes.simulate(Case(1, 10), 4, tests=("Friedman", "DM"))
    assert sizes._shown(rates["Friedman"]) == "–"
    assert "±" in sizes._shown(rates["DM"])


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "shape"), HOLDS)
def test_no_test_rejects_far_over_its_level_where_it_claims_to_hold(kind, shape):
    assert too_often(Case(*shape, kind), 1200, HOLDS[kind, shape]) == {}


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(1, 30), (1, 100), (50, 1), (50, 20)])
def test_power_is_near_that_of_theory(shape):
    case = Case(*shape, gap=sizes.NONCENTRALITY / (shape[0] * shape[1]) ** 0.5)
    expected = sizes.theory(case)
    rates = sizes.simulate(case, 1500, tests=tuple(expected))
    for name, power in expected.items():
        below = 0.12 if name in ("panel", "GW") else 0.04  # conservative, and theory for large n
        assert power - below < rates[name].share < power + 0.06, name
