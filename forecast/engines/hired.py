"""Hired: another process of this machine that runs teams of arms, as seen from the one that gives the orders."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from forecast.arms import Part
from forecast.engines.parcel import parcel
from forecast.teams import Team


class Died(RuntimeError):
    """A worker's process has ended before its team had."""


class Hired:
    """A worker process, started afresh: nothing of this process is in it but what it is sent.

    It reads the task from a file by itself, so that none has to wait until another has read it.

    A forked process would hang where torch had run threads before it, and one that ``multiprocessing`` spawns would run
    the person's script again, down to where it asks for workers.

    Args:
        task: file with the parcel of the task.
        variables: of its environment, beside those of this process.
    """

    def __init__(self, task: Path, variables: Mapping[str, str]) -> None:
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "forecast.engines.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **variables, "PYTHONPATH": path},
            start_new_session=True,  # an interrupt at the terminal is for the process that gives the orders
        )
        self._order(os.fsencode(task))

    def run(self, team: Team) -> list[Part]:
        """The parts that the team leaves.

        Raises:
            Died: when the process ends instead.
            Exception: what packing the team raises.
        """
        order = parcel(team)
        self._order(order)
        try:
            answer = pickle.loads(pickle.load(self._process.stdout))  # type: ignore[arg-type]
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise Died(self._reason()) from error
        if isinstance(answer, str):
            raise TypeError(f"the forecaster cannot be unpacked in another process: {answer}")
        return answer

    def dismiss(self) -> None:
        """End the process and what it has started, whatever it is doing."""
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):  # it has ended by itself
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what had not been sent is lost
                stream.close()  # type: ignore[union-attr]

    def _order(self, content: bytes) -> None:
        with suppress(OSError):  # it has ended: so says the next answer
            pickle.dump(content, self._process.stdin, protocol=5)  # type: ignore[arg-type]
            self._process.stdin.flush()  # type: ignore[union-attr]

    def _reason(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"its process ended with exit code {code}"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        often = {"SIGKILL": ", as happens where memory runs out", "SIGSEGV": ", a fault in compiled code"}
        return f"its process was ended by {name}{often.get(name, '')}"
