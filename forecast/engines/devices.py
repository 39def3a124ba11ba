"""Devices: which of them a worker sees, so that teams side by side do not all train on the first."""

import os
from collections.abc import Collection, Sequence
from typing import Final

from forecast.forecaster import innermost
from forecast.neural import NeuralForecaster
from forecast.teams import Team

_VISIBLE: Final = "CUDA_VISIBLE_DEVICES"


def devices() -> list[str]:
    """The CUDA devices that this process may use, as the variable CUDA_VISIBLE_DEVICES names them."""
    told = os.environ.get(_VISIBLE)
    if told is not None:
        return [name.strip() for name in told.split(",") if name.strip() not in ("", "-1")]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


def one_each(teams: Collection[Team]) -> list[str]:
    """The devices to deal out, one a worker; none where no network trains on one, or one wants several for itself."""
    inner = [innermost(arm.forecaster) for team in teams for arm in team.arms]
    options = [each.trainer for each in inner if isinstance(each, NeuralForecaster)]
    wanting = [each for each in options if each.get("accelerator", "auto") in ("auto", "gpu", "cuda")]
    if not wanting or any(each.get("devices", 1) not in (1, "1") for each in wanting):
        return []
    return devices()


def visible(place: int, found: Sequence[str]) -> dict[str, str]:
    """The variable that shows a worker one device, the workers taking turns; nothing where there are no devices.

    It has to stand before torch starts. More workers than devices share them.

    Example:
        >>> [visible(place, ["0", "1"]) for place in range(3)]
        [{'CUDA_VISIBLE_DEVICES': '0'}, {'CUDA_VISIBLE_DEVICES': '1'}, {'CUDA_VISIBLE_DEVICES': '0'}]
    """
    return {_VISIBLE: found[place % len(found)]} if found else {}
