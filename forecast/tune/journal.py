"""The journal of a search: Optuna draws the trials and keeps what came of them, in a file that a second run resumes."""

import logging
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from datamodules.errors import InputError
from forecast.search import Between, Space
from forecast.tune.trial import COMPLETE, FAILED, PRUNED, Outcome, Trial

_STARTUP: Final = 8  # random trials before tpe has learnt enough to choose


class Journal:
    """The finished trials of one search.

    Drawing is a function of the seed, the number of the trial and the trials that were known: a search that was cut off
    and goes on draws what it would have drawn.

    Args:
        space: what may be drawn.
        search: ``tpe``; any other draws at random.
        seed: of the draws.
        lower: whether a lower value is better.
        path: of the file; None to keep it in memory.

    Raises:
        InputError: when the file is damaged.
    """

    def __init__(self, space: Space, *, search: str, seed: int, lower: bool, path: Path | None = None) -> None:
        self._space, self._tpe, self._seed, self._lower = space, search == "tpe", seed, lower
        self._distributions = {name: _distribution(values) for name, values in space.items()}
        try:
            self._study = self._new_study(_storage(path))
            self._study.get_trials(deepcopy=False)
        except (ValueError, KeyError) as error:  # ValueError: what json raises
            raise InputError(f"journal {path} of a tuning is damaged. Say --overwrite to start anew.") from error

    def draw(self, first: int, last: int) -> list[Trial]:
        """The trials ``first .. last`` (from 1), drawn from what the trials before ``first`` were like."""
        known = self._study.get_trials(deepcopy=False)
        study = self._new_study(_storage(None))
        with _quiet():
            study.add_trials(trial for trial in known if trial.user_attrs["number"] < first)
            drawn = []
            for number in range(first, last + 1):
                study.sampler = self._sampler(number)
                params = study.ask(self._distributions).params
                drawn.append(Trial(number, {name: _tidied(self._space[name], params[name]) for name in self._space}))
        return drawn

    def keep(self, outcomes: Sequence[Outcome], losses: Mapping[int, Mapping[int, float]] = {}) -> None:
        """Note what came of trials, each at once or not at all.

        Args:
            outcomes: of trials that are not in it yet.
            losses: what trials had come to at epochs: number -> epoch -> loss.
        """
        import optuna

        states = {COMPLETE: "COMPLETE", PRUNED: "PRUNED", FAILED: "FAIL"}
        with _quiet():
            for outcome in sorted(outcomes, key=lambda outcome: outcome.trial.number):
                noted = {name: getattr(outcome, name) for name in _NOTED} | {"number": outcome.trial.number}
                trial = optuna.trial.create_trial(
                    state=optuna.trial.TrialState[states[outcome.state]],
                    value=outcome.value if outcome.state == COMPLETE else None,
                    params=outcome.trial.values,
                    distributions=self._distributions,
                    user_attrs=noted,
                    intermediate_values=dict(losses.get(outcome.trial.number, {})),
                )
                self._study.add_trial(trial)

    def outcomes(self) -> list[Outcome]:
        """What came of all trials in it."""
        found = []
        for trial in self._study.get_trials(deepcopy=False):
            state = {"COMPLETE": COMPLETE, "PRUNED": PRUNED}.get(trial.state.name, FAILED)
            value = float(trial.values[0]) if state == COMPLETE else math.nan
            noted = {name: trial.user_attrs[name] for name in _NOTED}
            values = {name: trial.params[name] for name in self._space}
            found.append(Outcome(Trial(trial.user_attrs["number"], values), state, value, **noted))
        return found

    def importance(self) -> pd.DataFrame:
        """Option -> its share in how far the values of complete trials differ, by PED-ANOVA (Watanabe et al., 2023).

        Empty where that is not defined: fewer than eight complete trials, or all of one value.
        """
        import optuna

        told = [outcome for outcome in self.outcomes() if outcome.state == COMPLETE]
        varied = [name for name in self._space if len({outcome.trial.values[name] for outcome in told}) > 1]
        if len(told) < _LEAST_TOLD or len({outcome.value for outcome in told}) < 2 or not varied:
            return pd.DataFrame({"parameter": pd.Series(dtype=str), "importance": pd.Series(dtype=np.float64)})
        with _quiet():
            evaluator = optuna.importance.PedAnovaImportanceEvaluator()
            found = optuna.importance.get_param_importances(self._study, evaluator=evaluator, params=varied)
        rows = sorted(found.items(), key=lambda pair: -pair[1])
        return pd.DataFrame(rows, columns=["parameter", "importance"])

    def _new_study(self, storage: Any) -> Any:
        import optuna

        direction: Literal["minimize", "maximize"] = "minimize" if self._lower else "maximize"
        with _quiet():
            return optuna.create_study(storage=storage, study_name="tuning", direction=direction, load_if_exists=True)

    def _sampler(self, number: int) -> Any:
        import optuna

        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        if self._tpe:
            return optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP)
        return optuna.samplers.RandomSampler(seed=seed)


_NOTED: Final = ("seconds", "epochs", "note")
_LEAST_TOLD: Final = 8


def _tidied(values: Any, drawn: Any) -> Any:
    return values.tidy(drawn) if isinstance(values, Between) else drawn


def _distribution(values: Any) -> Any:
    from optuna import distributions

    if not isinstance(values, Between):
        return distributions.CategoricalDistribution(values.values)
    if values.whole:
        return distributions.IntDistribution(int(values.low), int(values.high), log=values.log)
    return distributions.FloatDistribution(values.low, values.high, log=values.log)


def _storage(path: Path | None) -> Any:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    if path is None:
        return optuna.storages.InMemoryStorage()
    path.parent.mkdir(parents=True, exist_ok=True)
    return optuna.storages.JournalStorage(JournalFileBackend(str(path)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's lines about each trial, and its warnings that a part of it is young."""
    from optuna.exceptions import ExperimentalWarning

    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        logger.setLevel(level)
