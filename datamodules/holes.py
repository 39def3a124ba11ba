"""A panel with values hidden on purpose, to see what missing ones cost."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from datamodules.errors import check_share
from datamodules.large.packed import Packed, gathered
from datamodules.order import mixed
from datamodules.panel import Panel

_STEP = np.uint64(0x9E3779B97F4A7C15)  # between the states of splitmix64: the golden ratio of 2**64


def with_holes(panel: Panel, share: float) -> Panel:
    """The panel with this share of its observed target values hidden.

    Whether a value is hidden follows from the name of its series, that of its target and its clock position alone: it
    is the same whatever else the panel holds, wherever it begins and is cut off, and a larger share hides what a
    smaller one does and more. A panel larger than memory is copied to the temporary folder.
    """
    check_share("holes", share)
    if not share:
        return panel
    if isinstance(panel, Packed):
        return gathered(with_holes(chunk.panel, share) for chunk in panel.chunks())
    return replace(panel, target=np.where(_draws(panel) < share, np.nan, panel.target))


def _draws(panel: Panel) -> np.ndarray:
    """(R, D) a number in [0, 1) for each value, by splitmix64 (Steele, Lea and Flood, 2014) from series and target."""
    series = panel.series_of_row
    positions = (np.arange(len(panel.target)) - panel.offsets[series] + panel.start[series]).astype(np.uint64)
    seeds = _digests(panel.ids)[series, None] ^ _digests(panel.columns.target)
    bits = mixed(mixed(seeds) + (positions[:, None] + np.uint64(1)) * _STEP)
    return (bits >> np.uint64(11)) * 2.0**-53


def _digests(names: Iterable[object]) -> np.ndarray:
    """64 bits of a digest of each name."""
    digests = (hashlib.blake2b(str(name).encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(b"".join(digests), np.uint64)
