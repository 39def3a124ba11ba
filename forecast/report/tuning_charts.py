"""The trials of a tuning -> the arrays that its charts are drawn from."""

from typing import Any, Final

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.report.columns import column
from forecast.report.numbers import compact
from forecast.report.study_view import text_of

NOT_OPTIONS: Final = ("number", "state", "value", "seconds", "epochs", "note")
_FEW = 6  # numbers that stand side by side, like names
_WIDE = 10.0  # options whose values span more, largest through smallest, stand on a logarithmic axis


def charts(trials: pd.DataFrame, importance: pd.DataFrame, metric: str) -> dict[str, Any]:
    """All that the page's scripts draw, T trials.

    ``numbers``, ``states``, ``values``, ``seconds``, ``epochs`` and ``notes`` are (T), so is ``best``, the best value
    so far; ``options`` have a ``name``, a ``label``, whether they are ``log``, the ``texts`` of names and of few
    numbers (else None) and ``at`` (T), the value of each trial or the index of its text, None where it has none.
    """
    complete = (trials["state"] == "complete") & trials["value"].notna()
    values = trials["value"].where(complete).to_numpy(dtype=np.float64, na_value=np.nan)
    towards = direction(metric) or 1
    return {
        "metric": {"name": metric, "label": column(metric, True).label, "direction": towards},
        "numbers": trials["number"].astype(int).tolist(),
        "states": trials["state"].astype(str).tolist(),
        "values": compact(trials["value"].to_numpy(dtype=np.float64, na_value=np.nan), 7),
        "best": compact(np.fmin.accumulate(values * towards) * towards, 7) if len(values) else [],
        "seconds": compact(trials["seconds"].to_numpy(dtype=np.float64, na_value=np.nan)),
        "epochs": compact(trials["epochs"].to_numpy(dtype=np.float64, na_value=np.nan)),
        "notes": trials["note"].fillna("").astype(str).tolist(),
        "complete": int(complete.sum()),
        "options": [_option(name, trials[name]) for name in options_of(trials)],
        "importance": {
            "parameter": importance["parameter"].astype(str).tolist() if len(importance) else [],
            "value": compact(importance["importance"].to_numpy(dtype=np.float64)) if len(importance) else [],
        },
    }


def options_of(trials: pd.DataFrame) -> list[str]:
    """The columns that are options."""
    return [str(name) for name in trials.columns if name not in NOT_OPTIONS]


def _option(name: str, values: pd.Series) -> dict[str, Any]:
    there = values.notna() & (values.astype(str) != "")
    known = pd.Series([value for value, is_there in zip(values, there, strict=True) if is_there], dtype=object)
    are_flags = known.map(lambda value: isinstance(value, bool | np.bool_)).any()
    numbers = pd.to_numeric(known, errors="coerce")
    label = name.replace("_", " ")
    if len(known) and numbers.notna().all() and not are_flags:
        levels = sorted(numbers.unique())
        if len(levels) <= _FEW:
            places = [
                None if value != value else levels.index(value) for value in pd.to_numeric(values, errors="coerce")
            ]
            return {"name": name, "label": label, "log": False, "texts": [f"{x:g}" for x in levels], "at": places}
        sizes = pd.to_numeric(values.where(there), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        log = bool(numbers.min() > 0 and numbers.max() / numbers.min() > _WIDE)
        return {"name": name, "label": label, "log": log, "texts": None, "at": compact(sizes, 7)}
    texts = sorted({text_of(value) for value in known})
    at = [texts.index(text_of(value)) if is_there else None for value, is_there in zip(values, there, strict=True)]
    return {"name": name, "label": label, "log": False, "texts": texts, "at": at}
