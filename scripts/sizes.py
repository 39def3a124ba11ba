"""How often each test of a difference rejects, by simulation: its size where there is none, its power where there is.

    python scripts/sizes.py [--replications N] [--seed N]

Losses of two models (four for ranks and confidence sets) are simulated for series at cutoffs: a surprise of each cell,
one that all series share at a cutoff, and one of each series for good. ``ar`` correlates cutoffs in time, ``overlap``
lets the forecasts of neighbouring cutoffs share steps. Nominal is 5 % for tests, 95 % for intervals (shown as the share
that misses), and 10 % for the confidence set (the share that lacks the best model). ``-`` is not defined there.
Power is at a difference of ``effect`` standard errors, beside the noncentral t of the one-step test.
"""

import argparse
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from forecast.evaluation.cells import Cells
from forecast.evaluation.clusters import mean_test
from forecast.evaluation.conditional import giacomini_white
from forecast.evaluation.confidence_set import set_of
from forecast.evaluation.ranks import Ranks, rank
from forecast.evaluation.resampling import deviations, resample
from forecast.evaluation.significance import compare, diebold_mariano, losses_of

MODELS = 4
LEVEL = 0.05


class Design(NamedTuple):
    """How losses are simulated: standard deviations 1 of a cell, ``common`` of a cutoff, ``own`` of a series."""

    series: int
    cutoffs: int
    common: float = 0.0
    own: float = 0.0
    ar: float = 0.0
    overlap: int = 1

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """(M, N, C) losses of equally good models."""
        parts = [
            size * self._in_time(rng.normal(size=(MODELS, n, self.cutoffs + self.overlap + 20)))
            for size, n in ((1.0, self.series), (self.common, 1))
        ]
        return 10 + parts[0] + parts[1] + self.own * rng.normal(size=(MODELS, self.series, 1))

    def _in_time(self, shocks: np.ndarray) -> np.ndarray:
        for time in range(1, shocks.shape[-1]) if self.ar else ():
            shocks[..., time] = self.ar * shocks[..., time - 1] + np.sqrt(1 - self.ar**2) * shocks[..., time]
        windows = np.lib.stride_tricks.sliding_window_view(shocks, self.overlap, axis=-1)
        return np.asarray(windows.sum(axis=-1)[..., -self.cutoffs :] / np.sqrt(self.overlap))

    def cells(self, losses: np.ndarray) -> Cells:
        """The losses as those of a table."""
        names = pd.DataFrame({"unique_id": np.arange(self.series).astype(str), "target": "y"})
        observed = np.ones(losses.shape[1:], np.int64)
        models = tuple(f"M{number}" for number in range(len(losses)))
        return Cells(models, losses, observed, names, np.arange(self.cutoffs), self.overlap, "loss")


DESIGNS = {
    "30 cutoffs": Design(5, 30),
    "10 cutoffs": Design(5, 10),
    "5 cutoffs": Design(5, 5),
    "10 cutoffs, common": Design(50, 10, common=0.5),
    "10 cutoffs, common and own": Design(50, 10, common=0.5, own=0.5),
    "3 cutoffs, 100 series": Design(100, 3),
    "3 cutoffs, 100 series, own": Design(100, 3, own=1.0),
    "3 cutoffs, 100 series, common": Design(100, 3, common=0.5),
    "1 cutoff, 100 series": Design(100, 1),
    "1 cutoff, 100 series, common": Design(100, 1, common=0.2),
    "30 cutoffs, overlap 3": Design(5, 30, overlap=3),
    "12 cutoffs, overlap 3": Design(5, 12, overlap=3),
    "30 cutoffs, ar 0.5": Design(5, 30, ar=0.5),
    "10 cutoffs, ar 0.5": Design(5, 10, ar=0.5),
}


def verdict_test(found: Cells, seed: int) -> float:
    """1 where the test of the verdict rejects."""
    return _rejects(compare(losses_of(found), "M0", "M1").p_value)


def panel_test(found: Cells, seed: int) -> float:
    """1 where the test clustered by series and cutoff rejects."""
    return _rejects(mean_test(found.loss[0] - found.loss[1], found.observed, found.overlap).p_value)


