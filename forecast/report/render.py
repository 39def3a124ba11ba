"""A backtest -> one self-contained HTML file: no outside request, safe against names with HTML in them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from forecast.evaluation.calibration import remarks
from forecast.report.assets import javascript, stylesheet, template
from forecast.report.calibrated import calibration, overview
from forecast.report.charts import curves, errors
from forecast.report.costs import costs
from forecast.report.evidence import evidence, members
from forecast.report.fans import fans
from forecast.report.heatmaps import biases, heatmaps
from forecast.report.pack import packed, packed_json, packed_plotly
from forecast.report.paper import basis, brief, charts_on_paper
from forecast.report.result import Result, facts, title
from forecast.report.sentences import sentences
from forecast.report.styles import Style, styles
from forecast.report.tables import grid, leaderboard
from forecast.report.typeset import latex, markdown
from forecast.report.whole import write_whole

_SHOWN_IN_ERRORS = 6


def write(result: Result, path: str | Path) -> Path:
    """Write the report to ``path`` and give the path back; nobody ever sees half a file."""
    return write_whole(render(result), path)


def render(result: Result) -> str:
    """The whole page; equal results give equal text."""
    looks = styles(result.runs, result.table)
    names = [look.name for look in looks]
    by_name = {look.name: look for look in looks}
    board = result.leaderboard()
    scored = set(result.table["model"].astype(str)) if len(result.table) else set()
    ranked = [by_name[name] for name in board["model"].astype(str) if name in scored]
    forecasts, blocks = fans(result.table, result.recent, names) if ranked else ({}, [])
    sections = _sections(result, names, by_name) if ranked else {}
    losses = curves(result.curves, result.runs, names)
    shown = leaderboard(board, result.runs, by_name)
    heading = f"{title(result)}: {', '.join(facts(result))}"
    copies = {"Markdown": markdown(shown), "LaTeX": latex(shown, heading), "CSV": board.to_csv(index=False)}
    data = {
        "models": [{"name": look.name, "kind": look.kind, "colour": look.colour, "rank": look.rank} for look in looks],
        "fans": forecasts,
        "curves": losses,
        "board": copies,
        "ranked": [names.index(look.name) for look in ranked],
        **{name: part for name, part in sections.items() if isinstance(part, dict)},
    }
    return template("page.html.j2").render(
        title=title(result),
        facts=facts(result),
        verdict=sentences(result.verdict()),
        index={name: position for position, name in enumerate(names)},
        ranked=ranked,
        in_fans=_telling(ranked),
        in_errors={look.name for look in ranked[:_SHOWN_IN_ERRORS]},
        kinds={look.kind for look in looks},
        board=shown,
        brief=brief(shown),
        on_paper=charts_on_paper(sections),
        basis=basis(sections),
        copies=list(copies),
        trained=[(position, looks[int(position)]) for position in losses],
        health=grid(result.health, by_name),
        covariates=grid(result.covariates, by_name) if len(result.covariates) else None,
        runs=grid(result.runs, by_name),
        config=yaml.safe_dump(result.spec, sort_keys=False, allow_unicode=True, width=100),
        provenance=json.dumps(result.provenance, indent=2, ensure_ascii=False, default=str),
        fans=forecasts,
        **sections,
        packed_data=packed_json(data),
        packed_blocks=[packed(block) for block in blocks],
        packed_plotly=packed_plotly(),
        css=stylesheet(),
        javascript=javascript("backtest"),
    )


def _sections(result: Result, names: list[str], looks: dict[str, Style]) -> dict[str, Any]:
    """What the sections are made of that need scored forecasts: dictionaries are for the page's scripts as well."""
    table = result.table
    left_over = result.residuals()
    return {
        "evidence": evidence(result, names),
        "best_set": members(result.confidence_set(), looks),
        "errors": errors(table, names),
        "calibration": calibration(table, names),
        "coverage": grid(overview(table), looks),
        "remarks": remarks(table),
        "breakdowns": heatmaps(result.breakdowns(), names, result.metrics),
        "residuals": grid(left_over, looks, drop=["note", *_undefined(left_over)]),
        "residual_notes": list(dict.fromkeys(note for note in left_over["note"] if note)),
        "biases": biases(table, names),
        "costs": costs(result.leaderboard(), names, result.deciding_metric),
    }


def _undefined(frame: pd.DataFrame) -> list[str]:
    """The columns without any value."""
    return [str(name) for name in frame.columns if frame[name].isna().all()]


def _telling(ranked: Sequence[Style]) -> set[str]:
    """The models whose forecasts are shown at first: the best network and the best baseline."""
    best = {kind: next((look.name for look in ranked if look.kind == kind), "") for kind in ("network", "baseline")}
    return set(best.values()) - {""}
