"""What the commands show: lines and tables on a terminal of any width."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from forecast.report.tables import Grid


def say(text: str) -> None:
    """Write a line, unchanged and unbroken."""
    Console(soft_wrap=True, highlight=False, markup=False).print(text)


def warn(text: str) -> None:
    """Write a line of warning where errors go."""
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"forecast: warning: {text}")


def show(table: Table) -> None:
    """Write a table; where the output is no terminal, as wide as it needs to be."""
    console = Console()
    console.print(table) if console.is_terminal else Console(width=400).print(table)


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int, str], None]]:
    """What to call as parts begin: a bar on a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda done, total, label: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        running: dict[str, TaskID] = {}

        def tell(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, description="done")
            labels = label.split("; ") if label else []
            for each in running.keys() - labels:
                bar.remove_task(running.pop(each))
            for each in labels:
                if each not in running:
                    running[each] = bar.add_task(each, total=None)

        yield tell


def facts(title: str, rows: Iterable[tuple[str, ...]], columns: tuple[str, ...]) -> Table:
    """A table of texts."""
    table = _empty(title)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def frame(title: str, rows: pd.DataFrame, best: Mapping[str, int] | None = None) -> Table:
    """A data frame with readable numbers.

    Args:
        title: above it.
        rows: the frame.
        best: columns whose best value is marked: 1 where the lowest is best, -1 where the highest is.
    """
    table = _empty(title)
    marked = {name: rows[name].idxmin() if way > 0 else rows[name].idxmax() for name, way in _defined(rows, best or {})}
    for name in rows.columns:
        right = pd.api.types.is_numeric_dtype(rows[name])
        table.add_column(str(name), justify="right" if right else "left", overflow="fold", no_wrap=right)
    for index, *row in rows.itertuples(name=None):
        cells = zip(rows.columns, row, strict=True)
        table.add_row(
            *(Text(told(cell), "bold green" if marked.get(str(name)) == index else "") for name, cell in cells)
        )
    return table


def grid(title: str, rows: "Grid") -> Table:
    """A table of the report; best values are marked, the spread of seeds stands behind its value."""
    table = _empty(title)
    for column in rows.columns:
        table.add_column(
            Text(column.label),
            justify="right" if column.numeric else "left",
            overflow="fold",
            no_wrap=column.numeric,
        )
    for line in rows.lines:
        cells = ((cell, "bold green" if cell.best else "") for cell in line.cells)
        table.add_row(*(Text.assemble((cell.text, style), f" {cell.spread}".rstrip()) for cell, style in cells))
    return table


def told(value: Any) -> str:
    """A cell as people read it: four significant digits, thousands parted, nothing for NaN."""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        if value == 0 or 1e-3 <= abs(value) < 1e4:
            return f"{value:.4g}"
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.2g}"
    if isinstance(value, pd.Timestamp):
        return str(value).removesuffix(" 00:00:00")
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _defined(rows: pd.DataFrame, best: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return ((name, way) for name, way in best.items() if name in rows and way and rows[name].notna().any())


def _empty(title: str) -> Table:
    return Table(title=Text(title), title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
