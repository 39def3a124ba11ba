"""How often each test rejects when models are equally good, and how often it finds a difference: by simulation.

    python scripts/sizes.py [--replications N]

Five models have losses with normal noise, drawn anew N times for each number of series and cutoffs; the tests of the
evaluation run on them as they do on a backtest. The first table is the share of draws, in per cent, in which a test of
5 % (the model confidence set: 10 %) is wrong although all models are equally good; a dash is where a test says that it
cannot tell. The second is the share in which it finds a difference, beside the power that theory gives it. Those that
resample run on the first quarter of the draws.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.signal import lfilter

from forecast.evaluation.cells import FEW_SERIES
from forecast.evaluation.clusters import mean_test
from forecast.evaluation.conditional import giacomini_white
from forecast.evaluation.confidence_set import eliminate
from forecast.evaluation.ranks import LEAST_BLOCKS, critical_difference, design_effect, friedman
from forecast.evaluation.resampling import Resample, deviations, resample
from forecast.evaluation.significance import diebold_mariano

MODELS, DRAWS, HORIZON, CORRELATION = 5, 399, 4, 0.5
SHAPES = ((1, 10), (1, 30), (1, 100), (50, 1), (50, 5), (400, 3), (50, 20))
KINDS = {
    "independent": "losses of series and cutoffs are independent",
    "serial": "a series' losses at cutoffs that do not overlap are an autoregression with coefficient 0.5",
    "overlapping": "cutoffs a step apart, four steps ahead: a loss is the mean of four steps' surprises",
    "shared": "losses of two series at a cutoff have correlation 0.5",
    "own": "each series has a difference of its own, as large as the noise; none on average over all such series",
    "both": "shared and own at once",
}
REMARKS = (
    "DM on serial losses allows for what it finds, which few cutoffs seldom show",
    "GW on serial losses rejects rightly: there the differences can be told beforehand",
    "DM, GW and, from 6 cutoffs on, bootstrap and MCS speak about these series at other times: on own differences they "
    "reject rightly; the panel test and ranks ask about other series",
    "what series share at one cutoff cannot be told from a difference: no test over series holds there; notes say so",
)
TESTS = ("DM", "panel", "GW", "bootstrap", "Friedman", "Nemenyi", "MCB", "MCS")
RESAMPLING = ("bootstrap", "MCS")
LEVEL, SET_SIZE = 0.05, 0.10
NONCENTRALITY = 2.8  # a difference of so many standard errors is found in 80 % where the errors are known


class Case(NamedTuple):
    """What is simulated: how many series and cutoffs, how losses hang together (one of ``KINDS``), how much is to find.

    ``gap`` is what the first model's loss is below that of the others, which differ by noise of variance 1.
    """

    series: int
    cutoffs: int
    kind: str = "independent"
    gap: float = 0.0

    @property
    def overlap(self) -> int:
        """How many neighbouring cutoffs' forecasts share steps."""
        return HORIZON if self.kind == "overlapping" else 1

    @property
    def over_series(self) -> bool:
        """Whether tests take the series for the sample, as ``losses_of`` does."""
        return self.cutoffs <= self.overlap and self.series >= FEW_SERIES

    @property
    def units(self) -> int:
        """The size of the sample."""
        return self.series if self.over_series else self.cutoffs


class Rate(NamedTuple):
    """The share of draws in which a test rejected, and its Monte Carlo standard error; NaN where it cannot tell."""

    share: float
    error: float


