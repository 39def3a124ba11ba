"""An order of many things at random of which any stretch can be made by itself, without memory for the rest."""

import math

import numpy as np

_ROUNDS = 8


def shuffled(places: np.ndarray, count: int, seed: np.random.SeedSequence) -> np.ndarray:
    """Which of ``count`` things stands at each of ``places`` (W) of an order that follows from ``seed``.

    Every thing stands at exactly one place: a Feistel network (Black and Rogaway, 2002, *Ciphers with arbitrary finite
    domains*, section 5) shuffles the cells of a table of about ``count`` cells, and a cell beyond the last thing is
    shuffled again until it is none (cycle walking, their section 3).

    Example:
        >>> sorted(shuffled(np.arange(7), 7, np.random.SeedSequence(1)).tolist())
        [0, 1, 2, 3, 4, 5, 6]
    """
    width = math.isqrt(count - 1) + 1
    height = -(-count // width)
    keys = seed.generate_state(_ROUNDS, np.uint64)
    found = _feistel(places.astype(np.uint64), height, width, keys)
    while (beyond := found >= count).any():
        found[beyond] = _feistel(found[beyond], height, width, keys)
    return found.astype(np.int64)


def _feistel(cells: np.ndarray, height: int, width: int, keys: np.ndarray) -> np.ndarray:
    """The cells of a table of ``height`` rows of ``width`` after all rounds; each round can be undone, so none meet."""
    row, column = np.divmod(cells, np.uint64(width))
    for key in keys.reshape(-1, 2):
        row = (row + mixed(column ^ key[0]) % np.uint64(height)) % np.uint64(height)
        column = (column + mixed(row ^ key[1]) % np.uint64(width)) % np.uint64(width)
    return row * np.uint64(width) + column


def mixed(values: np.ndarray) -> np.ndarray:
    """The bits of each value, stirred (the finaliser of splitmix64; Steele, Lea and Flood, 2014, figure 15)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