def conditional_test(found: Cells, seed: int) -> float:
    """1 where Giacomini and White's test rejects."""
    return _rejects(giacomini_white((found.loss[0] - found.loss[1]).mean(axis=0), found.overlap).p_value)


def interval(found: Cells, seed: int) -> float:
    """1 where the bootstrap interval of a difference lacks 0."""
    sample = resample((found.loss[0] - found.loss[1])[..., None], found.overlap, draws=499, seed=seed)
    if not sample.draws:
        return np.nan
    value, strayed = deviations(sample, lambda sums: sums, 1 - LEVEL)
    low, high = np.quantile(strayed, [LEVEL / 2, 1 - LEVEL / 2], axis=0) + value
    return float(low[0] > 0 or high[0] < 0)


def friedman_test(found: Cells, seed: int) -> float:
    """1 where Friedman's test rejects."""
    return _rejects(_ranked(found).friedman_p)


def nemenyi(found: Cells, seed: int) -> float:
    """1 where any two mean ranks are told apart."""
    ranks = _ranked(found)
    return np.nan if ranks.note else float(np.ptp(ranks.mean_ranks) > ranks.critical_difference)


def best_is_beaten(found: Cells, seed: int) -> float:
    """1 where the comparison with the best calls the first of equal models beaten."""
    ranks = _ranked(found)
    return np.nan if ranks.note else float(ranks.mcb.set_index("model")["beaten"]["M0"])


def left_out(found: Cells, seed: int) -> float:
    """1 where the model confidence set of 90 % lacks the first of equal models."""
    chosen = set_of(found, size=0.10, seed=seed, statistic="max", draws=499).set_index("model")
    return np.nan if np.isnan(chosen["p_value"]["M0"]) else float(not chosen["inside"]["M0"])


TESTS: Mapping[str, Callable[[Cells, int], float]] = {
    "verdict": verdict_test,
    "panel": panel_test,
    "GW": conditional_test,
    "interval": interval,
    "Friedman": friedman_test,
    "Nemenyi": nemenyi,
    "MCB": best_is_beaten,
    "MCS": left_out,
}


def sizes(design: Design, replications: int, seed: int = 0) -> dict[str, float]:
    """The share of samples in which each test rejects; NaN where it is not defined."""
    rng = np.random.default_rng(seed)
    samples = [design.cells(design.draw(rng)) for _ in range(replications)]
    return {name: float(np.mean([test(found, n) for n, found in enumerate(samples)])) for name, test in TESTS.items()}


def power(n: int, effect: float, replications: int, seed: int = 0) -> tuple[float, float]:
    """The power of the one-step test with n cutoffs at a difference of ``effect`` standard errors, and what t says."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(effect / np.sqrt(n), 1.0, size=(replications, n))
    found = np.mean([diebold_mariano(row, 1).p_value < LEVEL for row in drawn])
    critical = stats.t.ppf(1 - LEVEL / 2, n - 1)
    theory = stats.nct.sf(critical, n - 1, effect) + stats.nct.cdf(-critical, n - 1, effect)
    return float(found), float(theory)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"rejections in %, {options.replications} replications, bootstrap of 499 draws")
    print(f"{'null':32}" + "".join(f"{name:>10}" for name in TESTS))
    for name, design in DESIGNS.items():
        found = sizes(design, options.replications, options.seed)
        cells = ("-" if np.isnan(share) else f"{100 * share:.1f}" for share in found.values())
        print(f"{name:32}" + "".join(f"{cell:>10}" for cell in cells), flush=True)
    print(f"\n{'power':32}{'simulated':>10}{'theory':>10}")
    for n, effect in ((5, 3.0), (10, 2.0), (10, 3.0), (30, 2.0), (30, 3.0)):
        found_power, theory = power(n, effect, 10 * options.replications, options.seed)
        print(f"{f'{n} cutoffs, {effect:g} errors':32}{100 * found_power:10.1f}{100 * theory:10.1f}")


def _rejects(p_value: float) -> float:
    return np.nan if np.isnan(p_value) else float(p_value < LEVEL)


def _ranked(found: Cells) -> Ranks:
    return rank(pd.DataFrame(found.loss.mean(axis=2).T, columns=list(found.models)))


if __name__ == "__main__":
    main()
