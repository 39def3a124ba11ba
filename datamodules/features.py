"""Features: columns that are made for a network, and which of all that it sees take part."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from datamodules.errors import InputError
from datamodules.made.feature_forms import check_lags, check_names, read_pairs, read_rolling
from datamodules.made.holiday_places import check_holidays


@dataclass(frozen=True)
class Features:
    """What a network sees beside the target, where it is made, and which of all that it sees.

    Attributes:
        calendar: columns known ahead that the clock makes, each as its sine and cosine: minute, hour, dayofweek,
            dayofmonth, dayofyear, weekofyear, month, quarter; or is_weekend, 0 or 1; or auto, for what fits the clock.
        fourier: pairs of sine and cosine of a period in steps, as period:pairs (24:2 168:3).
        holidays: a country or one of its parts (AU-VIC), US-federal, or a CSV or Parquet file with a column of dates.
        lags: earlier values of the target, in steps before each row (168 for a week before, hourly).
        rolling: of the target's last values up to each row: mean, min, max or median and a number of steps (mean_24).
        use: columns of the data, made ones (hour, 24:2, lag168, mean_24) and groups (calendar, fourier, holidays,
            lags, rolling; past, known, static for those of the data, covariates for all three) that take part; all of
            them when empty. The target always does: y alone is the target alone.
    """

    calendar: tuple[str, ...] = ()
    fourier: tuple[str, ...] = ()
    holidays: str = ""
    lags: tuple[int, ...] = ()
    rolling: tuple[str, ...] = ()
    use: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            values = getattr(self, field.name)
            if field.name != "holidays":
                object.__setattr__(self, field.name, _distinct(field.name, values))
        check_names(self.calendar)
        periods = [read_pairs(item)[0] for item in self.fourier]
        _distinct("fourier", tuple(f"{period:g}" for period in periods))
        if self.holidays:
            check_holidays(self.holidays)
        check_lags(self.lags)
        for item in self.rolling:
            read_rolling(item)

    @property
    def known(self) -> bool:
        """Whether columns are made that are known ahead."""
        return bool(self.calendar or self.fourier or self.holidays)

    @property
    def lagged(self) -> int:
        """How many columns are made of each target."""
        return len(self.lags) + len(self.rolling)

    @property
    def reach(self) -> int:
        """How many rows before its own the columns that are made of the target look at."""
        return max((*self.lags, *(read_rolling(item)[1] - 1 for item in self.rolling)), default=0)


def _distinct(option: str, values: Sequence[object]) -> tuple[object, ...]:
    """The values as a tuple; raises InputError when one is named twice."""
    if isinstance(values, str):
        raise InputError(f"{option} is {values!r}; expected a list of values. Write [{values}].")
    again = [value for place, value in enumerate(values) if value in values[:place]]
    if again:
        raise InputError(f"{option} names {again[0]!r} twice; expected each once. Leave one out.")
    return tuple(values)
