"""Where holidays are said to be from: a country, a part of one, a calendar of pandas, or a file of dates."""

from importlib import import_module
from pathlib import Path
from typing import Any, Final

from datamodules.errors import InputError, did_you_mean

FEDERAL: Final = "US-federal"  # needs no package beside pandas
_ENDINGS: Final = (".csv", ".parquet")


def check_holidays(source: str) -> None:
    """Raise InputError unless ``source`` is a file of dates by its name, or a place with known holidays."""
    if source != FEDERAL and not is_file(source):
        place(source)


def is_file(source: str) -> bool:
    """Whether ``source`` is the name of a file."""
    return Path(source).suffix.lower() in _ENDINGS


def place(source: str) -> tuple[str, str]:
    """The country and its part, or nothing for the whole, as the package writes them; raises InputError."""
    country, _, part = source.partition("-")
    places = package().list_supported_countries(include_aliases=True)
    if country in places and (not part or part in places[country]):
        return country, part
    near = country.upper()
    hint = "expected a country (ES), a part of one (AU-VIC) or a file of dates (dates.csv). Give one."
    if near in places:
        hint = did_you_mean(source, [near, *(f"{near}-{each}" for each in places[near])])
    raise InputError(f"holidays {source!r} are not known; {hint}")


def package() -> Any:
    """The package ``holidays``; raises InputError where it is not installed."""
    try:
        return import_module("holidays")
    except ImportError as error:
        raise InputError(
            "holidays of a country need a package that is not installed; expected holidays. Run pip install "
            "'forecast-toolkit[holidays]', or give US-federal or a file of dates."
        ) from error
