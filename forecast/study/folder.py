"""The folder of a study: that of its backtest, the study's tables, and its page as report.html."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import yaml

from datamodules.door.separated import EXACT
from datamodules.errors import InputError
from forecast.report.whole import whole
from forecast.result import Backtest
from forecast.study.config import StudyConfig

if TYPE_CHECKING:
    from forecast.study.result import StudyResult

FILES: Final = ("study.yaml", "arms.csv", "study.csv", "study.md", "study.tex", "curve.csv", "backtest.html")
_TEXTS: Final = ("model", "network", "kind", "level", "problem")


def save(result: "StudyResult", folder: Path) -> Path:
    """Write everything; each file under a temporary name first, so that none is ever half there."""
    result.backtest.save(folder)
    (folder / "report.html").replace(folder / "backtest.html")
    result.report(folder / "report.html")
    text = yaml.safe_dump(result.config.plain(), sort_keys=False, allow_unicode=True)
    whole(folder / "study.yaml", lambda path: path.write_text(text, encoding="utf-8"))
    whole(folder / "arms.csv", lambda path: result.arms.to_csv(path, index=False))
    whole(folder / "study.csv", lambda path: result.table().to_csv(path, index=False))
    if len(curve := result.curve()):
        whole(folder / "curve.csv", lambda path: curve.to_csv(path, index=False))
    whole(folder / "study.md", lambda path: path.write_text(result.to_markdown(), encoding="utf-8"))
    whole(folder / "study.tex", lambda path: path.write_text(result.to_latex(), encoding="utf-8"))
    return folder


def load(folder: Path) -> tuple[StudyConfig, Backtest, pd.DataFrame]:
    """What ``save`` wrote; raises InputError when there is none."""
    for name in ("study.yaml", "arms.csv"):
        if not (folder / name).is_file():
            raise InputError(
                f"{folder} holds no finished study: {name} is missing; expected a folder that 'forecast study "
                "--output' wrote. Name that one."
            )
    config = StudyConfig.read(folder / "study.yaml")
    texts = [*_TEXTS, *(each.name for each in config.factors if not each.is_ordered)]
    try:
        arms = pd.read_csv(
            folder / "arms.csv",
            dtype=dict.fromkeys(texts, str),
            keep_default_na=False,
            na_values={each.name: [""] for each in config.factors},
            **EXACT,
        )
    except ValueError as error:
        raise InputError(f"{folder} holds a study with a damaged file arms.csv. Run it again.") from error
    return config, Backtest.load(folder), arms


def clear(folder: Path) -> None:
    """Remove what an earlier study left, before another one begins in its folder."""
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
