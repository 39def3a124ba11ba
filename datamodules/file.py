"""Windows of a person's own file."""

from pathlib import Path
from typing import Any

from datamodules.base import WindowDataModule
from datamodules.layout import Layout
from datamodules.panel import Panel
from datamodules.readers import load


class FileData(WindowDataModule):
    """Windows of the series in a file; the other options are those of ``WindowDataModule``.

    Args:
        path: a CSV or Parquet file, or several of one layout.
        shape: long, wide or rows; ``auto`` finds it, as the columns below, from the columns.
        id: column with the series' name.
        time: column with the stamps.
        target: column or columns to forecast.
        freq: a pandas offset alias or an integer step; ``infer`` takes it from the stamps.
        options: of the windows.
    """

    def __init__(
        self,
        path: str | list[str],
        *,
        shape: str = "auto",
        id: str = "auto",
        time: str = "auto",
        target: str | list[str] = "auto",
        freq: str | int = "infer",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.path: str | list[str | Path] = path if isinstance(path, str) else list(path)
        self.layout = Layout(shape=shape, id=id, time=time, target=target, freq=freq)

    def load(self) -> Panel:
        """The panel in the file, after every check."""
        return load(self.path, **self.layout)

    def origin(self) -> dict[str, Any]:
        """The frequency, and the layout that was asked for: ``predict`` reads the next file the same way."""
        return {**super().origin(), "layout": dict(self.layout)}