def main() -> None:
    """Simulate all cases and print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=1000, help="draws of each case")
    options = parser.parse_args()
    begin = time.perf_counter()
    print(f"Wrong at 5 % (MCS 10 %), per cent of {options.replications:,} draws ± Monte Carlo standard error\n")
    for line in sizes(options.replications):
        print(line, flush=True)
    print("\n" + "\n".join(f"* {kind}: {meaning}" for kind, meaning in KINDS.items()))
    print("\n".join(f"* {remark}" for remark in REMARKS))
    print(f"\nPower, per cent found / by theory: a difference of {NONCENTRALITY} standard errors\n")
    for line in powers(options.replications):
        print(line, flush=True)
    print(f"\n{time.perf_counter() - begin:.0f} s")


def sizes(replications: int) -> Iterator[str]:
    """The lines of the table of sizes, as they are ready."""
    yield from _head("losses", "series", "cutoffs", *TESTS)
    for case in (Case(*shape, kind) for kind in KINDS for shape in SHAPES if sensible(*shape, kind)):
        rates = simulate(case, replications)
        yield _line(case.kind, case.series, case.cutoffs, *(_shown(rates[name]) for name in TESTS))


def powers(replications: int) -> Iterator[str]:
    """The lines of the table of power, as they are ready."""
    names = [name for name in TESTS if name != "MCB"]
    yield from _head("series", "cutoffs", "n", *names)
    for shape in SHAPES:
        n = Case(*shape).units
        case = Case(*shape, gap=NONCENTRALITY / np.sqrt(shape[0] * shape[1]))
        rates, expected = simulate(case, replications), theory(case)
        shown = [_shown(rates[name]) + (f" / {100 * expected[name]:.1f}" if name in expected else "") for name in names]
        yield _line(*shape, n, *shown)


def sensible(series: int, cutoffs: int, kind: str) -> bool:
    """Whether losses of this kind differ from independent ones."""
    needs = {"serial": (1, 2), "overlapping": (1, 2), "shared": (2, 1), "own": (2, 1), "both": (2, 2)}
    least = needs.get(kind, (1, 1))
    return series >= least[0] and cutoffs >= least[1]


def theory(case: Case) -> dict[str, float]:
    """The power of the tests that have one, for independent losses.

    * DM of n values whose mean is 𝛿 standard deviations: with Harvey, Leybourne and Newbold's correction it is, one
      step ahead, Student's test, whose statistic has the noncentral t distribution with n - 1 degrees of freedom and
      noncentrality λ = 𝛿 √n; with c the quantile of t(n - 1): P(t(n - 1, λ) > c) + P(t(n - 1, λ) < -c). The panel test
      has the degrees of freedom of the fewer clusters, and at most this power, as it allows for more.
    * Giacomini-White: noncentral chi-square with 2 degrees of freedom and n 𝛿² / (1 + 𝛿²), which is n m' Ω⁻¹ m of
      h_t = (1, d_(t-1)); n is large.
    * Friedman: noncentral F of k - 1 and (k - 1)(n - 1) with 12 n / (k (k + 1)) Σ (r_j - (k + 1) / 2)² of the expected
      ranks r_j; n is large.
    """
    n, k = case.units, MODELS
    per_unit = case.gap * np.sqrt(case.series * case.cutoffs / n)
    found = {"DM": student_power(n - 1, per_unit * np.sqrt(n))}
    if not case.over_series:
        clusters = min(case.series, case.cutoffs) if case.series >= FEW_SERIES else case.cutoffs
        found["panel"] = student_power(clusters - 1, per_unit * np.sqrt(n))
        if n > 8:
            critical = stats.chi2.isf(LEVEL, 2)
            found["GW"] = float(stats.ncx2.sf(critical, 2, (n - 1) * per_unit**2 / (1 + per_unit**2)))
    if case.series >= LEAST_BLOCKS:
        first = 1 + (k - 1) * stats.norm.sf(case.gap * np.sqrt(case.cutoffs))
        ranks = np.array([first, *[(k * (k + 1) / 2 - first) / (k - 1)] * (k - 1)])
        noncentrality = 12 * case.series / (k * (k + 1)) * float(((ranks - (k + 1) / 2) ** 2).sum())
        freedom = k - 1, (k - 1) * (case.series - 1)
        found["Friedman"] = float(stats.ncf.sf(stats.f.isf(LEVEL, *freedom), *freedom, noncentrality))
    return found


def student_power(freedom: float, noncentrality: float) -> float:
    """The power of the two-sided t-test."""
    critical = stats.t.isf(LEVEL / 2, freedom)
    return float(stats.nct.sf(critical, freedom, noncentrality) + stats.nct.cdf(-critical, freedom, noncentrality))


def simulate(case: Case, replications: int, *, seed: int = 0, tests: tuple[str, ...] = TESTS) -> dict[str, Rate]:
    """How often each test rejects."""
    rng = np.random.default_rng([seed, case.series, case.cutoffs, list(KINDS).index(case.kind)])
    rejected: dict[str, list[float]] = {name: [] for name in tests}
    for number in range(replications):
        losses = draw(case, rng)
        for name in tests:
            if name not in RESAMPLING or number < max(1, replications // 4):
                rejected[name].append(_REJECTS[name](losses, case))
    shares = {name: np.asarray(each) for name, each in rejected.items()}
    return {
        name: Rate(float(each.mean()), float(np.sqrt(max(each.mean() * (1 - each.mean()), 0) / len(each))))
        for name, each in shares.items()
    }


def draw(case: Case, rng: np.random.Generator) -> np.ndarray:
    """(M, N, C) losses of the models, of which the first is the best by ``gap``."""
    shape = (MODELS, case.series, case.cutoffs)
    noise = _over_time(case, rng, shape)
    if case.kind in ("shared", "both"):
        common = _over_time(case, rng, (MODELS, 1, case.cutoffs))
        noise = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * noise
    if case.kind in ("own", "both"):
        noise = noise + rng.normal(size=(MODELS, case.series, 1))
    losses = noise / np.sqrt(2)
    losses[1:] += case.gap
    return losses


def _over_time(case: Case, rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """Noise of variance 1."""
    if case.kind == "overlapping":
        steps = rng.normal(size=(*shape[:2], shape[2] + HORIZON - 1))
        return np.asarray(np.lib.stride_tricks.sliding_window_view(steps, HORIZON, axis=2).mean(axis=3) * HORIZON**0.5)
    noise = rng.normal(size=shape)
    if case.kind == "serial":
        noise[..., 1:] *= np.sqrt(1 - CORRELATION**2)
        noise = lfilter([1.0], [1.0, -CORRELATION], noise, axis=2)
    return np.asarray(noise)


def _differential(losses: np.ndarray, case: Case) -> np.ndarray:
    return np.asarray((losses[0] - losses[1]).mean(axis=1 if case.over_series else 0))


def _diebold_mariano(losses: np.ndarray, case: Case) -> float:
    return _rejects(diebold_mariano(_differential(losses, case), 1 if case.over_series else case.overlap).p_value)


def _panel(losses: np.ndarray, case: Case) -> float:
    return _rejects(mean_test(losses[0] - losses[1], np.ones(losses.shape[1:]), case.overlap).p_value)


def _conditional(losses: np.ndarray, case: Case) -> float:
    return np.nan if case.over_series else _rejects(giacomini_white(_differential(losses, case), case.overlap).p_value)


def _bootstrap(losses: np.ndarray, case: Case) -> float:
    def difference(sums: np.ndarray) -> np.ndarray:
        return np.asarray(sums[..., :1] - sums[..., 1:2]) / losses[0].size

    sample = _drawn(losses[:2], case)
    if not sample.draws:
        return np.nan
    value, strayed = deviations(sample, difference, 1 - LEVEL)
    low, high = np.quantile(strayed, [LEVEL / 2, 1 - LEVEL / 2], axis=0) + value
    return float(low[0] > 0 or high[0] < 0)


def _ranks(losses: np.ndarray) -> np.ndarray:
    return np.asarray(stats.rankdata(losses.mean(axis=2).T, axis=1))


def _friedman(losses: np.ndarray, case: Case) -> float:
    if case.series < LEAST_BLOCKS:
        return np.nan
    return _rejects(friedman(_ranks(losses), effect=_effect(losses, case)))


def _nemenyi(losses: np.ndarray, case: Case) -> float:
    """Whether any two models are told apart."""
    if case.series < LEAST_BLOCKS:
        return np.nan
    means = _ranks(losses).mean(axis=0)
    return float(np.ptp(means) > _critical(case.series) * np.sqrt(_effect(losses, case)))


def _beaten(losses: np.ndarray, case: Case) -> float:
    """Whether the first model, as good as any other, is beaten."""
    if case.series < LEAST_BLOCKS:
        return np.nan
    means = _ranks(losses).mean(axis=0)
    return float(means[0] - means.min() > _critical(case.series) * np.sqrt(_effect(losses, case)))


def _effect(losses: np.ndarray, case: Case) -> float:
    return float(np.nan_to_num(design_effect(losses, case.overlap), nan=1.0))


@cache
def _critical(blocks: int) -> float:
    return critical_difference(blocks, MODELS)


def _left_out(losses: np.ndarray, case: Case) -> float:
    """Whether a model is left out: of equally good ones, or (there is something to find) any but the best."""
    sample = _drawn(losses, case)
    if not sample.draws:
        return np.nan
    found = deviations(sample, lambda sums: sums / losses[0].size, 1 - SET_SIZE)
    return float(min(eliminate(*found, "max")[1]) < SET_SIZE)


def _drawn(losses: np.ndarray, case: Case) -> Resample:
    """The losses drawn again; the seed follows from them."""
    seed = int(abs(losses[0, 0, 0]) * 2**40) % 2**31
    return resample(np.moveaxis(losses, 0, -1), case.overlap, draws=DRAWS, seed=seed)


def _rejects(p_value: float) -> float:
    return np.nan if np.isnan(p_value) else float(p_value < LEVEL)


_REJECTS: dict[str, Callable[[np.ndarray, Case], float]] = {
    "DM": _diebold_mariano,
    "panel": _panel,
    "GW": _conditional,
    "bootstrap": _bootstrap,
    "Friedman": _friedman,
    "Nemenyi": _nemenyi,
    "MCB": _beaten,
    "MCS": _left_out,
}


def _shown(rate: Rate) -> str:
    return "–" if np.isnan(rate.share) else f"{100 * rate.share:.1f} ± {100 * rate.error:.1f}"


def _head(*names: str) -> tuple[str, str]:
    return _line(*names), _line(*["---"] * len(names))


def _line(*values: object) -> str:
    return f"| {' | '.join(map(str, values))} |"


if __name__ == "__main__":
    main()
