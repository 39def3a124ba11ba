"""Threads and cores: how many threads a fit runs with, which decides its last bits, and how many cores it may use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import joblib
import torch
from threadpoolctl import threadpool_limits

SHARE: Final = "FORECAST_CORES"  # names the file in which an engine says how many cores each of its workers may use
_POOLS: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def pools(threads: int) -> dict[str, str]:
    """Variables by which a process yet to be started gives its numeric libraries so many threads."""
    return dict.fromkeys(_POOLS, str(threads))


@contextmanager
def own_threads(threads: int) -> Iterator[None]:
    """So many threads for torch and every numeric library inside, and as many as before after it.

    A sum is split among threads, so their number decides its last bits: of our networks trained on one and on two
    threads, Linear, MLP and LSTM end with the same weights, CNN, GRU and RNN do not. An arm therefore runs with a
    number of threads that is a property of the run, like its seed, and never of the machine, the engine or the number
    of workers: then a laptop, a cluster and a share of the arms on each agree to the bit (on processors of one kind).

    That number is one unless told otherwise. Beside two threads on two idle cores, one takes as long for Linear and
    RNN and a third more for MLP and LSTM, since layers are small in forecasting; while anything else runs, two threads
    wait for each other, and one is several times faster. The second core is for a second arm.
    """
    before = torch.get_num_threads()
    told = {name: os.environ.get(name) for name in _POOLS}
    os.environ.update(pools(threads))  # processes that start inside, such as the ranks of a Trainer
    try:
        with threadpool_limits(limits=threads):
            torch.set_num_threads(threads)
            yield
    finally:
        torch.set_num_threads(before)
        for name, value in told.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def cores() -> int:
    """Cores that this process may use now: all, or what an engine leaves to each of the arms side by side."""
    file = os.environ.get(SHARE)
    try:
        return int(Path(file).read_text()) if file else joblib.cpu_count()
    except (OSError, ValueError):  # the engine has ended, or writes just now
        return 1
