"""What the page of a study reads of it, and how its factors and networks are told apart."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import pandas as pd

from forecast.report.styles import Style, styles

NAMELESS: Final = "network"


class StudyView(Protocol):
    """One study, as plain frames and texts."""

    @property
    def title(self) -> str:
        """What is studied, in a few words."""
        ...

    @property
    def question(self) -> str:
        """What the study asks."""
        ...

    @property
    def finding(self) -> str:
        """What it found, in sentences."""
        ...

    @property
    def table(self) -> pd.DataFrame:
        """A row per network and level, and per baseline, which has no level.

        Columns: ``network`` (empty where it is itself the level), ``kind`` (network or baseline), ``level``, one a
        factor, ``reference``, ``rows``, every metric with its ``_spread`` over seeds, ``difference``, ``low``,
        ``high``, ``p_value``, ``p_holm`` and ``note`` of the paired test, ``train``, ``validation``, ``test``, ``gap``,
        ``fit_seconds``, ``parameters``, ``bytes``, ``sparsity``, ``windows``, ``undefined``, ``status`` (empty where
        all is well, else ``diverged: ...``, ``failed: ...`` or ``does not apply: ...``).
        """
        ...

    @property
    def factors(self) -> Mapping[str, str]:
        """Each factor's scale: ``log``, ``linear`` or ``names``."""
        ...

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics shown first; the first one decides."""
        ...

    @property
    def curves(self) -> pd.DataFrame:
        """Losses while training: network, level, seed, fold, epoch, train_loss, val_loss; may be empty."""
        ...

    @property
    def growth(self) -> pd.DataFrame:
        """The fitted learning curve: network, windows, loss, fitted; empty where none was fitted."""
        ...

    @property
    def config(self) -> str:
        """The complete configuration, YAML."""
        ...

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, seeds, machine, date, seconds."""
        ...

    @property
    def backtest(self) -> str:
        """Where the report of its backtest is, from the page's folder; empty where there is none."""
        ...


def has_level(table: pd.DataFrame) -> pd.Series:
    """Whether each row is of a network at a level; baselines have none."""
    return table["kind"].astype(str) == "network"


def names_of(frame: pd.DataFrame) -> pd.Series:
    """The network or baseline of each row; networks that are the levels themselves are all called ``network``."""
    return frame["network"].fillna("").astype(str).replace("", NAMELESS)


def label_of(factor: str) -> str:
    """A factor's name in words."""
    return factor.replace("_", " ")


def looks(studies: Sequence[StudyView]) -> tuple[Style, ...]:
    """A style for each network and baseline of all studies: one network has one colour on the whole page."""
    kinds = [view.table[["kind"]].assign(model=names_of(view.table)) for view in studies if len(view.table)]
    return styles(pd.concat(kinds).drop_duplicates("model"), pd.DataFrame()) if kinds else ()


def levels_of(values: pd.Series, scale: str) -> tuple[list[Any], list[str]]:
    """The levels of a factor and their texts: numbers in their order, names in the order of the table."""
    there = [value for value in dict.fromkeys(values.tolist()) if not _is_nothing(value)]
    if scale != "names":
        there = sorted(there, key=float)
    return there, [text_of(value) for value in there]


def text_of(level: Any) -> str:
    """A level as a person writes it: ``0.001``, ``1,000``, ``relu``.

    Example:
        >>> text_of(0.001), text_of(1000.0), text_of("relu"), text_of(True)
        ('0.001', '1,000', 'relu', 'True')
    """
    if isinstance(level, bool) or not isinstance(level, int | float):
        return str(level)
    return f"{int(level):,}" if float(level).is_integer() else f"{level:g}"


def is_ordered(values: pd.Series, scale: str) -> bool:
    """Whether the levels are numbers on an axis: a scale that says so, and nothing but numbers."""
    there = [value for value in values.tolist() if not _is_nothing(value)]
    numbers = pd.to_numeric(pd.Series(there, dtype=object), errors="coerce")
    return scale != "names" and bool(there) and bool(numbers.notna().all())


def _is_nothing(value: Any) -> bool:
    return value is None or value != value or value in ("", "–")
