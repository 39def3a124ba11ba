"""A trained network with weights as a smaller storage would give them back, and the bytes that this would take."""

import math
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from datamodules.errors import one_of

_SMALL: Final = 1e-3  # a weight below this in size counts as none


class Storage(NamedTuple):
    """A way to keep weights; what is no weight (a bias, a gain) stays as it is, but for ``others``."""

    read_back: Callable[[list[Tensor]], list[Tensor]]  # all weights -> the same as they come out of it
    size: Callable[[Tensor], int]  # a weight that came out of it -> the bytes that it takes
    others: torch.dtype = torch.float32  # how all else is kept


def weights(module: nn.Module) -> list[Tensor]:
    """The parameters of two and more dimensions, as a penalty takes them."""
    return [parameter for parameter in module.parameters() if parameter.dim() > 1]


def compress(module: nn.Module, kind: str) -> None:
    """Give each weight of a network the value that it has after a storage of ``kind`` (of ``KINDS``)."""
    one_of("compression", kind, KINDS)
    storage, before = KINDS[kind], weights(module)
    with torch.no_grad():
        for weight, value in zip(before, storage.read_back([each.detach() for each in before]), strict=True):
            weight.copy_(value)
        for each in module.parameters():
            if each.dim() < 2 and each.is_floating_point():
                each.copy_(each.to(storage.others))


def stored_bytes(module: nn.Module, kind: str) -> int:
    """The bytes of all numbers of a network's state in a storage of ``kind``, in which its weights already are."""
    storage, own = KINDS[kind], {id(each) for each in weights(module)}
    state = module.state_dict(keep_vars=True).values()
    return sum(storage.size(each.detach()) if id(each) in own else _plain_bytes(each, storage.others) for each in state)


def sparsity(module: nn.Module) -> float:
    """The share of a network's weights that are below 0.001 in size."""
    values = torch.cat([weight.detach().flatten() for weight in weights(module)])
    return float((values.abs() < _SMALL).double().mean())


def halved(values: list[Tensor]) -> list[Tensor]:
    """The values rounded to half precision."""
    return [each.half().to(each.dtype) for each in values]


def quantised(values: list[Tensor], *, bits: int) -> list[Tensor]:
    """The values rounded to whole multiples, of so many bits, of a unit that each row has by its largest value.

    Symmetric around 0 and with a unit a row, as the observers of torch's dynamic quantisation choose them: the largest
    value of a row over half the number of steps (``PerChannelMinMaxObserver``, ``per_channel_symmetric``). A row is
    what makes one output: all that stands behind the first index.
    """
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    found = []
    for each in values:
        units = each.flatten(1).abs().amax(1) / ((most - least) / 2)
        zeros = torch.zeros(len(each), dtype=torch.int32, device=each.device)
        found.append(
            torch.fake_quantize_per_channel_affine(each, torch.where(units > 0, units, 1.0), zeros, 0, least, most)
        )
    return found


def pruned(values: list[Tensor], *, share: float) -> list[Tensor]:
    """The values with this share of all of them, the smallest in size wherever they are, set to 0; not trained again.

    Global magnitude pruning (Han et al., 2015, *Learning both weights and connections for efficient neural networks*).
    """
    flat = torch.cat([each.flatten() for each in values])
    smallest = torch.topk(flat.abs(), round(share * len(flat)), largest=False).indices
    kept = flat.index_fill(0, smallest, 0.0).split([each.numel() for each in values])
    return [part.view_as(each) for part, each in zip(kept, values, strict=True)]


def _plain_bytes(values: Tensor, dtype: torch.dtype = torch.float32) -> int:
    narrower = values.is_floating_point() and dtype.itemsize < values.element_size()
    return values.numel() * (dtype.itemsize if narrower else values.element_size())


def _half_bytes(values: Tensor) -> int:
    return 2 * values.numel()


def _quantised_bytes(values: Tensor, bits: int) -> int:
    """Each row's codes in whole bytes, and its unit."""
    rows = len(values)
    return rows * (math.ceil(values.numel() // rows * bits / 8) + 4)


def _sparse_bytes(values: Tensor) -> int:
    """A bit for each value that says whether it is 0, and 4 bytes for each that is not."""
    return math.ceil(values.numel() / 8) + 4 * int(values.count_nonzero())


KINDS: Final[dict[str, Storage]] = {
    "none": Storage(list, _plain_bytes),
    "float16": Storage(halved, _half_bytes, torch.float16),
    "int8": Storage(partial(quantised, bits=8), partial(_quantised_bytes, bits=8)),
    "int4": Storage(partial(quantised, bits=4), partial(_quantised_bytes, bits=4)),
    "prune_50": Storage(partial(pruned, share=0.5), _sparse_bytes),
    "prune_75": Storage(partial(pruned, share=0.75), _sparse_bytes),
    "prune_90": Storage(partial(pruned, share=0.9), _sparse_bytes),
}
