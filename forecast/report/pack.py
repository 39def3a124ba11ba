"""Text and arrays small enough to inline: gzip, then base64, which the page undoes with ``DecompressionStream``."""

import base64
import gzip
import json
from functools import cache
from typing import Any

import numpy as np
from plotly.offline import get_plotlyjs


def packed(data: bytes) -> str:
    """``data`` as base64 of its gzip: letters, digits, ``+``, ``/`` and ``=``, so that nothing in it can end a tag."""
    return base64.b64encode(gzip.compress(data, compresslevel=9, mtime=0)).decode("ascii")


def packed_json(value: Any) -> str:
    """``value`` as packed JSON; NaN is refused, say None."""
    return packed(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode())


def packed_array(values: np.ndarray) -> str:
    """Packed little-endian 16-bit integers, the high bytes of all values before the low ones (they compress apart)."""
    planes = np.ascontiguousarray(values.reshape(-1).astype("<i2")).view(np.uint8).reshape(-1, 2)
    return packed(planes[:, 1].tobytes() + planes[:, 0].tobytes())


@cache
def packed_plotly() -> str:
    """The packed plotly.js that the installed plotly carries."""
    return packed(get_plotlyjs().encode())
