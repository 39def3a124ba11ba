"""What the two printed pages hold: the leaderboard as far as it fits, and the sentences that it rests on."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from forecast.report.tables import Grid

_MOST_LINES = 22
_MOST_PAIRED = 12  # models whose names are still legible around a quarter of a page
_WIDEST = 15.0  # columns; one with the spread of seeds counts as more
_LEFT_OUT = ("rows", "unobserved", "lacking", "seeds", "bytes", "predict_seconds")  # in this order, until the rest fits


def brief(board: Grid) -> Grid:
    """The first lines of the leaderboard without remarks, and as many of its columns as a page is wide."""
    widths = {column.name: _width(board, place) for place, column in enumerate(board.columns)}
    for name in _LEFT_OUT:
        if sum(widths.values()) > _WIDEST:
            widths.pop(name, None)
    reach = list(accumulate(widths.values()))
    names = {name for name, end in zip(widths, reach, strict=True) if end <= _WIDEST}
    kept = [place for place, column in enumerate(board.columns) if column.name in names]
    lines = [
        line.__class__(tuple(line.cells[place] for place in kept), line.style, line.message)
        for line in board.lines[:_MOST_LINES]
    ]
    return Grid(tuple(board.columns[place] for place in kept), tuple(lines))


def _width(board: Grid, place: int) -> float:
    has_spread = any(line.cells[place].spread for line in board.lines)
    return 2.0 if place == 0 else 1.7 if has_spread else 1.0


def charts_on_paper(sections: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The four charts of the second page, the most telling of those that there are: their kinds and headings."""
    if not sections:
        return []
    ranks = sections.get("evidence", {}).get("ranks", {"note": "none"})
    paired = sections.get("evidence", {}).get("pairs", {"models": []})["models"]
    calibrated = not sections["calibration"]["note"]
    many = sections["errors"]["by"]["cutoff"]["at"]
    found = [
        ("critical", "Mean ranks; bars join models not told apart") if not ranks["note"] else None,
        ("pairs", "Pairs of models: Holm’s p-values") if 1 < len(paired) <= _MOST_PAIRED else None,
        ("step", "Error by step ahead"),
        ("reliability", "Reliability: said and observed levels") if calibrated else None,
        ("cost", f"{sections['costs']['metric']} against cost") if sections["costs"]["kinds"] else None,
        ("cutoff", "Error by cutoff") if len(many) > 1 else None,
    ]
    there = [chart for chart in found if chart]
    last = [chart for chart in there if chart[0] == "cost"]
    return [*[chart for chart in there if chart not in last][: 4 - len(last)], *last]


def basis(sections: Mapping[str, Any]) -> list[str]:
    """What stands below the charts: what their numbers are over."""
    if not sections:
        return []
    errors = sections["errors"]
    unobserved = f"; {errors['unobserved']:,} forecasts have no observed value" if errors["unobserved"] else ""
    return [
        f"Scores are over {errors['observed']:,} observed values of all models and seeds{unobserved}. "
        "The complete report, with every table, series and setting, is the file that this was printed from."
    ]
