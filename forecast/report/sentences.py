"""What a result says in words, as a page shows it: the first sentence stands out."""

import re


def sentences(text: str, *, apart: bool = False) -> list[str]:
    """The first sentence and the others, each alone if ``apart``; ``5 %`` and ``p = 0.1`` stay on one line.

    Example:
        >>> sentences("LSTM is best. It beats 5 of 6. All in all.")
        ['LSTM is best.', 'It beats 5 of 6. All in all.']
    """
    unbroken = re.sub(r"(?<=\d) (?=%)|(?<=\bp) (?=[=<])|(?<=[=<]) (?=\d)", "\N{NO-BREAK SPACE}", text.strip())
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", unbroken, maxsplit=0 if apart else 1)
