"""The losses of all arms of a stack on one batch, and on the validation windows."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from datamodules.base import PanelData
from datamodules.loader import WindowLoader
from datamodules.window import Window
from forecast.heads import QuantileHead
from forecast.models.base import ForecastModule
from forecast.together.feed import Batch, batches, scaled
from forecast.together.pinball import pinball
from forecast.together.stack import Stack

Change = Callable[[Window], Window]
_VALIDATED = 4096  # windows of all arms at once


def losses(network: ForecastModule, batch: Batch, changes: Sequence[Change | None] = ()) -> tuple[Tensor, Tensor]:
    """The sum of the losses of each arm's observed values, and how many these are: both (A).

    Args:
        network: of many arms.
        batch: of them all.
        changes: (A) what is done to each arm's windows once they are scaled; none for no change.
    """
    window, affine, sizes = batch
    units = window.context.units
    if network.normalisation.reversible:
        window, affine = scaled(network.normalisation, window)
    if any(changes):
        window = _changed(window, sizes, changes)

    def original(values: Tensor) -> Tensor:
        return units.invert(affine.invert(values))

    if isinstance(network.head, QuantileHead) and not network.normalisation.reversible:
        each = pinball(network.head, network.raw(window.context), window.target)
    else:
        each = network.head.loss(network.answer(window.context), window.target, original)
    arms, width = len(sizes), len(each) // len(sizes)
    if not any(window.observed.stride()) and min(sizes) == width:  # all is observed
        apart = each.view(arms, -1)
        return apart.sum(1), apart.new_full((arms,), apart.shape[1])
    observed = window.observed.view(arms, width, -1)
    if min(sizes) < width:
        place = torch.arange(width, device=each.device)
        observed = observed * (place < torch.tensor(sizes, device=each.device)[:, None]).unsqueeze(-1)
    return (each.view(arms, width, -1) * observed).sum((1, 2)), observed.sum((1, 2))


def _changed(window: Window, sizes: Sequence[int], changes: Sequence[Change | None]) -> Window:
    """The batch with each arm's own windows changed."""
    width = len(window.target) // len(sizes)
    parts = []
    for arm, (size, change) in enumerate(zip(sizes, changes, strict=True)):
        whole = _slice(window, arm * width, (arm + 1) * width)
        own = _slice(whole, 0, size)
        rest = _slice(whole, size, width)
        parts += [change(own) if change else own, rest]
    return _joined(parts)


def _slice(window: Window, begin: int, stop: int) -> Window:
    context, *rest = window
    units = type(context.units)(*(part[begin:stop] for part in context.units))
    own = context._replace(
        **{name: getattr(context, name)[begin:stop] for name in context._fields if name != "units"}, units=units
    )
    return Window(own, *(part[begin:stop] for part in rest))


def _joined(parts: Sequence[Window]) -> Window:
    first = parts[0].context
    units = type(first.units)(*(torch.cat(each) for each in zip(*(part.context.units for part in parts), strict=True)))
    fields = [name for name in first._fields if name != "units"]
    context = first._replace(
        **{name: torch.cat([getattr(part.context, name) for part in parts]) for name in fields}, units=units
    )
    return Window(context, *(torch.cat(each) for each in zip(*(part[1:] for part in parts), strict=True)))


class Validation:
    """The validation windows, the same for all arms: gathered once for all of them, and anew each time."""

    def __init__(self, data: PanelData) -> None:
        loader = data.val_dataloader()
        self._loader = loader if isinstance(loader, WindowLoader) else None

    def __bool__(self) -> bool:
        return self._loader is not None

    def losses(self, stack: Stack, arms: Sequence[int]) -> Tensor:
        """The mean loss of some of the arms (their number), over all validation windows."""
        assert self._loader is not None
        stack.load(stack.values[list(arms)])
        stack.network.eval()
        total = count = torch.zeros(())
        rows = torch.cat([self._loader.rows_at(places) for places in self._loader.sampler])
        with torch.inference_mode():
            for some in rows.split(max(_VALIDATED // len(arms), 1)):
                sizes = (len(some),) * len(arms)
                (batch,) = batches(self._loader, some[None, None], [0] * len(arms), stack.network.normalisation, sizes)
                own, values = losses(stack.network, batch)
                total, count = total + own, count + values
        stack.network.train()
        stack.load(stack.values)
        return total / count.clamp(min=1)
