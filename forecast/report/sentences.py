"""What a result says in words, as a page shows it: the first sentence stands out."""

import re

_END = r"(?<=[.!?])\s+(?=[A-Z])"
_DOUBTS = "Keep in mind:"  # begins the last sentence of a finding, which quotes what others said


def sentences(text: str, *, apart: bool = False) -> list[str]:
    """The first sentence and the others, each alone if ``apart``; ``5 %`` and ``p = 0.1`` stay on one line.

    Example:
        >>> sentences("LSTM is best. It beats 5 of 6. All in all.")
        ['LSTM is best.', 'It beats 5 of 6. All in all.']
    """
    unbroken = re.sub(r"(?<=\d) (?=%)|(?<=\bp) (?=[=<])|(?<=[=<]) (?=\d)", "\N{NO-BREAK SPACE}", text.strip())
    if not apart:
        return re.split(_END, unbroken, maxsplit=1)
    told, mark, doubts = unbroken.partition(_DOUBTS)
    found = [*re.split(_END, told.strip()), mark + doubts]
    return [sentence for sentence in found if sentence] or [""]
