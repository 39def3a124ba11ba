"""Numbers, metrics and lists as sentences say them: those of verdicts, findings and comparisons."""

from collections.abc import Sequence
from typing import Final

_UPPER: Final = (
    *("mse", "rmse", "mae", "mape", "wape", "msle", "rmsle", "mase", "rmsse", "crps", "msis", "wis", "owa"),
)
METRICS: Final = {name: name.upper() for name in _UPPER} | {"smape": "sMAPE", "r2": "R²"}


def count(number: int, one: str, many: str = "") -> str:
    """A number and its noun.

    Example:
        >>> count(1, "seed"), count(5, "seed"), count(1200, "series", "series")
        ('1 seed', '5 seeds', '1,200 series')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def number(value: float) -> str:
    """Three significant digits, those that are zero too; all before the decimal point.

    Example:
        >>> number(0.12345), number(1.0), number(100.2), number(999.7), number(12345.6), number(3.2e12)
        ('0.123', '1.00', '100', '1,000', '12,346', '3.20e+12')
    """
    size = abs(float(f"{value:.3g}"))
    if size == 0:
        return "0"
    return f"{value:#.3g}".rstrip(".") if size < 1000 or size >= 1e9 else f"{value:,.0f}"


def percent(share: float) -> str:
    """The size of a share in percent, two significant digits.

    Example:
        >>> percent(0.0429), percent(-0.1), percent(1.504), percent(23.4)
        ('4.3 %', '10 %', '150 %', '2,300 %')
    """
    size = float(f"{abs(share) * 100:.2g}")
    return f"{size:.2g} %" if size < 10 else f"{size:,.0f} %"


def p_told(value: float) -> str:
    """A p-value with its letter."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def label(metric: str) -> str:
    """A metric as people write it.

    Example:
        >>> label("rmse"), label("r2"), label("explained_variance"), label("skill")
        ('RMSE', 'R²', 'explained variance', 'skill')
    """
    return METRICS.get(metric) or metric.replace("_", " ")


def words(names: Sequence[str], most: int = 6) -> str:
    """Names as a list in a sentence; of many, the first and how many more.

    Example:
        >>> words(["a"]), words(["a", "b", "c"]), words(list("abcd"), most=2)
        ('a', 'a, b and c', 'a, b and 2 more')
    """
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
