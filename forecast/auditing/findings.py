"""What an audit found: a row for each thing compared, the parts that leak, and a verdict in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import pandas as pd

GRADIENT: Final = "gradient"
FAILED: Final = "no forecast"  # it failed on the data as they are, so that there was nothing to compare
CONTROL: Final = "nothing"  # run again as it is: what moves then is not reproducible, and says nothing about leaks


class Check(NamedTuple):
    """One thing that was compared.

    Attributes:
        forecaster: whose; empty for what all have in common.
        part: of the pipeline: a column, ``scaling of the targets``, ``weights``, ``forecast`` ...
        cutoff: stamp of the last value that was left as it is.
        garbage: what was replaced after it: ``past and target``, ``known too`` or ``nothing``, or ``gradient``.
        compared: numbers, or digests of parts.
        moved: how many of them differ in any bit.
        detail: where the first of them stands.
    """

    forecaster: str
    part: str
    cutoff: str
    garbage: str
    compared: int
    moved: int
    detail: str = ""


@dataclass(frozen=True, eq=False)
class Audit:
    """All checks of an audit.

    Attributes:
        checks: a row a check, in the order in which a pipeline works: a leak is where the first one moves.
    """

    checks: pd.DataFrame

    @classmethod
    def of(cls, checks: Sequence[Check]) -> "Audit":
        """The audit of these checks."""
        return cls(pd.DataFrame(checks, columns=list(Check._fields)))

    @property
    def unstable(self) -> pd.DataFrame:
        """The checks that moved though nothing was changed."""
        return self.checks[(self.checks["garbage"] == CONTROL) & (self.checks["moved"] > 0)]

    @property
    def leaks(self) -> pd.DataFrame:
        """The checks in which what comes after a cutoff had a say; those of an unstable forecaster cannot be told."""
        told = ~self.checks["forecaster"].isin(self.unstable["forecaster"].unique())
        return self.checks[told & ~self.checks["garbage"].isin([CONTROL, FAILED]) & (self.checks["moved"] > 0)]

    @property
    def failed(self) -> pd.DataFrame:
        """A row for each arm that failed on the data as they are, of which nothing is known."""
        return self.checks[self.checks["garbage"] == FAILED]

    @property
    def clean(self) -> bool:
        """Whether nothing leaks, and nothing was left untold."""
        return self.leaks.empty and self.unstable.empty and self.failed.empty and len(self.checks) > 0

    def verdict(self) -> str:
        """What was found, in sentences: a leak is named by the first part that moved, which the others follow."""
        said = [_leak(str(name), rows) for name, rows in self.leaks.groupby("forecaster", sort=False)]
        for name, rows in self.unstable.groupby("forecaster", sort=False):
            parts = ", ".join(rows["part"].unique())
            said.append(f"{str(name) or 'The data'} cannot be audited: run twice on the same data, {parts} differed.")
        for name, rows in self.failed.groupby("forecaster", sort=False):
            said.append(f"{name} cannot be audited: it failed on the data as they are ({rows['detail'].iloc[0]}).")
        if said:
            return " ".join(said)
        if self.checks.empty:
            return "Nothing was compared."
        spoilt = self.checks[~self.checks["garbage"].isin([CONTROL, GRADIENT])]
        own = spoilt[spoilt["forecaster"] != ""]
        cutoffs = (own if len(own) else spoilt)["cutoff"].nunique()
        gradients = self.checks[self.checks["garbage"] == GRADIENT]
        who = self.checks.loc[self.checks["forecaster"] != "", "forecaster"].nunique()
        whose = f" of {who} forecaster{'s' if who != 1 else ''}" if who else ""
        zero = f", and {int(gradients['compared'].sum()):,} gradients of forecasts after their cutoffs are exactly zero"
        return (
            f"No leak: with everything after {cutoffs} cutoffs replaced by garbage, none of "
            f"{int(spoilt['compared'].sum()):,} values{whose} moved by one bit{zero if len(gradients) else ''}."
        )


def _leak(forecaster: str, rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    whose = f" of {forecaster}" if forecaster else ""
    others = [name for name in rows["part"].unique() if name != first["part"]]
    how = "moved when garbage was put after" if first["garbage"] != GRADIENT else "is not zero after"
    where = f" ({first['detail']})" if first["detail"] else ""
    rest = f"; so did {', '.join(others)}" if others else ""
    return f"LEAK: {first['part']}{whose} {how} cutoff {first['cutoff']}{where}{rest}."
