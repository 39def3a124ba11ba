"""Whether each test of a difference rejects as often as it says, by simulation; ``scripts/sizes.py`` prints more."""

import runpy
from pathlib import Path

import numpy as np
import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[1] / "scripts" / "sizes.py"))
DESIGNS, sizes, power = SCRIPT["DESIGNS"], SCRIPT["sizes"], SCRIPT["power"]
BY_CUTOFF = ("verdict", "panel", "interval", "GW")


@pytest.mark.parametrize("name", ["10 cutoffs", "3 cutoffs, 100 series, own"])
def test_equal_models_are_rarely_told_apart(name):
    found = sizes(DESIGNS[name], 100)
    assert all(share <= 0.12 for share in found.values() if not np.isnan(share)), found


def test_power_is_that_of_the_noncentral_t():
    found, theory = power(10, 3.0, 1000)
    assert found == pytest.approx(theory, abs=0.04)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["30 cutoffs", "10 cutoffs", "5 cutoffs", "3 cutoffs, 100 series", "1 cutoff, 100 series"]
)
def test_sizes_are_near_the_level_where_cells_are_independent(name):
    found = sizes(DESIGNS[name], 1000)
    assert found.pop("MCS") <= 0.13
    assert all(share <= 0.08 for share in found.values() if not np.isnan(share)), found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["10 cutoffs, common", "10 cutoffs, common and own", "3 cutoffs, 100 series, common"])
def test_shared_surprises_of_a_cutoff_deceive_no_test_but_ranks(name):
    found = sizes(DESIGNS[name], 1000)
    assert found["MCS"] <= 0.13
    assert all(found[test] <= 0.08 for test in BY_CUTOFF if not np.isnan(found[test])), found
    assert found["Friedman"] > 0.2
