"""The options that say who runs the arms of a backtest, and which of them; no number in the result depends on them."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from datamodules.errors import InputError, at_least, one_of
from datamodules.find import catalog
from forecast.commands.parser import Parser
from forecast.values import number

if TYPE_CHECKING:
    from forecast.engines.base import Engine


ENGINE: Final = ("engine", "workers", "ray_address", "shard")


def add_engine(parser: Parser, *, shard: bool = True) -> None:
    """The options, in a group of their own; without ``shard``, which is still read, the help does not tell of it."""
    group = parser.add_argument_group(
        "who runs it", "An arm is a fit: a model, a seed, the folds it serves. Numbers do not depend on these options."
    )
    group.add_argument(
        "--engine",
        metavar="|".join(_names()),
        help="serial: one arm after the other; processes: side by side on this machine; ray: on a cluster (extra ray); "
        "a run may be resumed with another (default: serial, or processes where there are several workers)",
    )
    group.add_argument("--workers", metavar="NUMBER", help="arms side by side; a core or device each")
    group.add_argument(
        "--ray-address", metavar="ADDRESS", help="of a Ray cluster (default: RAY_ADDRESS, else one here)"
    )
    group.add_argument(
        "--shard",
        metavar="K/N",
        help="only the K-th of N shares of the arms, for jobs by themselves; 'forecast merge' joins them"
        if shard
        else argparse.SUPPRESS,
    )


def engine_of(flags: Mapping[str, Any]) -> "tuple[Engine, str]":
    """The engine and the shard that the options of ``ENGINE`` say; raises InputError."""
    name, address = str(flags.get("engine", "")), str(flags.get("ray_address", ""))
    shard, told = str(flags.get("shard", "")), flags.get("workers")
    if name:
        one_of("engine", name, _names())
    workers = 0
    if told is not None:
        workers = number(told, int, InputError(f"workers is {told!r}; expected a whole number. Give one from 1."))
        at_least("workers", workers, 1)
    if address and name not in ("", "ray"):
        raise InputError(f"ray_address is for engine ray, not {name}. Say --engine ray, or leave it out.")
    from forecast.engines.base import engine
    from forecast.shards import Shard

    if shard:
        Shard.read(shard)
    if address:
        return engine("ray", workers=workers, address=address), shard
    return engine(name, workers=workers), shard


def _names() -> list[str]:
    return [name.lower() for name in catalog("forecast.engines", "Engine")]
