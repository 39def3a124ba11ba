"""Quantiles of past errors with the guarantee of split conformal prediction, and levels adapted to past misses.

Scores say how far each actual lay above its forecast, in units of its series' scale; NaN where that was not known yet.
Arrays (K, N, D, H): K past cutoffs in order of time, N series, D targets, H steps.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

_ROUNDING = 1e-9
_FARTHEST = 1e-3  # tail that an adapted level goes to at most


class Corrections(NamedTuple):
    """What to add to a forecast at each level, in units of the scale, and how many errors that rests on."""

    values: np.ndarray  # (N, D, H, Q), NaN where fewer than two errors are known
    counts: np.ndarray  # (N, D, H)


def needed(levels: Sequence[float]) -> int:
    """Errors needed before a quantile of them reaches the outermost level: 39 for 0.025 and 0.975, 9 for 0.1, 0.9."""
    tail = min(min(level, 1 - level) for level in levels)
    return int(np.ceil(1 / tail - _ROUNDING)) - 1


def corrections(scores: Sequence[np.ndarray], levels: Sequence[float], *, lags: np.ndarray, rate: float) -> Corrections:
    """The quantile of past scores at each level: of a series and step alone, or of more where these are too few.

    Too few (``needed``) for a series and step: those of all series at that step are taken together, then those of all
    steps, each in units of its step's mean absolute score. Where even these are too few, the outermost score is taken,
    or Student's prediction interval where that is wider.

    Args:
        scores: for each of Q levels the scores (K, N, D, H) of its forecasts.
        levels: Q quantile levels.
        lags: (H) how many cutoffs pass until a step is known, from 1.
        rate: of adaptive conformal inference at a tail of 0.1; 0 keeps levels as they are.
    """
    shape = scores[0].shape[1:]
    values, counts = np.full((*shape, len(levels)), np.nan), np.zeros(shape, dtype=np.int64)
    enough = needed(levels)
    pooled = [_pools(each, lags) for each in scores]
    for pools in zip(*pooled, strict=True):
        found = np.isfinite(pools[0].scores).sum(axis=(0, 1))
        wanted = (counts < enough) & (found > counts)
        if not wanted.any():
            continue
        for index, (pool, level) in enumerate(zip(pools, levels, strict=True)):
            own = (
                adapted(pool.scores, level, lags=pool.lags, rate=rate)
                if rate and level != 0.5
                else np.full(found.shape, level)
            )
            flat = pool.scores.reshape(-1, *found.shape)
            value = np.broadcast_to(quantile(flat, own, upper=level > 0.5) * pool.size, shape)
            values[..., index] = np.where(wanted, value, values[..., index])
        counts = np.where(wanted, found, counts)
        if (counts >= enough).all():
            break
    return Corrections(values, counts)


class _Pool(NamedTuple):
    scores: np.ndarray  # (K, M, ...) M scores of each cutoff, for groups that broadcast to (N, D, H)
    lags: np.ndarray  # of the last axis
    size: np.ndarray  # what a score counts in


def _pools(scores: np.ndarray, lags: np.ndarray) -> Iterator[_Pool]:
    """The scores for each series, target and step, over series, and over series and steps."""
    one = np.ones(1)
    yield _Pool(scores[:, None], lags, one)
    yield _Pool(scores[:, :, None], lags, one)
    known = np.isfinite(scores)
    total = np.where(known, np.abs(scores), 0.0).sum(axis=(0, 1))
    size = np.divide(total, known.sum(axis=(0, 1)), out=np.full(total.shape, np.nan), where=known.any(axis=(0, 1)))
    last = np.maximum.accumulate(np.where(np.isfinite(size), np.arange(size.shape[1]), 0), axis=1)
    size = np.take_along_axis(size, last, axis=1)  # a step not known yet is as uncertain as the last that is
    relative = np.divide(scores, size, out=np.zeros(scores.shape), where=size != 0)
    relative = np.where(known, relative, np.nan).swapaxes(2, 3)  # (K, N, H, D)
    flat = relative.reshape(len(scores), -1, 1, scores.shape[2], 1)
    yield _Pool(flat, lags[-1:], np.nan_to_num(size))


def quantile(scores: np.ndarray, levels: np.ndarray, *, upper: bool) -> np.ndarray:
    """(...) the score that a new one, exchangeable with these n, stays below with probability of the level at least.

    Of rank ceil((n + 1) level) from below for an upper level (Vovk et al., 2005; Lei et al., 2018, algorithm 2), for a
    lower one of rank floor((n + 1) level), so that it stays above. A rank that n scores do not have is answered by the
    outermost of them, or by Student's prediction interval where that is wider; NaN for fewer than two scores.

    Args:
        scores: (n, ...) NaN where there is none.
        levels: (...) levels, above 0.5 for ``upper``; at 0.5 exactly, the two ranks' mean is taken.
        upper: whether the tail is the upper one.
    """
    ordered = np.sort(scores, axis=0)  # NaN last
    count = np.isfinite(scores).sum(axis=0)
    exact = (count + 1) * levels
    low, high = np.floor(exact + _ROUNDING).astype(np.int64), np.ceil(exact - _ROUNDING).astype(np.int64)
    middle = np.isclose(levels, 0.5)
    ranks = np.where(middle, low, high if upper else low), np.where(middle, high, high if upper else low)
    first, second = (np.take_along_axis(ordered, (np.clip(r, 1, np.maximum(count, 1)) - 1)[None], 0)[0] for r in ranks)
    value = np.asarray((first + second) / 2)
    beyond = ((high > count) if upper else (low < 1)) & (count >= 2) & ~middle
    if beyond.any():
        some, n = scores[:, beyond], count[beyond]
        spread = np.nanstd(some, axis=0, ddof=1) * np.sqrt(1 + 1 / n)
        student = np.nanmean(some, axis=0) + spread * stats.t.ppf(
            np.clip(levels[beyond], _FARTHEST, 1 - _FARTHEST), n - 1
        )
        value[beyond] = np.maximum(value[beyond], student) if upper else np.minimum(value[beyond], student)
    return np.where(count >= 2, value, np.nan)


def adapted(scores: np.ndarray, level: float, *, lags: np.ndarray, rate: float) -> np.ndarray:
    """(...) the level after each past cutoff's hit or miss moved it, in order of time.

    Adaptive conformal inference (Gibbs and Candès, 2021, eq. 2): alpha + gamma (nominal - missed), where ``missed`` is
    whether the quantile at alpha, of what was known at that cutoff, was passed, and moves alpha only once its step is
    known. Over several scores a cutoff it is the share that missed. Gamma is ``rate`` for a tail of 0.1, and in
    proportion for others.

    Args:
        scores: (K, M, ...) M scores of each cutoff; the last axis is that of ``lags``.
        level: the quantile level.
        lags: (H) how many cutoffs pass until a step is known.
        rate: how fast.
    """
    tail = min(level, 1 - level)
    below, count = _places(scores if level > 0.5 else -scores, lags)
    alphas = np.full((len(scores) + 1, *scores.shape[2:]), tail)
    enough = needed([level])
    for index in range(len(scores)):
        known = np.broadcast_to(np.maximum(index - lags + 1, 0), alphas.shape[1:])
        alpha = np.take_along_axis(alphas, known[None], 0)[0]
        rank = np.ceil((count[index] + 1) * (1 - alpha) - _ROUNDING)
        seen = np.isfinite(scores[index])  # (M, ...)
        missed = (seen & (below[index] >= rank)).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        told = seen.any(axis=0) & (count[index] >= enough)
        alphas[index + 1] = alphas[index] + np.where(told, rate * tail / 0.1 * (tail - missed), 0.0)
    alpha = np.clip(alphas[-1], 0.0, 0.5)
    return 1 - alpha if level > 0.5 else alpha


def _places(scores: np.ndarray, lags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each score (K, M, ...), how many known at its cutoff lie below it, and (K, ...) how many were known."""
    below, count = np.zeros(scores.shape, dtype=np.int64), np.zeros((len(scores), *scores.shape[2:]), dtype=np.int64)
    groups = list(np.ndindex(*scores.shape[2:])) if scores.shape[1] > 1 else []
    order = np.arange(len(scores))[(slice(None), *[None] * (scores.ndim - 2))]
    for index in range(len(scores)):
        known = np.isfinite(scores[:index]) & (order[:index] <= index - lags)[:, None]
        count[index] = known.sum(axis=(0, 1))
        if not groups:
            below[index] = (known & (scores[:index] < scores[index])).sum(axis=0)
        for group in groups if index else []:
            pool = np.sort(scores[:index][(..., *group)][known[(..., *group)]])
            below[(index, slice(None), *group)] = np.searchsorted(pool, scores[(index, slice(None), *group)])
    return below, count
