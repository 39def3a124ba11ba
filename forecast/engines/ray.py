"""Ray: teams of arms side by side on this machine or on a cluster, as tasks of Ray."""

import logging
import os
import pickle
import tempfile
from collections import deque
from collections.abc import Collection, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.errors import InputError
from forecast.arms import Part, Task
from forecast.cost import cost
from forecast.engines.base import Begun, Engine
from forecast.engines.devices import one_each
from forecast.engines.parcel import parcel, spread
from forecast.teams import Team, lost, run


class Ray(Engine):
    """Runs teams as tasks of Ray (extra ``ray``), dear ones first, each with the threads of the run as its cores.

    The panel is put into Ray's store once and mapped from there; the files of a store must be readable, under the same
    path, on every machine, and so must TMPDIR where series of it are left out. The toolkit must be installed on all.

    Args:
        workers: teams at a time; 0 for as many as the cluster's cores allow.
        address: of a cluster, such as ``auto`` or ``ray://head:10001``; empty for the variable RAY_ADDRESS, and where
            that is empty too, for a cluster on this machine that ends with the backtest.

    Raises:
        InputError: when Ray is not installed, or no cluster answers.
    """

    def __init__(self, *, workers: int = 0, address: str = "") -> None:
        super().__init__(workers=workers)
        try:
            import ray
        except ImportError as error:
            raise InputError(
                "engine ray needs a package that is not installed; expected ray. Run pip install "
                "'forecast-toolkit[ray]', or say --engine processes."
            ) from error
        self._ray = ray
        self.address = address or os.environ.get("RAY_ADDRESS", "")

    def told(self, teams: Collection[Team], task: Task) -> dict[str, Any]:
        """What provenance says: the engine's name, its workers and where the cluster was."""
        where = {"address": self.address} if self.address else {}
        return super().told(teams, task) | ({} if self.workers or not self.address else {"workers": "cluster"}) | where

    def run(self, teams: Mapping[int, Team], task: Task, begun: Begun) -> Generator[tuple[int, list[Part]]]:
        """Each team's index and parts, as they finish."""
        if not teams:
            return
        own = not self._ray.is_initialized()
        if own:
            self._start(self.places(teams.values(), task) * task.threads)
        try:
            with tempfile.TemporaryDirectory(prefix="forecast-") as folder:
                yield from self._run(teams, task, begun, Path(folder))
        finally:
            if own:
                self._ray.shutdown()

    def _start(self, cores: int) -> None:
        here: dict[str, Any] = {} if self.address else {"num_cpus": cores, "include_dashboard": False}
        try:
            self._ray.init(
                address=self.address or "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=True,
                **here,
            )
        except Exception as error:
            raise InputError(
                f"no Ray cluster answers at {self.address or 'this machine'} ({type(error).__name__}). Start one with "
                "'ray start --head', or correct --ray-address or RAY_ADDRESS."
            ) from error

    def _run(
        self, teams: Mapping[int, Team], task: Task, begun: Begun, folder: Path
    ) -> Generator[tuple[int, list[Part]]]:
        ray = self._ray
        shared = ray.put(spread(task, folder, all_large=False))
        devices = 1 if one_each(teams.values()) or ray.cluster_resources().get("GPU") else 0
        work = ray.remote(num_cpus=task.threads, max_retries=0)(_answer)
        at_a_time = self.workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // task.threads)
        order = deque(sorted(teams, key=lambda index: -cost(teams[index], task)))
        running: dict[Any, int] = {}
        try:
            while order or running:
                while order and len(running) < at_a_time:
                    index = order.popleft()
                    team = teams[index]
                    wants = devices if one_each([team]) else 0
                    begun(index)
                    try:
                        packed = parcel(team)
                    except Exception as error:  # noqa: BLE001 - a team that cannot be sent is rows like one that fails
                        yield index, lost(team, task, f"{type(error).__name__}: {error}")
                        continue
                    running[work.options(num_gpus=wants).remote(shared, packed)] = index
                if not running:
                    break
                [done], _ = ray.wait(list(running), num_returns=1)
                index = running.pop(done)
                yield index, self._parts(done, teams[index], task)
        finally:
            for reference in running:
                with suppress(Exception):
                    ray.cancel(reference, force=True)

    def _parts(self, reference: Any, team: Team, task: Task) -> list[Part]:
        try:
            return pickle.loads(self._ray.get(reference))
        except Exception as error:  # noqa: BLE001 - a lost worker, node or object is rows like a team that fails
            reason = next((line for line in reversed(str(error).splitlines()) if line.strip()), "")
            name = "WorkerDied" if "Crashed" in type(error).__name__ else type(error).__name__
            return lost(team, task, f"{name}: {reason.strip()}")


def _answer(shared: tuple[bytes, list[np.ndarray]], order: bytes) -> bytes:
    """What a team leaves, in a process of Ray."""
    packed, arrays = shared
    return parcel(run(pickle.loads(order), pickle.loads(packed, buffers=arrays)))
