"""The forecasters of one group fitted together."""

from collections.abc import Sequence
from functools import partial

import pytorch_lightning as pl
import torch

from datamodules.base import PanelData
from datamodules.loader import WindowLoader
from datamodules.panel import Panel
from forecast.curves import losses, own_randomness, quiet
from forecast.models.base import ForecastModule
from forecast.neural import NeuralForecaster
from forecast.together.feed import Feed
from forecast.together.groups import length_free
from forecast.together.losses import Change, Validation
from forecast.together.optimise import Optimisers, Plan
from forecast.together.read_off import read_off
from forecast.together.stack import Stack
from forecast.together.train import Course, train


def fit_together(forecasters: Sequence[NeuralForecaster], panel: Panel) -> None:
    """Fit the forecasters of one of ``groups`` in place; each is then as after its own ``fit``.

    Trainings that differ in length alone, or in nothing, give the same to the bit; a stack gives the same to float
    rounding, but that on a GPU what dropout draws comes from another stream of random numbers than alone.
    """
    alike = {length_free(forecaster) for forecaster in forecasters}
    if len(forecasters) == 1:
        forecasters[0].fit(panel)
    elif len(alike) == 1 and "" not in alike:
        read_off(forecasters, panel)
    else:
        _fit_stack(forecasters, panel)


def _fit_stack(forecasters: Sequence[NeuralForecaster], panel: Panel) -> None:
    first, device = forecasters[0].data(panel), _device(forecasters[0])
    first.place(device)
    laid = [(forecaster, forecaster.data(panel).laid_as(first)) for forecaster in forecasters]
    planned = [(Plan(each.module.options, each.steps(data)), each, data) for each, data in laid]
    planned.sort(key=lambda each: each[0].key)  # those that are optimised alike side by side
    plans, forecasters, datas = zip(*planned, strict=True)
    begun = [_begin(forecaster, data, device) for forecaster, data in zip(forecasters, datas, strict=True)]
    stack = Stack([module for module, _ in begun], [generator for _, generator in begun])
    courses = [
        Course(plan.total_steps, module.options["patience"], _change(module, generator))
        for plan, (module, generator) in zip(plans, begun, strict=True)
    ]
    train(
        stack,
        Feed(_loaders(forecasters, datas), stack.network.normalisation),
        Validation(first),
        Optimisers(stack, plans),
        courses,
    )
    for forecaster, (module, _), data, course in zip(forecasters, begun, datas, courses, strict=True):
        stack.write(course.weights, module)
        forecaster.trained(module, data, losses(course.rows), course.best_epoch)


def _begin(
    forecaster: NeuralForecaster, data: PanelData, device: torch.device
) -> tuple[ForecastModule, torch.Generator]:
    """The network that the forecaster's own fit begins with, and a generator that goes on where that then stands."""
    with own_randomness(forecaster.seed):
        module = forecaster.fresh(data)
        generator = torch.Generator(device)
        if device.type == "cpu":
            generator.set_state(torch.get_rng_state())
        else:
            generator.manual_seed(forecaster.seed)
    return module.to(device), generator


def _change(module: ForecastModule, generator: torch.Generator) -> Change | None:
    """What augments the windows of an arm, if anything does."""
    if module.options["augment"] == "none":
        return None
    return partial(module.augmented, generator=generator)


def _loaders(forecasters: Sequence[NeuralForecaster], datas: Sequence[PanelData]) -> list[WindowLoader]:
    """The loaders of training windows; arms that see the same ones in the same order share one."""
    found: dict[tuple[int, str, int], WindowLoader] = {}
    keys = [(forecaster.seed, forecaster.draw, forecaster.windows) for forecaster in forecasters]
    for key, data in zip(keys, datas, strict=True):
        if key not in found:
            found[key] = data.train_dataloader()
    return [found[key] for key in keys]


def _device(forecaster: NeuralForecaster) -> torch.device:
    """The device that the forecaster's Trainer would use."""
    with quiet():
        return pl.Trainer(**forecaster.trainer_options()).strategy.root_device
