"""A store on disk: a folder with the columns of a panel as they are mapped, and what they mean.

::

    meta.json     version, clock, columns, categories, layout of the files it was packed from, sizes, fingerprint
    ids.json      (N) names of the series
    offsets.npy   (N+1) int64: where each series begins
    start.npy     (N) int64: clock position of each series' first row
    ends.npy      (N) int64: row of each series' last observed target
    static.npy    (N, S) float64
    target.npy    (R, D) float32, and past.npy (R, P), known.npy (R, K) where there are such columns
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from datamodules.clock import Clock
from datamodules.errors import InputError
from datamodules.large.packed import Packed
from datamodules.layout import Layout, said
from datamodules.panel import Columns

VERSION: Final = 1
MAPPED: Final = ("target", "past", "known")
KEPT: Final = ("offsets", "start", "ends", "static")


def is_store(path: Path) -> bool:
    """Whether a path is a folder that ``forecast pack`` wrote."""
    return (path / "meta.json").is_file()


def read_store(folder: Path) -> tuple[Packed, Layout]:
    """The panel in a store, mapped and not read, and the layout of the files that it was packed from.

    Raises:
        InputError: when the store is damaged, or was written by a newer version.
    """
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if meta["version"] > VERSION:
            raise InputError(
                f"store {folder} has version {meta['version']}; this toolkit reads versions up to {VERSION}. Update "
                "it, or pack the files again."
            )
        ids = np.array(json.loads((folder / "ids.json").read_text(encoding="utf-8")), dtype=object)
        panel = _panel(folder, meta, ids)
        _check(panel, meta)
        if _dates(folder) != meta["dates"] and replace(panel, digest="").fingerprint() != meta["fingerprint"]:
            raise ValueError("its values are not those that were packed")
        return panel, Layout(**meta["layout"])
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise InputError(
            f"store {folder} is damaged ({type(error).__name__}: {reason}). Pack the files again."
        ) from error


def told_again(folder: Path, layout: Layout) -> Layout:
    """The layout of the files that a store was packed from; InputError when another is asked for now."""
    packed = read_store(folder)[1]
    for role, asked in said(layout).items():
        known = packed.get(role, "none")
        if _listed(asked) != _listed(known):
            raise InputError(
                f"store {folder} was packed with {role} {_text(known)}, not {_text(asked)}. Leave the option out, or "
                "pack the files again."
            )
    return packed


def _listed(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list | tuple) else [value])]


def _text(value: Any) -> str:
    return ", ".join(_listed(value))


def write_meta(folder: Path, panel: Packed, layout: Layout) -> None:
    """Write what the columns of a store mean; the last thing that is written to it."""
    clock = panel.clock
    origin = clock.origin if clock.is_integer else pd.Timestamp(clock.origin).isoformat()
    meta = {
        "version": VERSION,
        "clock": {"freq": clock.freq, "origin": origin, "zone": clock.zone},
        "columns": asdict(panel.columns),
        "categories": dict(panel.categories),
        "layout": layout,
        "series": panel.n_series,
        "rows": len(panel.target),
        "complete": panel.complete,
        "fingerprint": panel.fingerprint(),
        "dates": _dates(folder),
    }
    (folder / "ids.json").write_text(json.dumps(panel.ids.tolist()), encoding="utf-8")
    (folder / "meta.json").write_text(json.dumps(meta, indent=2), encoding="utf-8")


def _dates(folder: Path) -> dict[str, int]:
    """When each array was last written. A copy has other dates; its values are then compared, which takes a reading."""
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.glob("*.npy"))}


def _panel(folder: Path, meta: dict[str, Any], ids: np.ndarray) -> Packed:
    columns = Columns(**{role: tuple(names) for role, names in meta["columns"].items()})
    clock = meta["clock"]
    origin = clock["origin"] if isinstance(clock["freq"], int) else pd.Timestamp(clock["origin"])
    mapped = {
        name: np.load(folder / f"{name}.npy", mmap_mode="r")
        if getattr(columns, name)
        else np.empty((meta["rows"], 0), np.float32)
        for name in MAPPED
    }
    return Packed(
        ids=ids,
        clock=Clock(clock["freq"], origin, clock["zone"]),
        columns=columns,
        categories={name: tuple(names) for name, names in meta["categories"].items()},
        whole=meta["complete"],
        digest=meta["fingerprint"],
        **{name: np.load(folder / f"{name}.npy") for name in KEPT},
        **mapped,
    )


def _check(panel: Packed, meta: dict[str, Any]) -> None:
    """Raise ValueError unless the files fit each other."""
    n_series, rows = meta["series"], meta["rows"]
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("ids", "start", "ends"), (n_series,))
    shapes["offsets"] = (n_series + 1,)
    shapes["static"] = (n_series, len(panel.columns.static))
    shapes |= {name: (rows, len(getattr(panel.columns, name))) for name in MAPPED}
    for name, shape in shapes.items():
        array = getattr(panel, name)
        if array.shape != shape or (name in MAPPED and array.dtype != np.float32):
            raise ValueError(f"{name} is {array.shape} of {array.dtype}, and {shape} was packed")
    if len(set(panel.ids)) < n_series:
        raise ValueError("a series stands twice in ids")
    lasts = panel.ends
    inside = (panel.offsets[:-1] <= lasts) & (lasts < panel.offsets[1:])
    if panel.offsets[0] != 0 or panel.offsets[-1] != rows or not inside.all():
        raise ValueError("offsets and ends do not fit the rows")
