"""StudyResult: what a study found, its table and its finding, and the folder it is kept in."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import yaml

from forecast.report.study_page import write_study
from forecast.report.tables import Grid
from forecast.report.typeset import latex, markdown
from forecast.result import Backtest
from forecast.study import folder as folders
from forecast.study.config import StudyConfig
from forecast.study.curve import learning_curves, of_the_page
from forecast.study.finding import finding
from forecast.study.table import study_table
from forecast.study.typeset import study_grid
from forecast.study.view import View, curves_of


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What a study found; the tables alone are enough to score and to report again.

    Attributes:
        config: what was asked.
        backtest: of all networks at all levels, under names such as ``MLP lr=0.1``, and of the baselines.
        arms: a row per network and level, and per baseline: model, network, kind, a column a factor, level, reference,
            and the problem of one that could not take part.
    """

    config: StudyConfig
    backtest: Backtest
    arms: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """A row per network and level, and per baseline (``forecast.study.table.study_table``)."""
        return self._table.copy()

    @cached_property
    def _table(self) -> pd.DataFrame:
        found = self.backtest
        return study_table(self.arms, found.table, found.runs, found.curves, found.inside, self.config.shown)

    def finding(self) -> str:
        """What the study found, in sentences: which level, by how much, how sure that is, what it rests on."""
        return finding(self.config, self._table, self.backtest.table)

    def curve(self) -> pd.DataFrame:
        """The learning curves of a study of training windows (``forecast.study.curve``); empty for any other."""
        return learning_curves(self.config, self._table)[0]

    def grid(self) -> Grid:
        """The table in the article's form."""
        heading = ", ".join(each.label or each.name.replace("_", " ") for each in self.config.factors)
        return study_grid(self._table, self.config.metrics, heading)

    def to_markdown(self) -> str:
        """The table in Markdown: the best level bold, the spread of seeds as ±."""
        return markdown(self.grid())

    def to_latex(self) -> str:
        """The table in LaTeX for the package booktabs."""
        return latex(self.grid(), self.config.question or self.config.title)

    def view(self, backtest: str = "backtest.html") -> View:
        """The study as its page reads it; ``backtest`` is where the report of its backtest is, from the page."""
        found, names = self.backtest, {each.name: each.label or each.name for each in self.config.factors}
        return View(
            title=self.config.title,
            question=self.config.question,
            finding=self.finding(),
            table=self._table.rename(columns=names),
            factors={names[each.name]: each.scale for each in self.config.factors},
            metrics=self.config.metrics,
            curves=curves_of(found.curves, self.arms),
            growth=of_the_page(self.curve(), self.config),
            config=yaml.safe_dump(found.spec, sort_keys=False, allow_unicode=True),
            provenance=found.provenance,
            backtest=backtest,
        )

    def report(self, path: str | Path) -> Path:
        """Write the page of the study to ``path`` and return it."""
        write_study([self.view()], Path(path), title=self.config.title)
        return Path(path)

    def save(self, folder: str | Path) -> Path:
        """Write all that a backtest writes, and the study's own tables and page, into ``folder``; return it."""
        return folders.save(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> "StudyResult":
        """The study that ``save`` wrote into ``folder``; raises InputError when there is none."""
        config, backtest, arms = folders.load(Path(folder))
        return cls(config, backtest, arms)
