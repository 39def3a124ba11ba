"""Ensembles made of the rows of a forecast table, after the fact: no model is fitted again."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from forecast.ensemble.combine import LEARNT, combine, equal, learn
from forecast.ensemble.recipes import SEEDS, Recipe
from forecast.evaluation.alignment import PATH, group
from forecast.table import ROW, level_columns, stacked

KIND = "ensemble"


def with_ensembles(
    table: pd.DataFrame, runs: pd.DataFrame, recipes: Sequence[Recipe]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The forecast table and its runs, with the rows of each ensemble added.

    An ensemble has a row wherever its members have, for each of their seeds: with the members' forecasts of that seed,
    or of their only one. A model that lacks rows which others have, because a fit of it failed, is left out and noted.
    Weights for a cutoff are learnt from what had been observed by then: rows of earlier cutoffs whose time is not after
    it. At the first cutoff they are equal.

    ::

        fold 1   |--- known ---|1 2 3 4|                weights of fold 3 are learnt from steps 1 2 3 4 of fold 1
        fold 2   |--- known -------|1 2 3 4|            and 1 2 of fold 2
        fold 3   |--- known ---------|. . . .|

    Args:
        table: the forecast table, with actuals and naive errors.
        runs: what each fit took.
        recipes: the ensembles wanted.
    """
    tables, rows = [table] if len(table) else [], [runs]
    singles = [str(name) for name in runs.loc[runs["kind"] != KIND, "model"].unique()]
    parts = _Parts.of(table) if len(table) else None
    for recipe in recipes:
        if recipe.method == SEEDS:
            wanted = [name for name in singles if not recipe.members or name in recipe.members]
            chosen = [_mean_of_seeds(parts, runs, name) for name in wanted if parts and parts.has_seeds(name)]
        else:
            chosen = [_ensemble(parts, runs, singles, recipe)]
        tables += [each for each, _ in chosen if len(each)]
        rows += [each for _, each in chosen]
    return (stacked(tables) if tables else table), pd.concat(rows, ignore_index=True)


class _Parts(NamedTuple):
    """A forecast table by row and by model and seed.

    Attributes:
        table: the table.
        levels: its quantile columns.
        places: (model, seed) -> (n) the row of the table that holds each row, -1 where it has none.
    """

    table: pd.DataFrame
    levels: list[str]
    places: dict[tuple[str, int], np.ndarray]

    @classmethod
    def of(cls, table: pd.DataFrame) -> "_Parts":
        row, first = group(table, ROW)
        run, first_of_run = group(table, ("model", "seed"))
        places = {}
        for number, start in enumerate(first_of_run):
            own = np.flatnonzero(run == number)
            where = np.full(len(first), -1)
            where[row[own]] = own
            places[str(table["model"].iloc[start]), int(table["seed"].iloc[start])] = where
        return cls(table, list(level_columns(table)), places)

    def seeds(self, model: str) -> list[int]:
        """The seeds that a model has rows of."""
        return sorted(seed for name, seed in self.places if name == model)

    def has_seeds(self, model: str) -> bool:
        """Whether a model has rows of several seeds."""
        return len(self.seeds(model)) > 1

    def is_complete(self, model: str, fitted: set[int]) -> bool:
        """Whether a model has every row, for each seed that it was fitted with."""
        own = self.seeds(model)
        return bool(own) and fitted <= {*own} and all((self.places[model, seed] >= 0).all() for seed in own)

    def values(self, members: Sequence[tuple[str, int]]) -> np.ndarray:
        """(n, M, C) the point forecasts and quantiles of the members."""
        columns = self.table[["mean", *self.levels]].to_numpy(dtype=np.float64)
        return np.stack([columns[self.places[member]] for member in members], axis=1)


