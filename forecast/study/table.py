"""The table of a study: a row per network and level, and per baseline, all on the same rows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast.evaluation.alignment import common_rows
from forecast.evaluation.paired import paired
from forecast.evaluation.scores import score
from forecast.study.status import status

_TEST: list[str] = ["difference", "low", "high", "p_value", "p_holm", "note"]
_COSTS = ["fit_seconds", "predict_seconds", "parameters", "bytes", "sparsity", "windows", "epochs"]


def study_table(
    arms: pd.DataFrame,
    table: pd.DataFrame,
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    inside: pd.DataFrame,
    metrics: Sequence[str],
) -> pd.DataFrame:
    """A row per arm, in the order of ``arms``.

    Metrics are means over seeds, ``<metric>_spread`` their standard deviation (NaN with one seed). ``difference``,
    ``low``, ``high`` and ``p_value`` are of the paired test of the level against the reference of its network on the
    scaled absolute error (``forecast.evaluation.paired``), ``p_holm`` corrected for the levels of that network.
    ``train``, ``validation`` and ``test`` are the first metric in original units, ``gap`` test minus train. Seconds are
    those of one seed. ``undefined`` says which metrics are not defined, and for how many rows; ``status`` what went
    wrong, in words.

    Args:
        arms: those of ``forecast.study.plan.Plan``.
        table: forecasts with actuals, of complete runs.
        runs: a row per fit.
        curves: losses while training.
        inside: forecasts of rows that networks were trained or validated on, with ``part``; empty where not asked for.
        metrics: the first orders the levels.
    """
    shared = common_rows(table)[0] if len(table) else table
    scores = _scores(shared, metrics)
    factors = [name for name in arms.columns if name not in OF_ARMS]
    costs = _costs(runs).drop(columns=factors, errors="ignore")  # a level of training windows says their number
    found = arms.merge(scores, on="model", how="left").merge(costs, on="model", how="left")
    found = found.merge(_tests(shared, arms), on="model", how="left")
    found = found.merge(_parts(inside, metrics[0]), on="model", how="left")
    found["test"] = found[metrics[0]].where(found["kind"] == "network")
    found["gap"] = found["test"] - found["train"]
    smallest = found["mse"].min()
    sizes = found["mse"] / smallest if smallest > 0 else pd.Series(np.nan, index=found.index)
    found["status"] = [
        status(problem, runs[runs["model"].astype(str) == name], curves[curves["model"].astype(str) == name], size)
        for name, problem, size in zip(found["model"], found["problem"], sizes, strict=True)
    ]
    texts = ["undefined", "note"]
    found[texts] = found[texts].astype(object).where(found[texts].notna(), "")
    found["rows"] = found["rows"].fillna(0).astype(np.int64)
    spread = [column for name in metrics for column in (name, f"{name}_spread")]
    parts = ["train", "validation", "test", "gap"]
    first = ["model", "network", "kind", "level", *factors, "reference", "rows", "seeds"]
    return found[[*first, *spread, *_TEST, *parts, *costs.columns.drop("model"), "undefined", "status"]]


OF_ARMS = ("model", "network", "kind", "level", "reference", "problem")


def _scores(table: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Mean and spread over seeds of each model's metrics, and what is undefined."""
    columns = ["model", *(name for metric in metrics for name in (metric, f"{metric}_spread"))]
    if table.empty:
        return pd.DataFrame(columns=[*columns, "rows", "seeds", "undefined"])
    records = []
    for model, own in score(table, metrics).groupby("model", sort=False):
        record: dict[str, object] = {"model": str(model), "rows": int(own["rows"].iloc[0]), "seeds": len(own)}
        for name in metrics:
            record |= {name: own[name].mean(skipna=False), f"{name}_spread": own[name].std(skipna=False)}
        records.append(record | {"undefined": _undefined(own["undefined"])})
    return pd.DataFrame(records)


def _undefined(texts: pd.Series) -> str:
    """What is undefined in one text for all seeds: ``msle: 9 to 10 rows with a negative forecast, 2 of 3 seeds``."""
    said = [dict(part.split(": ", 1) for part in text.split("; ") if part) for text in texts]
    found = []
    for name in dict.fromkeys(name for each in said for name in each):
        reasons = [each[name].partition(" ") for each in said if name in each]
        counts = sorted({int(number) for number, _, _ in reasons if number.isdigit()})
        most = next((each for each in reasons if counts and each[0] == str(counts[-1])), reasons[0])
        what = most[2] if counts else " ".join(most).strip()
        rows = f"{counts[0]} to {counts[-1]} " if len(counts) > 1 else f"{counts[0]} " if counts else ""
        seeds = f", {len(reasons)} of {len(said)} seeds" if len(reasons) < len(said) else ""
        found.append(f"{name}: {rows}{what}{seeds}")
    return "; ".join(found)


def _tests(table: pd.DataFrame, arms: pd.DataFrame) -> pd.DataFrame:
    """The paired test of each level against the reference of its network."""
    scored = {*table["model"].astype(str)}
    found = [pd.DataFrame(columns=["model", *_TEST])]
    for _, own in arms[arms["kind"] == "network"].groupby("network", sort=False):
        reference = own.loc[own["reference"], "model"].tolist()
        others = [name for name in own["model"] if name in scored and name not in reference]
        if reference and reference[0] in scored and others:
            chosen = table[table["model"].astype(str).isin([*reference, *others])]
            found.append(paired(chosen, [(name, reference[0]) for name in others])[["model", *_TEST]])
    return pd.concat([each for each in found if len(each)] or found, ignore_index=True)


def _parts(inside: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The metric on what networks were trained and validated on, the mean over seeds."""
    if inside.empty:
        return pd.DataFrame({"model": [], "train": [], "validation": []}).astype({"model": str})
    means = score(inside, [metric], by=["part"]).groupby(["model", "part"])[metric].mean().unstack("part")
    return means.reindex(columns=["train", "validation"]).reset_index().astype({"model": str})


def _costs(runs: pd.DataFrame) -> pd.DataFrame:
    """What each model took: seconds of one seed, its size, windows and epochs of a fit on average."""
    runs = runs.reindex(columns=["model", "seed", "error", *_COSTS])
    records = []
    for model, own in runs.groupby(runs["model"].astype(str), sort=False):
        seconds = own[["fit_seconds", "predict_seconds"]].sum(min_count=1) / own["seed"].nunique()
        most = own[["parameters", "bytes", "windows"]].where(own["error"].fillna("") == "").max()
        records.append({"model": model, **seconds, **most, **own[["sparsity", "epochs"]].astype(np.float64).mean()})
    return pd.DataFrame(records, columns=["model", *_COSTS])
