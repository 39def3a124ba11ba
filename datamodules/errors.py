"""The one exception for what a person can put right: bad data, a wrong option, an unknown name."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """A mistake in what the user gave, said in one sentence: what was wrong, the value, what was expected, what to do.

    The command line prints the sentence and exits with code 2; it never shows a traceback for it.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The sentence part that names the nearest known name, or all of them when none is near.

    Example:
        >>> did_you_mean("LTSM", ["MLP", "LSTM"])
        "did you mean 'LSTM'?"
        >>> did_you_mean("x", ["MLP", "LSTM"])
        'known are LSTM, MLP'
    """
    names = sorted(known)
    folded = {candidate.casefold(): candidate for candidate in names}
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean '{folded[near[0]]}'?" if near else f"known are {', '.join(names)}"


def at_least(name: str, value: float, least: float) -> None:
    """Raise InputError unless ``value >= least``; ``name`` is the option as the user knows it."""
    if not value >= least:
        raise InputError(f"{name} is {value}; it must be at least {least}. Give a larger value.")


def one_of(name: str, value: str, known: Iterable[str]) -> None:
    """Raise InputError unless ``value`` is one of ``known``; the message names the nearest."""
    known = tuple(known)
    if value not in known:
        raise InputError(f"{name} {value!r} is not known; {did_you_mean(value, known)}")


def check_share(name: str, value: float) -> None:
    """Raise InputError unless ``value`` is a share of something of which a part must remain: from 0 to below 1."""
    if not 0 <= value < 1:
        raise InputError(f"{name} is {value}; expected a share from 0 to below 1. Give another.")
