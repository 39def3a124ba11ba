"""Text and numbers small enough to inline: gzip, then base64, which the page undoes with ``DecompressionStream``."""

import base64
import gzip
import json
from functools import cache
from typing import Any

from plotly.offline import get_plotlyjs


def packed(data: bytes) -> str:
    """``data`` as base64 of its gzip: letters, digits, ``+``, ``/`` and ``=``, so that nothing in it can end a tag."""
    return base64.b64encode(gzip.compress(data, compresslevel=9, mtime=0)).decode("ascii")


def packed_json(value: Any) -> str:
    """``value`` as packed JSON; NaN is refused, say None."""
    return packed(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode())


@cache
def packed_plotly() -> str:
    """The packed plotly.js that the installed plotly carries."""
    return packed(get_plotlyjs().encode())
