"""What a forecaster has learnt, part by part, as digests that are equal only where every bit is."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

import joblib
import numpy as np
import torch
from torch import nn

from datamodules.panel import Panel
from forecast.forecaster import Forecaster
from forecast.neural import NeuralForecaster

FITTED: Final = "what was fitted"
PARTS: Final = (  # of a network, in the order in which they come to be: the first that moves is where the leak is
    "training windows",
    "scaling of the targets",
    "encoding of covariates",
    "early stopping",
    "weights",
)


def learnt(forecaster: Forecaster) -> dict[str, str]:
    """The digest of each part of what a fitted forecaster has learnt, in the order in which they come to be.

    A network's parts have names (``PARTS``). Of any other forecaster each attribute is a part; forecasters inside it
    (those of an ensemble, or behind conformal intervals) are taken apart in turn.
    """
    if isinstance(forecaster, NeuralForecaster):
        return dict(zip(PARTS, map(_digest, _of_network(forecaster)), strict=True))
    found: dict[str, str] = {}
    for name, value in vars(forecaster).items():
        for label, inner in _inside(name, value):
            found |= {f"{part} ({label})": digest for part, digest in learnt(inner).items()}
        if name != "notes":
            found[f"{FITTED}: {name.strip('_')}"] = _digest(value)
    return found


def _of_network(forecaster: NeuralForecaster) -> tuple[Any, ...]:
    inputs, notes = forecaster.module.inputs, forecaster.notes
    said = inputs.plain() if inputs else {}
    return (
        [notes.get("windows"), notes.get("dropped")],
        said.get("units"),
        [said.get(name) for name in ("encoder", "prepare", "dims", "columns")],
        [notes.get("epochs"), notes.get("best_epoch"), notes.get("steps"), forecaster.curves],
        forecaster.module.state_dict(),
    )


def _inside(name: str, value: Any) -> Iterator[tuple[str, Forecaster]]:
    """The forecasters that an attribute holds, by a name for each."""
    if isinstance(value, Forecaster):
        yield value.name, value
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            yield from _inside(f"{name} {place}", each)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _inside(f"{name} {key}", each)


def _digest(value: Any) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(value):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    """A value as bytes, exact to the last bit."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, nn.Module):
        value = value.state_dict()
    elif isinstance(value, Forecaster):
        value = learnt(value)
    elif isinstance(value, Panel):  # what is known ahead and names of categories may stand there
        value = [value.start, value.offsets, value.target, value.past, value.static]
    elif is_dataclass(value) and not isinstance(value, type):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, np.ndarray) and value.dtype != object:
        yield f"{value.dtype}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield repr(key).encode()
            yield from _pieces(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _pieces(each)
    elif value is None or isinstance(value, str | int | float | bool):
        yield repr(value).encode()
    else:
        yield str(joblib.hash(value)).encode()
