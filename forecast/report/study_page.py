"""Studies -> one self-contained HTML file: question, finding, table and figures of each, in the order given."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.report.assets import javascript, stylesheet, template
from forecast.report.columns import column
from forecast.report.pack import packed_json, packed_plotly
from forecast.report.sentences import sentences
from forecast.report.study_charts import charts, shown
from forecast.report.study_table import main_table, other_table
from forecast.report.study_view import NAMELESS, StudyView, has_level, looks, names_of
from forecast.report.styles import Style
from forecast.report.typeset import latex, markdown
from forecast.report.whole import write_whole

_SHOWN = 8  # networks with a colour of their own


def write_study(studies: Sequence[StudyView], path: Path, *, title: str) -> None:
    """Write the page of one study or of many to ``path``; nobody ever sees half a file."""
    write_whole(render_study(studies, title=title), path)


def render_study(studies: Sequence[StudyView], *, title: str) -> str:
    """The whole page; equal studies give equal text."""
    styles = looks(studies)
    names = [look.name for look in styles]
    drawn = [charts(view, names) for view in studies]
    parts = [_part(view, styles, data, place) for place, (view, data) in enumerate(zip(studies, drawn, strict=True))]
    for part, data in zip(parts, drawn, strict=True):
        data["board"] = part["copies"]
    data = {
        "models": [{"name": look.name, "kind": look.kind, "colour": look.colour, "rank": look.rank} for look in styles],
        "studies": drawn,
    }
    return template("study.html.j2").render(
        title=title,
        parts=parts,
        packed_data=packed_json(data),
        packed_blocks=[],
        packed_plotly=packed_plotly(),
        css=stylesheet("study"),
        javascript=javascript("study"),
    )


def _part(view: StudyView, styles: Sequence[Style], data: dict[str, Any], place: int) -> dict[str, Any]:
    """What the template needs of one study."""
    by_name = {look.name: look for look in styles}
    there = shown(data)
    present = [styles[model] for model in dict.fromkeys(data["rows"]["model"])]
    board = main_table(view, by_name)
    more = other_table(view, by_name)
    return {
        "place": str(place),
        "id": f"study-{place + 1}-{re.sub(r'[^a-z0-9]+', '-', view.title.lower()).strip('-')}".rstrip("-"),
        "title": view.title,
        "question": view.question,
        "finding": sentences(view.finding, apart=True),
        "facts": _facts(view, data, there["networks"]),
        "board": board,
        "more": more if len(more.columns) > len(view.factors) + 1 else None,
        "copies": {
            "Markdown": markdown(board),
            "LaTeX": latex(board, f"{view.title}: {view.question}".rstrip(": ")),
            "CSV": view.table.to_csv(index=False),
        },
        "there": there,
        "networks": [styles[model] for model in there["networks"]],
        "several": view.table.loc[has_level(view.table), "network"].nunique() > 1,
        "present": present,
        "shown": {look.name for look in _telling(present, view)},
        "index": {look.name: position for position, look in enumerate(styles)},
        "metrics": [metric["label"] for metric in data["metrics"]],
        "factors": [factor["label"] for factor in data["factors"]],
        "spent": [(name, column(name, True).label) for name in there["spent"]],
        "decides": data["decides"],
        "config": view.config,
        "provenance": json.dumps(view.provenance, indent=2, ensure_ascii=False, default=str),
        "backtest": quote(view.backtest),
    }


def _telling(present: Sequence[Style], view: StudyView) -> list[Style]:
    """What is shown at first: some networks, and the better half of what they are to beat: the best baseline."""
    networks = [look for look in present if look.kind == "network"][:_SHOWN]
    others = [look for look in present if look.kind != "network"]
    if not others or not view.metrics or view.metrics[0] not in view.table:
        return networks + others[:1]
    scores = view.table.set_index(names_of(view.table))[view.metrics[0]] * (direction(view.metrics[0]) or 1)
    return [*networks, min(others, key=lambda look: float(np.nan_to_num(scores[look.name], nan=np.inf)))]


def _facts(view: StudyView, data: dict[str, Any], networks: list[int]) -> list[str]:
    """What was compared, in a few words each."""
    date = pd.to_datetime(str(view.provenance.get("date", "")), utc=True, errors="coerce")
    found = [f"{len(factor['texts'])} levels of {factor['label']}" for factor in data["factors"]]
    name = "" if view.table.empty else str(names_of(view.table).iloc[0])
    found.append(f"{len(networks)} networks" if len(networks) != 1 else name)
    return [*(fact for fact in found if fact != NAMELESS), *([] if pd.isna(date) else [f"{date:%Y-%m-%d}"])]
