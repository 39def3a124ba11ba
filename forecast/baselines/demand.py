"""Rates of intermittent demand, step by step over the lanes of a block at once.

Every value other than zero is a demand. The first one is where a rate begins: its size is the first size, and the steps
up to it are the first interval.
"""

from collections.abc import Iterator

import numpy as np

from forecast.baselines.lanes import Lanes


def croston_rates(lanes: Lanes, alpha: np.ndarray, *, corrected: bool) -> Iterator[np.ndarray]:
    """After each time, (K, S) the smoothed size over the smoothed interval, for (K, S) smoothing parameters.

    Croston (1972), *Forecasting and stock control for intermittent demands*; ``corrected`` by 1 - alpha / 2, as in
    Syntetos and Boylan (2005), *The accuracy of intermittent demand estimates*. A lane that has ended keeps its rate.
    """
    sizes, interval = _sizes(lanes, alpha), np.repeat(first_demands(lanes)[None] + 1.0, len(alpha), axis=0)
    share = 1 - alpha / 2 if corrected else 1.0
    for demand, waited, size in zip(_later_demands(lanes), _waited(lanes), sizes, strict=True):
        interval += np.where(demand, alpha, 0.0) * (waited - interval)
        yield size / interval * share


def tsb_rates(lanes: Lanes, alpha: np.ndarray, beta: np.ndarray) -> Iterator[np.ndarray]:
    """After each time, (K, S) the smoothed size times the smoothed share of steps with demand.

    Teunter, Syntetos and Babai (2011), *Intermittent demand: linking forecasting to inventory obsolescence*: the share
    is smoothed by ``beta`` (K, S) at every step, so that a rate fades where demand has stopped; the size by ``alpha``
    (K, S) at each demand. A lane that has ended keeps its rate.
    """
    inside = np.arange(len(lanes.values))[:, None] < lanes.lengths
    happened = (lanes.values != 0).astype(np.float64)
    probability = np.repeat(happened[:1], len(alpha), axis=0)
    for seen, now, size in zip(inside, happened, _sizes(lanes, alpha), strict=True):
        probability += np.where(seen, beta, 0.0) * (now - probability)
        yield size * probability


def first_demands(lanes: Lanes) -> np.ndarray:
    """(S) the time of the first value other than zero."""
    return np.argmax(lanes.values != 0, axis=0)


def squared_errors(lanes: Lanes, rates: Iterator[np.ndarray]) -> np.ndarray:
    """(K, S) the sum of squared one-step errors after the first demand."""
    first = first_demands(lanes)
    total, expected = np.zeros((1, len(first))), np.zeros((1, len(first)))
    for time, rate in enumerate(rates):
        counts = (first < time) & (time < lanes.lengths)
        total = total + np.where(counts, (lanes.values[time] - expected) ** 2, 0.0)
        expected = rate
    return total


def _sizes(lanes: Lanes, alpha: np.ndarray) -> Iterator[np.ndarray]:
    """After each time, (K, S) the smoothed size of demands; that of the first one up to then."""
    size = np.repeat(lanes.values[first_demands(lanes), np.arange(len(lanes.lengths))][None], len(alpha), axis=0)
    for demand, value in zip(_later_demands(lanes), lanes.values, strict=True):
        size += np.where(demand, alpha, 0.0) * (value - size)
        yield size


def _later_demands(lanes: Lanes) -> np.ndarray:
    """(T, S) where a lane has a demand that is not its first."""
    time = np.arange(len(lanes.values))[:, None]
    return (lanes.values != 0) & (first_demands(lanes) < time) & (time < lanes.lengths)


def _waited(lanes: Lanes) -> np.ndarray:
    """(T, S) steps since the last demand before each time; since before the first time where there is none."""
    time = np.arange(len(lanes.values))[:, None]
    latest = np.maximum.accumulate(np.where(lanes.values != 0, time, -1), axis=0)
    return time - np.concatenate([np.full((1, len(lanes.lengths)), -1), latest[:-1]])
