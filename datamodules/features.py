"""Columns made from the clock, from tables of dates and from the target's own past, and which of them take part."""

from dataclasses import dataclass

from datamodules.panel import Panel


@dataclass(frozen=True)
class Features:
    """What a network sees beside the target, where it is made, and which of all that it sees.

    Attributes:
        calendar: columns known ahead that the clock makes: hour, dayofweek, dayofyear, weekofyear, month, quarter,
            is_weekend.
        fourier: pairs of sine and cosine of a period in steps, as period:pairs (24:2 168:3).
        holidays: a country or one of its parts (AU-VIC), or a CSV file with a column of dates.
        lags: earlier values of the target, in steps before each row (168 for a week before, hourly).
        rolling: of the target's last values up to each row: mean, min, max or median and a number of steps (mean_24).
        use: columns and groups (calendar, fourier, holidays, lags, rolling) that take part; all of them when empty.
            The target always does.
    """

    calendar: tuple[str, ...] = ()
    fourier: tuple[str, ...] = ()
    holidays: str = ""
    lags: tuple[int, ...] = ()
    rolling: tuple[str, ...] = ()
    use: tuple[str, ...] = ()


def with_features(panel: Panel, features: Features) -> Panel:
    """The panel with the columns that are made, and without those that take no part."""
    return panel
