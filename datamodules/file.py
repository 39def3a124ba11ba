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
        path: a file (CSV, Parquet, .tsf, JSON lines), several of one layout, a folder of them, or a packed store.
        shape: long, wide or rows; ``auto`` finds it, as the columns below, from the columns.
        id: column with the series' name, or several that name it together.
        time: column with the stamps.
        target: column or columns to forecast.
        past: covariates that are known up to the cutoff.
        known: covariates that are known ahead.
        static: covariates with one value a series.
        categories: covariates whose numbers are names of categories; columns of text are categories anyway.
        static_table: file with the static covariates, one row a series.
        freq: a pandas offset alias or an integer step; ``infer`` takes it from the stamps.
        zone: time zone that the stamps are local to, such as Europe/Madrid.
        decimal: mark before the decimals of numbers.
        thousands: mark between the thousands of numbers.
        options: of the windows.
    """

    def __init__(
        self,
        path: str | list[str],
        *,
        shape: str = "auto",
        id: str | list[str] = "auto",
        time: str = "auto",
        target: str | list[str] = "auto",
        past: tuple[str, ...] = (),
        known: tuple[str, ...] = (),
        static: tuple[str, ...] = (),
        categories: tuple[str, ...] = (),
        static_table: str = "",
        freq: str | int = "infer",
        zone: str = "",
        decimal: str = "",
        thousands: str = "",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.path: str | list[str | Path] = path if isinstance(path, str) else list(path)
        columns = Layout(past=past, known=known, static=static, categories=categories, static_table=static_table)
        cells = Layout(freq=freq, zone=zone, decimal=decimal, thousands=thousands)
        asked = {"shape": shape, "id": id, "time": time, "target": target, **columns, **cells}
        self.layout = Layout(**{name: value for name, value in asked.items() if value not in ("auto", "", ())})  # type: ignore[typeddict-item]

    def load(self) -> Panel:
        """The panel in the file, after every check."""
        return load(self.path, **self.layout)

    def origin(self) -> dict[str, Any]:
        """The frequency, and the layout that was asked for: ``predict`` reads the next file the same way."""
        return {**super().origin(), "layout": dict(self.layout)}
