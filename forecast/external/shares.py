"""Shares of a result, from forecasts made elsewhere and from finished runs, and which of their rows are the same."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from datamodules.errors import InputError
from datamodules.panel import Panel
from forecast.external.forecasts import PLACE, read_forecasts
from forecast.result import Backtest
from forecast.table import level_columns, stacked

_STEPS: Final = 1 << 20  # more than any horizon


def codes_of(keys: pd.DataFrame, panel: Panel) -> np.ndarray:
    """(n) one number for each row's cutoff, series, step and target, in this order."""
    cutoff, series, step, target = (keys[name].to_numpy(np.int64) for name in PLACE)
    return ((cutoff * panel.n_series + series) * _STEPS + step) * len(panel.columns.target) + target


def keys_at(codes: np.ndarray, panel: Panel) -> pd.DataFrame:
    """The cutoff, series, step and target that each number of ``codes_of`` stands for."""
    rest, target = np.divmod(codes, len(panel.columns.target))
    rest, step = np.divmod(rest, _STEPS)
    cutoff, series = np.divmod(rest, panel.n_series)
    return pd.DataFrame(dict(zip(PLACE, (cutoff, series, step, target), strict=True)))


class Share(NamedTuple):
    """Some models' part of the result."""

    table: pd.DataFrame
    codes: np.ndarray  # of the table's rows
    runs: pd.DataFrame

    @property
    def models(self) -> list[str]:
        """Who has rows in it."""
        return [str(name) for name in self.table["model"].unique()] if len(self.table) else []

    def without(self, models: Sequence[str]) -> "Share":
        """Without these models."""
        kept = ~self.table["model"].isin(models).to_numpy()
        runs = self.runs[~self.runs["model"].astype(str).isin(models)]
        return Share(self.table[kept].reset_index(drop=True), self.codes[kept], runs)

    def noting(self, text: str) -> "Share":
        """With a note on each of its runs."""
        if not text:
            return self
        notes = [f"{note}; {text}" if note else text for note in self.runs["note"]]
        return self._replace(runs=self.runs.assign(note=notes))

    def only(self, rows: np.ndarray) -> "Share":
        """Without what is not among ``rows``."""
        kept = np.isin(self.codes, rows)
        return self if kept.all() else Share(self.table[kept].reset_index(drop=True), self.codes[kept], self.runs)


def share_of(other: Backtest, shares: Sequence[Share], panel: Panel, seasonality: int) -> tuple[Share, list[str]]:
    """The share of a finished backtest, scored anew against the panel, and which of its models are in ``shares`` too.

    Raises:
        InputError: when such a model does not forecast the same in both.
    """
    found = read_forecasts(other.table, panel, seasonality=seasonality, common=True)
    joining = Share(found.table, codes_of(found.keys, panel), other.runs)
    twice = [name for name in joining.models if any(name in share.models for share in shares)]
    for name in twice:
        ours, theirs = (
            pd.concat([_answers(share, name) for share in group if name in share.models])
            for group in ([joining], shares)
        )
        both = ours.index.intersection(theirs.index)
        if ours.index.has_duplicates or not np.allclose(ours[both], theirs[both], rtol=1e-6, atol=0):
            raise InputError(
                f"model {name!r} is in the forecasts and in the run, with other values; expected names that differ. "
                "Rename the column, or name the columns that are wanted with models (--models)."
            )
    return joining, twice


def _answers(share: Share, model: str) -> pd.Series:
    own = (share.table["model"] == model).to_numpy()
    return pd.Series(share.table["mean"].to_numpy()[own], index=share.codes[own])


def matched(rows: np.ndarray, others: np.ndarray, panel: Panel, common: bool) -> tuple[np.ndarray, str]:
    """The rows that forecasts and a run both have, and in words what is left out.

    Raises:
        InputError: when some are not in both and ``common`` is not set, or none is.
    """
    both = np.intersect1d(rows, others)
    lone = {"the run": np.setdiff1d(rows, both), "the forecasts": np.setdiff1d(others, both)}
    told = "; ".join(
        f"{len(part):,} rows are not in {name}, first {_told(part[0], panel)}"
        for name, part in lone.items()
        if len(part)
    )
    if not told or (common and len(both)):
        return both, f"left out: {told}" if told else ""
    advice = "None is in both" if not len(both) else f"Say common=True (--common) to score the {len(both):,} in both"
    raise InputError(f"{told}; all must be scored on identical rows. {advice}.")


def _told(code: int, panel: Panel) -> str:
    cutoff, series, step, _ = keys_at(np.array([code]), panel).iloc[0].tolist()
    return f"series {str(panel.ids[series])!r}, cutoff {panel.clock.stamps(np.array([cutoff]))[0]}, step {step}"


def refuse_repeats(shares: Sequence[Share]) -> None:
    """Raise InputError when two of the tables forecast the same row with the same model and seed."""
    if len(shares) < 2:
        return
    names = ("model", "seed")
    parts = [pd.DataFrame({**{each: share.table[each] for each in names}, "row": share.codes}) for share in shares]
    together = pd.concat([part.astype({"model": str}) for part in parts], ignore_index=True)
    again = together.duplicated()
    if again.any():
        raise InputError(
            f"model {together['model'][int(again.argmax())]!r} has {int(again.sum()):,} rows in two of the tables of "
            "forecasts; expected each once. Rename the column in one of them, or leave one out."
        )


def together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """All rows as one table; a level that some do not offer is NaN there."""
    levels = {name: level for table in tables for name, level in level_columns(table).items()}
    first = [name for name in tables[0].columns if name not in levels]
    split = first.index("mean") + 1
    names = [*first[:split], *sorted(levels, key=lambda name: levels[name]), *first[split:]]
    return stacked([table.reindex(columns=names) for table in tables])
