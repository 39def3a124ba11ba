"""Processes: teams of arms side by side in worker processes of this machine."""

import queue
import tempfile
import threading
from collections import deque
from collections.abc import Collection, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import joblib

from forecast.arms import Part, Task
from forecast.cost import cost
from forecast.engines.base import Begun, Engine
from forecast.engines.devices import one_each, visible
from forecast.engines.hired import Died, Hired
from forecast.engines.parcel import parcel, spread
from forecast.teams import Team, lost
from forecast.threads import SHARE, pools

_NAP: Final = 0.1  # seconds
_Event = tuple[int, list[Part]]  # a team has begun, or has left its parts


class Processes(Engine):
    """Runs teams side by side in processes of this machine, dear ones first.

    The panel is laid on disk once and mapped by all; of a store, its own files are. A worker whose process dies costs
    the team that it was running, no other. Cores are shared out among the teams that run: a network has the threads of
    the run, and a baseline that works series by series as many processes as there are cores for each team at the time.

    Args:
        workers: teams at a time; 0 for as many as there are devices, or cores where networks train on those.
    """

    def places(self, teams: Collection[Team], task: Task) -> int:
        """Teams at a time."""
        return self.workers or len(one_each(teams)) or super().places(teams, task)

    def run(self, teams: Mapping[int, Team], task: Task, begun: Begun) -> Generator[tuple[int, list[Part]]]:
        """Each team's index and parts, as they finish."""
        if not teams:
            return
        order = sorted(teams, key=lambda index: -cost(teams[index], task))
        with tempfile.TemporaryDirectory(prefix="forecast-") as name:
            crew = _Crew(teams, task, order, Path(name))
            try:
                crew.start(min(self.places(teams.values(), task), len(teams)))
                for _ in range(2 * len(teams)):
                    index, left = crew.next_event()
                    if left:
                        yield index, left
                    else:
                        begun(index)
            finally:
                crew.dismiss()


class _Crew:
    """The workers, a thread for each that gives it one order after the other, and the events they report."""

    def __init__(self, teams: Mapping[int, Team], task: Task, order: list[int], folder: Path) -> None:
        self.events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._teams, self._task, self._order, self._folder = teams, task, deque(order), folder
        self._lock, self._open, self._busy = threading.Lock(), True, 0
        self._hired: dict[int, Hired] = {}
        arrays = folder / "arrays"
        arrays.mkdir()
        (folder / "task").write_bytes(parcel(spread(task, arrays)))
        self._devices = one_each(teams.values())

    def next_event(self) -> _Event:
        """What happens next, waited for in short naps: an endless wait is deaf to an interrupt from the keyboard."""
        while True:
            with suppress(queue.Empty):
                return self.events.get(timeout=_NAP)

    def start(self, number: int) -> None:
        """Hire so many workers and put them to work."""
        self._busy = number
        self._share()
        self._threads = [threading.Thread(target=self._work, args=(place,), daemon=True) for place in range(number)]
        for thread in self._threads:
            thread.start()

    def dismiss(self) -> None:
        """End all workers, whatever they are doing."""
        with self._lock:
            self._open = False
            self._order.clear()
            for worker in self._hired.values():
                worker.dismiss()
        for thread in self._threads:
            thread.join()

    def _work(self, place: int) -> None:
        while True:
            try:
                index = self._order.popleft()
            except IndexError:
                break
            self.events.put((index, []))
            self.events.put((index, self._parts(place, index)))
        with self._lock:
            self._busy -= 1
            if place in self._hired:
                self._hired.pop(place).dismiss()
            if self._open and self._busy:
                self._share()

    def _parts(self, place: int, index: int) -> list[Part]:
        team = self._teams[index]
        try:
            return self._worker(place).run(team)
        except Died as died:
            with self._lock:
                self._hired.pop(place).dismiss()
            return lost(team, self._task, f"WorkerDied: {died}")
        except Exception as error:  # noqa: BLE001 - a team that cannot be sent is rows like one that fails
            return lost(team, self._task, f"{type(error).__name__}: {error}")

    def _worker(self, place: int) -> Hired:
        with self._lock:
            if not self._open:
                raise Died("its work was stopped")
            if place not in self._hired:
                variables = {
                    **pools(self._task.threads),
                    SHARE: str(self._folder / "cores"),
                    **visible(place, self._devices),
                }
                self._hired[place] = Hired(self._folder / "task", variables)
            return self._hired[place]

    def _share(self) -> None:
        """Say how many cores each of the teams that run may use."""
        file = self._folder / "cores"
        file.with_suffix(".new").write_text(str(max(1, joblib.cpu_count() // self._busy)))
        file.with_suffix(".new").replace(file)
