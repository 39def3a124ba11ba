"""Many studies on one page, each in a folder of its own; one that cannot be run is a section that says so."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pandas as pd
import yaml

from forecast.report.study_page import write_study
from forecast.study.config import StudyConfig
from forecast.study.result import StudyResult
from forecast.study.view import View

_COLUMNS: Final = ("model", "network", "kind", "level", "reference", "rows", "seeds", "undefined", "note", "status")
_LOSSES: Final = ("network", "level", "seed", "fold", "epoch", "train_loss", "val_loss")


def run_all(
    configs: Mapping[str, StudyConfig], run: Callable[[str, StudyConfig], StudyResult], path: Path, *, title: str
) -> dict[str, str]:
    """Run studies one after another and write their page to ``path``, anew after each; return why some failed.

    Args:
        configs: the studies by name, in the order of the page.
        run: runs one of them and saves it into the folder of its name beside the page.
        path: of the page.
        title: of the page.
    """
    views, problems = [], {}
    for name, config in configs.items():
        try:
            views.append(run(name, config).view(backtest=f"{name}/backtest.html"))
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a section and the others go on
            problems[name] = " ".join(str(error).split()) or type(error).__name__
            views.append(_failed(config, problems[name]))
        write_study(views, path, title=title)
    return problems


def _failed(config: StudyConfig, problem: str) -> View:
    """A study without a result, as the page reads it."""
    factors = {each.name: each.scale for each in config.factors}
    spread = [column for metric in config.shown for column in (metric, f"{metric}_spread")]
    return View(
        title=config.title,
        question=config.question,
        finding=f"This study could not be run: {problem.rstrip('.')}.",
        table=pd.DataFrame(columns=[*_COLUMNS, *factors, *spread]),
        factors=factors,
        metrics=config.metrics,
        curves=pd.DataFrame(columns=list(_LOSSES)),
        growth=pd.DataFrame(),
        config=yaml.safe_dump(config.plain(), sort_keys=False, allow_unicode=True),
        provenance={},
        backtest="",
    )