def _ensemble(
    parts: _Parts | None, runs: pd.DataFrame, singles: Sequence[str], recipe: Recipe
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of one ensemble, and a run a seed."""
    wanted = list(recipe.members) or list(singles)
    fitted = {name: {*runs.loc[runs["model"].astype(str) == name, "seed"].astype(int)} for name in wanted}
    members = [name for name in wanted if parts and fitted[name] and parts.is_complete(name, fitted[name])]
    absent = [name for name in wanted if name not in members]
    if parts is None or not members:
        error = f"no member has every row: {', '.join(absent) or 'there is none'}"
        return pd.DataFrame(), _runs(runs, recipe.label, 0, (), "", error)
    seeds = sorted(
        {seed for name in members for seed in parts.seeds(name)} if any(map(parts.has_seeds, members)) else {0}
    )
    tables, rows = [], []
    for seed in seeds:
        own = [(name, seed if (name, seed) in parts.places else parts.seeds(name)[0]) for name in members]
        base = parts.table.iloc[parts.places[own[0]]]
        values = parts.values(own)
        weights, folds = _weights(base, values[:, :, 0], recipe)
        tables.append(_made(base, recipe.label, seed, combine(values, recipe.method, weights), parts.levels))
        note = _note(recipe, members, absent, weights[int(base["cutoff"].to_numpy().argmax())], folds)
        rows.append(_runs(runs, recipe.label, seed, own, note, ""))
    return stacked(tables), pd.concat(rows, ignore_index=True)


def _mean_of_seeds(parts: _Parts, runs: pd.DataFrame, model: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The mean of the seeds of one model that have every row, as a model of its own."""
    name = f"{model}-{SEEDS}"
    own = [(model, seed) for seed in parts.seeds(model) if (parts.places[model, seed] >= 0).all()]
    if not own:
        return pd.DataFrame(), _runs(runs, name, 0, (), "", f"no seed of {model} has every row")
    values = parts.values(own)
    mean = combine(values, "mean", np.ones(values.shape[:2]))
    note = f"mean of seeds {', '.join(str(seed) for _, seed in own)} of {model}"
    return _made(parts.table.iloc[parts.places[own[0]]], name, 0, mean, parts.levels), _runs(
        runs, name, 0, own, note, ""
    )


def _weights(base: pd.DataFrame, forecasts: np.ndarray, recipe: Recipe) -> tuple[np.ndarray, int]:
    """(n, M) the weights of each row, and how many cutoffs had something to learn from."""
    n, members = forecasts.shape
    weights = np.tile(equal(members), (n, 1))
    if recipe.method not in LEARNT:
        return weights, 0
    cutoff, time = base["cutoff"].to_numpy(), base["time"].to_numpy()
    actual, scale = (base[name].to_numpy(dtype=np.float64) for name in ("actual", "naive_mae"))
    series = group(base, PATH[:2])[0] if recipe.per_series else np.zeros(n, np.int64)
    learnt = 0
    for moment in np.unique(cutoff):
        known = (cutoff < moment) & (time <= moment) & np.isfinite(actual)
        learnt += int(known.any())
        for one in np.unique(series) if known.any() else ():
            rows, own = known & (series == one), (cutoff == moment) & (series == one)
            weights[own] = learn(recipe.method, forecasts[rows], actual[rows], scale[rows])
    return weights, learnt


def _made(base: pd.DataFrame, name: str, seed: int, combined: np.ndarray, levels: Sequence[str]) -> pd.DataFrame:
    columns = dict(zip(["mean", *levels], combined.T, strict=True))
    model = pd.Categorical.from_codes(np.zeros(len(base), np.int8), categories=pd.Index([name]))
    return base.reset_index(drop=True).assign(model=model, seed=np.int64(seed), **columns)


_TOLD: Final = {
    "mean": "mean",
    "median": "median",
    "trimmed": "trimmed mean",
    "inverse": "mean weighted by inverse errors",
    "greedy": "greedy selection",
}


def _note(recipe: Recipe, members: Sequence[str], absent: Sequence[str], weights: np.ndarray, folds: int) -> str:
    told = [f"{_TOLD[recipe.method]} of {', '.join(members)}"]
    if recipe.method in LEARNT:
        shown = ", ".join(
            f"{members[index]} {weights[index]:.2f}"
            for index in np.argsort(-weights, kind="stable")
            if weights[index] > 0
        )
        whose = "of the last series at the last cutoff" if recipe.per_series else "at the last cutoff"
        told.append(f"weights {whose}: {shown}" if folds else "equal weights: no earlier fold to learn from")
    if absent:
        told.append(f"without {', '.join(absent)}, which lack rows that others have")
    return "; ".join(told)


def _runs(
    runs: pd.DataFrame, name: str, seed: int, members: Sequence[tuple[str, int]], note: str, error: str
) -> pd.DataFrame:
    """The row of an ensemble in ``runs``: its costs are those of all its members together."""
    keys = list(zip(runs["model"].astype(str), runs["seed"].astype(int), strict=True))
    own = runs[[key in {*members} for key in keys]]
    first: dict[Any, Any] = runs.sort_values("fold", kind="stable").iloc[0].to_dict()
    sums = {each: float(own[each].sum(min_count=len(own) or 1)) for each in ("fit_seconds", "predict_seconds")}
    sums["sparsity"] = float("nan")
    for each in ("parameters", "bytes"):
        if each in own:
            sums[each] = own.groupby(["model", "seed"], observed=True)[each].max().sum(min_count=1)
    counts = dict.fromkeys(("epochs", "best_epoch", "steps", "windows", "fold"), 0)
    texts = {"model": name, "kind": KIND, "note": note, "error": error, "dropped": ""}
    n_folds = int(runs.groupby(["model", "seed"], observed=True)["n_folds"].sum().max())
    return pd.DataFrame([{**first, **counts, **texts, **sums, "seed": seed, "n_folds": n_folds}], columns=runs.columns)
