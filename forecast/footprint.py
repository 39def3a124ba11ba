"""What a fitted forecaster takes to keep: the bytes of what it learnt."""

import pickle
from typing import Any

from datamodules.panel import Panel
from forecast.compress import stored_bytes
from forecast.forecaster import Forecaster, innermost
from forecast.neural import NeuralForecaster


def fitted_bytes(fitted: Forecaster, unfitted: Forecaster) -> float:
    """The bytes of what ``fit`` learnt, as it would be written to a file.

    Of a network, wrapped or not, all numbers of its state, those of its checkpoint, in the storage that its compression
    stands for. Of any other forecaster, how much
    longer its pickle has become, without a panel that it only refers to; 0 when it learns nothing, NaN when it cannot
    be pickled. Some learn when they first forecast, so ask after that.
    """
    inner = innermost(fitted)
    if isinstance(inner, NeuralForecaster):
        return float(stored_bytes(inner.module, inner.compression))
    try:
        return float(max(_pickled(fitted) - _pickled(unfitted), 0))
    except Exception:  # noqa: BLE001 - whatever an object raises when it is pickled, only its size is unknown
        return float("nan")


class _Count:
    """A file that only counts what is written to it."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, data: Any) -> int:
        """Count the data."""
        size = memoryview(data).nbytes
        self.bytes += size
        return size


class _Pickler(pickle.Pickler):
    """Writes what belongs to a forecaster; the data that it has seen do not."""

    def persistent_id(self, obj: Any) -> str | None:
        """A panel is named, not written."""
        return "panel" if isinstance(obj, Panel) else None


def _pickled(forecaster: Forecaster) -> int:
    """The length of the pickle of a forecaster without the notes for its reader."""
    count = _Count()
    state = {name: value for name, value in vars(forecaster).items() if name != "notes"}
    _Pickler(count, protocol=5).dump(state)
    return count.bytes
