"""TuningResult: what a tuning found, its verdict, page, and the folder it is kept in."""

import json
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from datamodules.door.separated import EXACT
from datamodules.errors import InputError
from forecast.report.tuning_page import write_tuning
from forecast.report.whole import whole, write_whole
from forecast.result import Backtest
from forecast.tune.config import TuningConfig
from forecast.tune.outer import tuned_name, untuned_name
from forecast.tune.verdict import Gain, gain, verdict


@dataclass(frozen=True, eq=False)
class TuningResult:
    """What a tuning found.

    Attributes:
        spec: the complete configuration of the tuning.
        trials: a row per trial: number (0 is the untuned network), state, value, seconds, epochs, a column per option,
            note.
        importance: a row per option: its share in how far values differ; empty where that is not defined.
        best: the values of the best trial.
        winner: the complete configuration of a backtest of the best trial and the baselines.
        outer: the backtest of the tuned network, the untuned one and the baselines on rows that no trial has seen.
        nested: a row per block, each tuned on what precedes it, and one over all; empty without ``nested``.
        provenance: that of the outer backtest, with the deciding metric, the number of the best trial and the seconds.
    """

    spec: dict[str, Any]
    trials: pd.DataFrame
    importance: pd.DataFrame
    best: dict[str, Any]
    winner: dict[str, Any]
    outer: Backtest
    nested: pd.DataFrame
    provenance: dict[str, Any]

    @property
    def names(self) -> tuple[str, str]:
        """Of the tuned and of the untuned network in the outer backtest."""
        config = TuningConfig.of(self.spec).base
        return tuned_name(config), untuned_name(config)

    @property
    def metric(self) -> str:
        """That trials were scored by."""
        return str(self.provenance["metric"])

    @property
    def title(self) -> str:
        """Of the report."""
        data = self.spec.get("data", "")
        return f"Tuning of {self.names[1]} on {data if isinstance(data, str) else ', '.join(data)}"

    @cached_property
    def gain(self) -> Gain | None:
        """Tuned against untuned on the outer rows; None when the best trial was the untuned one, or one has no rows.

        In the metric that trials were scored by; where that is undefined on these rows, in the first one that is not.
        """
        board = self.outer.leaderboard().set_index("model").reindex(self.names)
        if (board["rows"].fillna(0) == 0).any():
            return None
        defined = self.metric in board and board[self.metric].notna().all()
        return gain(self.outer.table, *self.names, self.metric if defined else self.outer.deciding_metric)

    def verdict(self) -> str:
        """Whether tuning helped, and its price, in sentences."""
        best = int(self.provenance["best_trial"])
        return verdict(self.metric, self.trials, best, self.gain, names=self.names, blocks=self.nested)

    def report(self, path: str | Path) -> Path:
        """Write the HTML page to ``path`` and return it."""
        write_tuning(_View(self), Path(path))
        return Path(path)

    def save(self, folder: str | Path) -> Path:
        """Write all tables, the configurations and the outer backtest into ``folder`` and return it.

        Each file is written under a temporary name and renamed, so that none is ever half there.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"output folder {folder} cannot be made: {error.strerror}. Name another.") from error
        self.outer.save(folder / "backtest")
        for name in _TABLES:
            whole(folder / f"{name}.csv", partial(getattr(self, name).to_csv, index=False))
        texts = {
            "tuning.yaml": yaml.safe_dump(self.spec, sort_keys=False),
            "best.yaml": yaml.safe_dump(self.winner, sort_keys=False),
            "provenance.json": json.dumps(self.provenance | {"best": self.best}, indent=2),
            "verdict.txt": f"{self.verdict()}\n",
        }
        for name, text in texts.items():
            write_whole(text, folder / name)
        self.report(folder / "report.html")
        return folder

    @classmethod
    def load(cls, folder: str | Path) -> "TuningResult":
        """The tuning that ``save`` wrote into ``folder``; raises InputError when there is none."""
        folder = Path(folder)
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise InputError(
                f"{folder} holds no finished tuning: {missing[0]} is missing; expected a folder that 'forecast tune "
                "--output' wrote. Name that one."
            )
        try:
            provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
            best = provenance.pop("best")
            return cls(
                spec=yaml.safe_load((folder / "tuning.yaml").read_text(encoding="utf-8")),
                **{name: _read_csv(folder / f"{name}.csv") for name in _TABLES},
                best=best,
                winner=yaml.safe_load((folder / "best.yaml").read_text(encoding="utf-8")),
                outer=Backtest.load(folder / "backtest"),
                provenance=provenance,
            )
        except (ValueError, KeyError, yaml.YAMLError) as error:  # ValueError: what json and pandas raise
            raise InputError(
                f"{folder} holds a tuning with a damaged file ({' '.join(str(error).split())}). Run it again with "
                "--overwrite."
            ) from error


class _View:
    """A tuning as its page wants it (``forecast.report.tuning_page.TuningView``)."""

    def __init__(self, result: TuningResult) -> None:
        self.title, self.verdict, self.metric = result.title, result.verdict(), result.metric
        self.trials, self.importance, self.nested = result.trials, result.importance, result.nested
        self.best, self.outer, self.provenance = result.best, result.outer.leaderboard(), result.provenance
        self.config = yaml.safe_dump(result.winner, sort_keys=False)


_TABLES: Final = ("trials", "importance", "nested")
FILES: Final = ("tuning.yaml", "trials.csv", "importance.csv", "best.yaml", "nested.csv", "provenance.json")
_TEXTS: Final = ("state", "note", "parameter", "block", "first", "last")


def _read_csv(path: Path) -> pd.DataFrame:
    """The table; texts as they are, empty numbers as NaN."""
    try:
        empty = {name: [""] for name in pd.read_csv(path, nrows=0).columns if name not in _TEXTS}
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    return pd.read_csv(path, dtype=dict.fromkeys(_TEXTS, str), keep_default_na=False, na_values=empty, **EXACT)
