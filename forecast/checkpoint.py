"""A trained network from a checkpoint file, without running anything that the file may contain."""

import pickle
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import torch

from datamodules.errors import InputError, did_you_mean
from datamodules.inputs import Inputs
from forecast.forecaster import find
from forecast.models.base import ForecastModule


class Trained(NamedTuple):
    """What a checkpoint holds: the network, and what is known of the data that it was trained on."""

    module: ForecastModule
    freq: str | int  # empty where the checkpoint does not say
    layout: dict[str, Any]  # options of ``datamodules.readers.load``; empty for a data set


def load(path: str | Path) -> ForecastModule:
    """The network in a checkpoint of ``forecast fit``, or of any Trainer, ready to forecast; raises InputError.

    Example:
        ``NeuralForecaster(load("best.ckpt")).predict(panel, last_cutoffs(panel), horizon=12)``
    """
    return read(path).module


def read(path: str | Path) -> Trained:
    """The network and what the checkpoint says about its data; raises InputError.

    Only tensors and plain values are read (``weights_only``), and the class is looked up by name among those of the
    toolkit and those that the program has already imported: a file cannot make anything run.
    """
    found = _plain_values(path)
    own, options = found.get("forecast"), found.get("hyper_parameters")
    if not isinstance(own, dict) or not isinstance(options, dict) or "state_dict" not in found:
        raise InputError(
            f"checkpoint {path} holds no network of this toolkit; expected a file that 'forecast fit' wrote. Name that."
        )
    kind = _class(str(own.get("class")))
    try:
        module = kind(**{name: value for name, value in options.items() if not name.startswith("_")})
        module.load_state_dict(found["state_dict"])
    except (TypeError, RuntimeError, InputError) as error:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise InputError(
            f"checkpoint {path} does not fit the class {kind.__name__}: {reason}. Use the version that wrote it."
        ) from error
    data = own.get("data") or {}
    module.inputs = Inputs.of(data["inputs"]) if data.get("inputs") else None
    return Trained(module.eval(), data.get("freq", ""), data.get("layout", {}))


def refuse_address(path: str | Path) -> None:
    """Raise InputError for a URL: what it holds would not be loaded safely."""
    if "://" in str(path):
        raise InputError(f"checkpoint {path} is an address; expected a file. Download it and name the file.")


def _plain_values(path: str | Path) -> dict[str, Any]:
    refuse_address(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's doubts about a pickle that it then refuses
            found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"checkpoint {path} cannot be read: {error.strerror or error}. Check its name.") from error
    except pickle.UnpicklingError as error:
        raise InputError(
            f"checkpoint {path} is refused: it is damaged, or holds objects or code beside weights and plain values. "
            "Expected a file that 'forecast fit' wrote."
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, UnicodeError) as error:
        raise _broken(path) from error
    return found if isinstance(found, dict) else {}


def _broken(path: str | Path) -> InputError:
    return InputError(f"checkpoint {path} is truncated or no checkpoint at all. Copy it again, or name another file.")


def _class(dotted: str) -> type[ForecastModule]:
    """The class of that path; one that has moved since is found by its name alone."""
    own = find("forecast.models", ForecastModule)  # type: ignore[type-abstract]
    imported = _below(ForecastModule)  # type: ignore[type-abstract]
    known = {kind.__name__: kind for kind in imported} | own
    exact = [kind for kind in imported if f"{kind.__module__}.{kind.__qualname__}" == dotted]
    name = dotted.rpartition(".")[2]
    if not exact and name not in known:
        raise InputError(
            f"the checkpoint is of class {dotted!r}, which is not known; {did_you_mean(name, own)} A class of your own "
            "must be imported first."
        )
    return exact[0] if exact else known[name]


def _below(kind: type[ForecastModule]) -> list[type[ForecastModule]]:
    return [each for child in kind.__subclasses__() for each in (child, *_below(child))]
