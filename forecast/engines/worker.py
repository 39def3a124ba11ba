"""A worker: a process that runs the teams it is handed on its standard input and answers on its standard output."""

import os
import pickle
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from forecast.arms import Task
from forecast.engines.parcel import parcel
from forecast.teams import lost, run


def serve() -> None:
    """Read where the task is and then the teams, and answer each with its parts, until the input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a model prints must not stand among the answers
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders), daemon=True).start()
    packed, arrays = pickle.loads(Path(os.fsdecode(orders.get())).read_bytes())
    task: Task = pickle.loads(packed, buffers=arrays)
    while True:
        pickle.dump(_parts(orders.get(), task), answers, protocol=5)
        answers.flush()


def _listen(stream: BinaryIO, orders: "queue.SimpleQueue[bytes]") -> None:
    """Take orders as they come; when there is nobody to give any, end this process and those that it has started."""
    try:
        while True:
            orders.put(pickle.load(stream))
    except (EOFError, OSError, pickle.UnpicklingError):
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(os.getpgrp(), signal.SIGKILL)
        os._exit(0)


def _parts(order: bytes, task: Task) -> bytes:
    """The parts that a team leaves; of one that cannot be unpacked here, the reason."""
    try:
        team = pickle.loads(order)
    except Exception as error:  # noqa: BLE001 - an import inside a person's class may raise anything
        return parcel(f"{type(error).__name__}: {error}")
    left = run(team, task)
    try:
        return parcel(left)
    except Exception as error:  # noqa: BLE001 - so may what a person's class leaves
        return parcel(lost(team, task, f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    serve()
