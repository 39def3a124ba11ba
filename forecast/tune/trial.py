"""A trial and what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"


class Trial(NamedTuple):
    """A set of options to try.

    Attributes:
        number: from 1; 0 for the network as it is untuned.
        values: of the options of the space.
    """

    number: int
    values: dict[str, Any]


class Outcome(NamedTuple):
    """What came of a trial.

    Attributes:
        trial: what was tried.
        state: complete, pruned or failed.
        value: of the deciding metric on the inner folds, mean over seeds; NaN unless complete.
        seconds: of its fits and forecasts.
        epochs: that it was trained for, the most of its fits.
        note: why it failed or was stopped.
    """

    trial: Trial
    state: str
    value: float
    seconds: float
    epochs: int
    note: str = ""

    def plain(self) -> dict[str, Any]:
        """As a row of the table of trials."""
        said = {"number": self.trial.number, "state": self.state, "value": self.value}
        spent = {"seconds": self.seconds, "epochs": self.epochs}
        return said | spent | self.trial.values | {"note": self.note}


def table(outcomes: Sequence[Outcome], names: Mapping[str, Any]) -> pd.DataFrame:
    """A row per trial, in order: number, state, value, seconds, epochs, a column per option, note."""
    columns = ["number", "state", "value", "seconds", "epochs", *names, "note"]
    ordered = sorted(outcomes, key=lambda outcome: outcome.trial.number)
    return pd.DataFrame([outcome.plain() for outcome in ordered], columns=columns)
