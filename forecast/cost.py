"""What a team of arms costs, roughly: enough to begin with the dear ones and to deal out equal shares."""

from typing import Final

from forecast.arms import Arm, Task
from forecast.forecaster import innermost
from forecast.neural import NeuralForecaster
from forecast.teams import Team

_NETWORK: Final = 1.5e-7  # seconds a value of context in an optimiser step
_SERIES: Final = 0.3  # seconds a series of a baseline that is estimated series by series
_LANE: Final = 5e-3  # seconds a series of one that is estimated for all series at once
_STEP: Final = 1e-5  # seconds a step ahead of a window of a model on lags
_CELL: Final = 1e-7  # seconds a value of any other
_TOGETHER: Final = 0.25  # share of its own seconds that a network adds to those of the dearest it trains together with


def cost(team: Team, task: Task) -> float:
    """Seconds that a team takes on one core, roughly; the same on every machine.

    Every part of the estimate is known before anything runs: how long a network trains, how many series a baseline has
    to look at and whether one at a time, how many windows a model on lags learns from, how many forecasts there are.
    Networks and models on lags were found to take a ninth to nine times as long, baselines of a few parameters a
    thirtieth to thirty times: how long a search for the best form or order takes cannot be seen from outside.
    """
    alone = [_alone(arm, task) for arm in team.arms]
    return max(alone) + _TOGETHER * (sum(alone) - max(alone))


def _alone(arm: Arm, task: Task) -> float:
    forecaster = innermost(arm.forecaster)
    cells = task.panel.n_series * task.horizon * arm.count * _CELL
    if isinstance(forecaster, NeuralForecaster):
        passes = forecaster.epochs * (forecaster.windows or len(task.panel.target))
        trained_on = passes or forecaster.max_steps * forecaster.batch_size
        return cells + trained_on * forecaster.context_length * _NETWORK
    if hasattr(forecaster, "max_windows"):
        return cells + min(forecaster.max_windows, len(task.panel.target)) * task.horizon * _STEP
    if hasattr(forecaster, "max_history"):
        return cells + task.panel.n_series * (_SERIES if hasattr(forecaster, "n_jobs") else _LANE)
    return cells + len(task.panel.target) * _CELL
