"""What became of a level: diverged, failed or not applicable, in words; nothing where all went well."""

import numpy as np
import pandas as pd

from forecast.table import NotFiniteError

ABSURD = 1e6  # times the smallest error of all; a forecast that is so far off has diverged
_DIVERGED = NotFiniteError.__name__


def status(problem: str, runs: pd.DataFrame, curves: pd.DataFrame, size: float) -> str:
    """The status of one arm, over its seeds and folds.

    Args:
        problem: why it does not take part; empty when it does.
        runs: its fits.
        curves: its losses while training.
        size: its squared error through the smallest one of the study; NaN where that is not known.
    """
    if problem:
        return f"does not apply: {problem.rstrip('.')}"
    errors = runs["error"].fillna("").astype(str)
    seeds = runs["seed"].nunique()
    if (errors != "").any():
        lost = runs.loc[errors != "", "seed"].nunique()
        which = "" if seeds == lost == 1 else f" with {_of(lost, seeds, 'seed')}"
        rest = "; scores are of the others, and not compared" if lost < seeds else ""
        first = errors[errors != ""].iloc[0]
        if first.startswith(_DIVERGED):
            return f"diverged: forecasts that are not finite{which}{rest}"
        return f"failed{which}: {first.removeprefix('InputError: ').rstrip('.')}{rest}"
    if size > ABSURD:
        return f"diverged: its squared error is {size:.2g} times the smallest one here"
    broken = _not_finite(curves)
    if broken:
        fits = len(runs)
        which = "" if fits == broken == 1 else f" in {_of(broken, fits, 'fit')}"
        return f"diverged: the loss was not finite{which}, forecasts are of the best weights before"
    return ""


def _not_finite(curves: pd.DataFrame) -> int:
    """How many fits had a loss that is NaN or infinite."""
    if curves.empty:
        return 0
    lost = ~np.isfinite(curves["train_loss"].to_numpy(dtype=np.float64)) | np.isinf(
        curves["val_loss"].to_numpy(dtype=np.float64)
    )
    return int(curves.assign(lost=lost).groupby(["seed", "fold"])["lost"].any().sum())


def _of(part: int, whole: int, noun: str) -> str:
    return f"{'all' if part == whole else f'{part} of'} {whole} {noun}s"
