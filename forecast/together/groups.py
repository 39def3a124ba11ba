"""Which forecasters train together: networks of one shape, and one training read off at several lengths."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

from forecast.forecaster import Forecaster
from forecast.models.base import ForecastModule
from forecast.neural import NeuralForecaster
from forecast.together.stack import stackable
from forecast.training import DEFAULTS

MOST: Final = {"cpu": 16, "gpu": 64}  # arms a stack
_SHARED: Final = 12  # arms of one shape that are two stacks, so that a second core has one
FREE: Final = frozenset(  # options in which the arms of a stack may differ
    (
        *("optimizer", "lr", "weight_decay", "schedule", "penalty", "penalty_weight", "clip", "init", "patience"),
        *("dropout", "augment", "augment_strength", "seed", "draw", "compression"),
    )
)
_PLAIN: Final = {"accelerator": ("auto", "cpu", "gpu", "cuda"), "devices": (1, "1", "auto")}  # of a plain Trainer
_LEFT: Final = frozenset(("name", "module", "trainer", "curves", "notes", "_trained_note"))  # no part of the training
_OWN: Final = frozenset(("encode", "search", "_abc_impl"))  # what a network may say itself and be trained as any other


def groups(forecasters: Sequence[Forecaster]) -> list[tuple[int, ...]]:
    """The places of the forecasters, which are to be fitted on one panel, by groups that are fitted together.

    It depends on the forecasters alone. Within a group, and by their first members among groups, the order stays. A
    group of one is fitted by its own ``fit``, any other by ``fit_together``.

    Example:
        >>> from forecast.baselines.naive import Naive
        >>> groups([Naive(), Naive(name="again")])
        [(0,), (1,)]
    """
    read_off, others = _by(length_free, forecasters, range(len(forecasters)))
    stacks, alone = _by(shape, forecasters, others)
    split = [part for stack in stacks for part in _split(stack, forecasters[stack[0]])]
    return sorted([*read_off, *split, *((place,) for place in alone)])


def _split(stack: tuple[int, ...], forecaster: Any) -> list[tuple[int, ...]]:
    """Arms of one shape as stacks of about equal size.

    Beside stacks of 16, those of 8 train two thirds as many arms a minute on a core; one that idles trains none.
    """
    gpu = forecaster.trainer.get("accelerator") in ("gpu", "cuda")
    count = -(-len(stack) // MOST["gpu" if gpu else "cpu"])
    if not gpu and len(stack) >= _SHARED:
        count = max(count, 2)
    borders = [len(stack) * number // count for number in range(count + 1)]
    return [stack[begin:stop] for begin, stop in pairwise(borders)]


def _by(
    told: Callable[[Forecaster], str], forecasters: Sequence[Forecaster], places: Sequence[int]
) -> tuple[list[tuple[int, ...]], list[int]]:
    """The groups of two and more of which the same is told, and the places of all others."""
    found: dict[str, list[int]] = {}
    for place in places:
        found.setdefault(told(forecasters[place]) or f"alone {place}", []).append(place)
    groups = [tuple(members) for members in found.values() if len(members) > 1]
    return groups, sorted(members[0] for members in found.values() if len(members) == 1)


def shape(forecaster: Forecaster) -> str:
    """All that the arms of a stack have in common, as text; empty for a forecaster that is fitted alone."""
    if not (isinstance(forecaster, NeuralForecaster) and _stackable(forecaster)):
        return ""
    return _told(forecaster, FREE if forecaster.epochs else FREE | {"windows"})  # they say how long an epoch is


def length_free(forecaster: Forecaster) -> str:
    """All but the length of its training, as text; empty where the steps of a training depend on its length."""
    if not isinstance(forecaster, NeuralForecaster):
        return ""
    options = forecaster.module.options
    if options["schedule"] != "constant" or options["patience"]:
        return ""
    told = _told(forecaster, frozenset(("max_steps", "epochs")))
    return f"{told}, in epochs" if told and forecaster.epochs else told


def _told(forecaster: Any, free: frozenset[str]) -> str:
    if type(forecaster) is not NeuralForecaster or not _plain(forecaster):
        return ""
    module = forecaster.module
    own = {name: value for name, value in module.hparams.items() if name not in DEFAULTS}
    said = {**own, **module.options, **vars(forecaster)}
    kept = sorted((name, value) for name, value in said.items() if name not in free | _LEFT)
    kept.append(("mixup", module.options["augment"] == "mixup"))  # of which categories may say that it cannot be
    return repr((f"{type(module).__module__}.{type(module).__qualname__}", kept))


def _plain(forecaster: NeuralForecaster) -> bool:
    """Whether the Trainer is given nothing that could change or watch the training."""
    return all(value in _PLAIN.get(name, ()) for name, value in forecaster.trainer.items())


def _stackable(forecaster: Any) -> bool:
    """Whether the network is trained as any other, and by layers that can be stacked."""
    module = getattr(forecaster, "module", None)
    if not isinstance(module, ForecastModule):
        return False
    below = type(module).__mro__[: type(module).__mro__.index(ForecastModule)]
    said = {name for cls in below for name in vars(cls) if not name.startswith("__")}
    return stackable(module) and all(name in _OWN or not hasattr(ForecastModule, name) for name in said)
