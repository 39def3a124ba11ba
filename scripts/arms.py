"""Networks a minute, trained together against one by one: through the toolkit, in one run, interleaved; medians.

    python scripts/arms.py fits [--networks MLP,LSTM] [--arms 16] [--batch 64] [--sizes 48/12,168/48] [--threads 1]
    python scripts/arms.py backtest --workers 2 [...]      the same as the arms of a backtest, on so many processes
    python scripts/arms.py fits --device gpu --arms 64     on a GPU

The arms differ in seed and learning rate. Times hold the whole fit: network, Trainer, validation, best weights.
Absolute figures are those of this machine at this moment; the ratios are what to compare.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

RATES = (0.001, 0.002, 0.003, 0.005)
WIDTH = 64


def main() -> None:
    """Measure what was asked for and print a line for each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fits", "backtest"))
    parser.add_argument("--networks", default="Linear,MLP,CNN,RNN,GRU,LSTM", help="comma separated")
    parser.add_argument("--arms", type=int, default=16)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=200, help="optimiser steps of each arm")
    parser.add_argument("--sizes", default="48/12", help="context/horizon, comma separated")
    parser.add_argument("--threads", type=int, default=1, help="of torch, both ways")
    parser.add_argument("--rounds", type=int, default=3, help="each round measures both sides once")
    parser.add_argument("--workers", type=int, default=1, help="processes of the backtest, both ways")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: of this process, if others run")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    options = parser.parse_args()
    import torch

    warnings.filterwarnings("ignore", module="pytorch_lightning")
    torch.set_num_threads(options.threads)
    print(
        f"torch {torch.__version__}, {options.device}, {options.threads} threads, {options.arms} arms, width {WIDTH}, "
        f"batch {options.batch}, {options.steps} steps each, {options.rounds} rounds\n"
        "network   context/horizon   arms a minute: one by one   together   ratio"
    )
    measure = fits if options.what == "fits" else backtests
    for size in options.sizes.split(","):
        for name in options.networks.split(","):
            alone, together = measure(name, size, options)
            ratios = [one / other for one, other in zip(alone, together, strict=True)]
            minutes = [60 * options.arms / statistics.median(seconds) for seconds in (alone, together)]
            print(f"{name:<10}{size:<18}{minutes[0]:>25,.0f}{minutes[1]:>11,.0f}{statistics.median(ratios):>8.2f}")


def forecasters(name: str, size: str, options: argparse.Namespace) -> list[Any]:
    """The arms: they differ in name, seed and learning rate."""
    from datamodules.find import find
    from datamodules.window import Dims
    from forecast.models.base import ForecastModule
    from forecast.neural import NeuralForecaster

    network: Any = find("forecast.models", ForecastModule)[name]  # type: ignore[type-abstract]
    context_length, horizon = map(int, size.split("/"))
    dims = Dims(context_length, horizon)
    width = {} if name == "Linear" else {"hidden_size": WIDTH}
    return [
        NeuralForecaster(
            network(dims, **width, lr=RATES[arm % len(RATES)], patience=0),
            name=f"{name} {arm}",
            seed=arm,
            max_steps=options.steps,
            batch_size=options.batch,
            trainer={"accelerator": options.device},
        )
        for arm in range(options.arms)
    ]


def _panel() -> Any:
    from datamodules.sets.synthetic import Synthetic

    return Synthetic(n_series=50, length=(700, 960)).load()


def fits(name: str, size: str, options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Seconds of all fits: one by one, and together, for each round."""
    from forecast.together.fit import fit_together
    from forecast.together.groups import groups

    panel = _panel()

    def alone() -> None:
        for forecaster in forecasters(name, size, options):
            forecaster.fit(panel)

    def together() -> None:
        arms = forecasters(name, size, options)
        for group in groups(arms):
            fit_together([arms[place] for place in group], panel)

    return _interleaved(alone, together, options)


def backtests(name: str, size: str, options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Seconds of a backtest of one fold: its arms one by one, and together, for each round."""
    from forecast.backtest import backtest

    panel = _panel()

    def run(*, together: bool) -> None:
        horizon = int(size.split("/")[1])
        backtest(
            panel,
            forecasters(name, size, options),
            horizon=horizon,
            folds=1,
            seeds=(0,),
            workers=options.workers,
            together=together,
            threads=options.threads,
        )

    return _interleaved(lambda: run(together=False), lambda: run(together=True), options)


def _interleaved(
    alone: Callable[[], None], together: Callable[[], None], options: argparse.Namespace
) -> tuple[list[float], list[float]]:
    together()  # warms up
    clock = time.perf_counter if options.clock == "wall" else time.process_time
    pairs = [(_seconds(alone, clock), _seconds(together, clock)) for _ in range(options.rounds)]
    one, other = zip(*pairs, strict=True)
    return list(one), list(other)


def _seconds(function: Callable[[], None], clock: Callable[[], float]) -> float:
    begin = clock()
    function()
    return clock() - begin


if __name__ == "__main__":
    main()
