"""A tuning -> one self-contained HTML file: the verdict, the price on the outer rows, every trial."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from forecast.report.assets import javascript, stylesheet, template
from forecast.report.numbers import seconds
from forecast.report.pack import packed_json, packed_plotly
from forecast.report.sentences import sentences
from forecast.report.styles import Style, styles
from forecast.report.tables import Grid, grid, leaderboard
from forecast.report.tuning_charts import charts, options_of
from forecast.report.tuning_tables import options_table, trials_table
from forecast.report.typeset import latex, markdown
from forecast.report.whole import write_whole


class TuningView(Protocol):
    """A tuning, as plain frames and texts."""

    @property
    def title(self) -> str:
        """What was tuned, on what."""
        ...

    @property
    def verdict(self) -> str:
        """Whether tuning helped, in sentences."""
        ...

    @property
    def trials(self) -> pd.DataFrame:
        """A row per trial: number (0: untuned), state, value, seconds, epochs, a column per option, note."""
        ...

    @property
    def importance(self) -> pd.DataFrame:
        """A row per option: parameter, importance; empty where that is not defined."""
        ...

    @property
    def best(self) -> Mapping[str, Any]:
        """The values of the best trial."""
        ...

    @property
    def metric(self) -> str:
        """What trials were scored by."""
        ...

    @property
    def outer(self) -> pd.DataFrame:
        """The leaderboard of the tuned network, the untuned one and the baselines on rows that no trial has seen."""
        ...

    @property
    def nested(self) -> pd.DataFrame:
        """A row per block, each tuned on what precedes it; may be empty."""
        ...

    @property
    def config(self) -> str:
        """The complete configuration of the best trial, YAML that runs again."""
        ...

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, seeds, machine, date, seconds."""
        ...


def write_tuning(view: TuningView, path: Path) -> None:
    """Write the page to ``path``; nobody ever sees half a file."""
    write_whole(render_tuning(view), path)


def render_tuning(view: TuningView) -> str:
    """The whole page; equal tunings give equal text."""
    looks = {look.name: look for look in _looks(view.outer)}
    drawn = charts(view.trials, view.importance, view.metric)
    board = _board(view.outer, looks)
    copies = {"Markdown": markdown(board), "LaTeX": latex(board, view.title), "CSV": view.outer.to_csv(index=False)}
    texts = {"best": view.config}
    return template("tuning.html.j2").render(
        title=view.title,
        facts=_facts(view),
        verdict=sentences(view.verdict),
        board=board,
        copies=list(copies),
        options=options_table(view.trials, view.best),
        trials=trials_table(view.trials, view.metric),
        nested=grid(view.nested, looks) if len(view.nested) else None,
        metric=drawn["metric"]["label"],
        complete=drawn["complete"],
        drawn=bool(drawn["numbers"]),
        parameters=[(option["name"], option["label"]) for option in drawn["options"]],
        has_importance=len(view.importance) > 0,
        config=view.config,
        provenance=json.dumps(view.provenance, indent=2, ensure_ascii=False, default=str),
        packed_data=packed_json({"models": [], "tuning": drawn, "board": copies | texts}),
        packed_blocks=[],
        packed_plotly=packed_plotly(),
        css=stylesheet("study", "tuning"),
        javascript=javascript("tuning"),
    )


def _looks(outer: pd.DataFrame) -> tuple[Style, ...]:
    if outer.empty:
        return ()
    kinds = outer["kind"] if "kind" in outer else pd.Series("baseline", index=outer.index)
    return styles(pd.DataFrame({"model": outer["model"], "kind": kinds}).sort_values("model"), pd.DataFrame())


def _board(outer: pd.DataFrame, looks: Mapping[str, Style]) -> Grid:
    if outer.empty:
        return Grid((), ())
    without = [name for name in ("p_value", "skill") if name in outer and outer[name].isna().all()]
    if without == ["p_value", "skill"] or without == ["skill", "p_value"]:  # there is no baseline to compare with
        without += [name for name in ("note", "undefined") if name in outer]
    return leaderboard(outer.drop(columns=without), pd.DataFrame({"model": [], "error": []}), looks)


def _facts(view: TuningView) -> list[str]:
    """What was tried, in a few words each."""
    tried = view.trials[view.trials["number"] != 0]
    states = tried["state"].value_counts()
    counts = [f"{states[name]:,} {name}" for name in ("complete", "pruned", "failed") if name in states]
    spent = float(view.trials["seconds"].sum())
    date = pd.to_datetime(str(view.provenance.get("date", "")), utc=True, errors="coerce")
    return [
        f"{len(tried):,} trials" + (f" ({', '.join(counts)})" if len(counts) > 1 else ""),
        f"{len(options_of(view.trials))} options",
        f"{seconds(spent)} seconds of trials",
        *([] if pd.isna(date) else [f"{date:%Y-%m-%d}"]),
    ]
