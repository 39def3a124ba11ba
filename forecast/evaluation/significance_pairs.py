"""Every pair of models: the difference, its bootstrap interval, and what three tests say of it."""

from itertools import combinations

import numpy as np
import pandas as pd

from forecast.evaluation.bootstrap import DRAWS
from forecast.evaluation.cells import Cells, cells
from forecast.evaluation.clusters import mean_test
from forecast.evaluation.conditional import giacomini_white
from forecast.evaluation.resampling import deviations, resample
from forecast.evaluation.significance import Losses, compare, diebold_mariano, holm, loss_differential, losses_of

COLUMNS = ["model", "opponent", "difference", "low", "high", "statistic", "p_value", "p_holm", "panel_p", "gw_p", "n"]


def pairs(table: pd.DataFrame, *, level: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """A row per pair of models, the better one first: how their mean losses differ, and whether that is real.

    * ``difference``: mean loss of ``model`` minus that of ``opponent`` (scaled absolute error, ``cells``), with the
      bootstrap interval ``low`` to ``high``; what was drawn is said in ``note`` (``resampling``).
    * ``statistic``, ``p_value``, ``n``: the Diebold-Mariano test with a value a cutoff, or a value a series where there
      is one cutoff (``significance``): the test of leaderboard and verdict. ``p_holm`` is corrected for the number of
      pairs (Holm, 1979).
    * ``panel_p``: clustered by series and by cutoff at once (``clusters.mean_test``): about other series and times.
    * ``gw_p``: Giacomini and White's test that nobody can tell beforehand which will be better (``conditional``).

    Args:
        table: the forecast table with actuals.
        level: of the intervals.
        seed: of the draws.
    """
    return pairs_of_cells(cells(table), level=level, seed=seed)


def pairs_of_cells(found: Cells, *, level: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """``pairs`` of the cells of a table."""
    chosen = list(combinations(range(len(found.models)), 2))
    if not chosen:
        return pd.DataFrame(columns=[*COLUMNS, "note"])
    losses = losses_of(found)
    records = [_tests(found, losses, first, second) for first, second in chosen]
    left, right = np.array(chosen).T
    frame = pd.DataFrame(records)
    frame = frame.assign(
        model=[found.models[index] for index in left],
        opponent=[found.models[index] for index in right],
        p_holm=holm(frame["p_value"].to_numpy()),
        **_intervals(found, left, right, level, seed),
    )
    drawn = frame.pop("drawn")
    note = [" · ".join(filter(None, both)) for both in zip(frame["note"], drawn, strict=True)]
    return frame.assign(note=note)[[*COLUMNS, "note"]]


def by_series(table: pd.DataFrame, model: str, opponent: str) -> pd.DataFrame:
    """A row per series and target: the Diebold-Mariano test of two models with a value a cutoff of that series alone.

    ``difference`` is the mean loss of ``model`` minus that of ``opponent``; ``p_holm`` is corrected for the number of
    series. Autocovariances are those of the cutoffs at which the series was observed.
    """
    found = cells(table)
    loss = found.loss[found.models.index(model)] - found.loss[found.models.index(opponent)]  # (N, C)
    tests = [diebold_mariano(own[~np.isnan(own)], found.overlap) for own in loss]
    frame = found.series.assign(difference=np.nanmean(loss, axis=1))
    tested = pd.DataFrame(tests)[["statistic", "p_value", "n", "note"]]
    return pd.concat([frame, tested], axis=1).assign(p_holm=holm(tested["p_value"].to_numpy()))


def _tests(found: Cells, losses: Losses, first: int, second: int) -> dict[str, object]:
    test = compare(losses, found.models[first], found.models[second])
    differential = loss_differential(losses, found.models[first], found.models[second])
    observed = np.where(found.observed > 0, found.loss[first] - found.loss[second], 0.0)
    panel = mean_test(observed * found.observed, found.observed, found.overlap)
    over_time = losses.over == "cutoffs"
    conditional = giacomini_white(differential, losses.horizon).p_value if over_time else np.nan
    panel_p = panel.p_value if over_time else test.p_value
    note = test.note if over_time else test.note or f"test over {test.n} series, which knows nothing of other times"
    return test._asdict() | {"panel_p": panel_p, "gw_p": conditional, "note": note}


def _intervals(
    found: Cells, left: np.ndarray, right: np.ndarray, level: float, seed: int
) -> dict[str, np.ndarray | str]:
    """The differences of mean losses and their intervals; all models' losses of a cell are drawn together."""
    loss = np.where(found.observed > 0, found.loss, 0.0) * found.observed  # (M, N, C)
    sums = np.concatenate([loss, found.observed[None].astype(np.float64)])
    sample = resample(np.moveaxis(sums, 0, -1), found.overlap, draws=DRAWS, seed=seed)

    def estimate(sums: np.ndarray) -> np.ndarray:
        losses = sums[..., :-1] / sums[..., -1:]
        return np.asarray(losses[..., left] - losses[..., right])

    if not sample.draws:
        nothing = np.full(len(left), np.nan)
        return {"difference": estimate(sample.sums), "low": nothing, "high": nothing, "drawn": sample.note}
    value, strayed = deviations(sample, estimate, level)
    low, high = np.quantile(strayed, [(1 - level) / 2, (1 + level) / 2], axis=0) + value
    return {"difference": value, "low": low, "high": high, "drawn": sample.note}
