"""A stack: many networks of one shape as one, their weights side by side."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from forecast.models.base import ForecastModule
from forecast.models.cnn import Strided
from forecast.normalisation import Normalisation
from forecast.together.layers import Convolutions, Dropouts, Linears, Others, Recurrents, Reversibles


class Stack:
    """The networks of all arms as one, and their weights as one matrix.

    Args:
        modules: of one shape; they may differ in weights and in shares of dropout.
        generators: (A) of what each arm's dropout draws.

    Attributes:
        network: of the arms' class; a batch of it holds the windows of all arms end to end, (A * B, ...).
        values: (A, P) the weights of each arm in a row.
        gradient: (A, P) as ``backward`` found it.
        matrices: (P) whether a value belongs to a parameter of two and more dimensions.
        sizes: of the parameters of an arm, in order.
    """

    def __init__(self, modules: Sequence[ForecastModule], generators: Sequence[torch.Generator]) -> None:
        widest = max(modules, key=lambda module: len(_dropouts(module)))
        shapes = {name: parameter.shape for name, parameter in widest.named_parameters()}
        self._shapes, self.sizes = list(shapes.values()), [shape.numel() for shape in shapes.values()]
        self.network = copy.deepcopy(widest).train()
        layers = _replaced(self.network)
        self._homes: list[tuple[Any, str]] = [
            next((layer, name[len(home) + 1 :]) for home, layer in layers.items() if name.startswith(f"{home}."))
            for name in shapes
        ]
        self.matrices = torch.cat([torch.full((shape.numel(),), len(shape) > 1) for shape in self._shapes])
        shares = [_dropouts(module) for module in modules]
        draws = {name: layer for name, layer in self.network.named_modules() if isinstance(layer, Dropouts)}
        for name, layer in draws.items():
            layer.shares, layer.generators = [each.get(name, 0.0) for each in shares], list(generators)
        self._draws = list(draws.values())
        rows = [torch.cat([parameter.detach().flatten() for parameter in module.parameters()]) for module in modules]
        self.values = torch.stack(rows)
        self.gradient = torch.zeros_like(self.values)
        self.load(self.values)

    @property
    def arms(self) -> int:
        """A."""
        return len(self.values)

    def load(self, values: Tensor) -> None:
        """Make the network that of ``values`` (any number of arms, P), which it shares the memory of."""
        parts = zip(values.split(self.sizes, 1), self._shapes, strict=True)
        self._leaves = [part.unflatten(1, shape).detach().requires_grad_() for part, shape in parts]
        for (layer, name), leaf in zip(self._homes, self._leaves, strict=True):
            layer.weights[name] = leaf

    def split(self, row: Tensor) -> list[Tensor]:
        """The parameters of one arm in its row (P)."""
        return [part.view(shape) for part, shape in zip(row.split(self.sizes), self._shapes, strict=True)]

    def write(self, row: Tensor, module: ForecastModule) -> None:
        """Give the weights in a row (P) to a network of one arm."""
        with torch.no_grad():
            for parameter, part in zip(module.parameters(), self.split(row), strict=True):
                parameter.copy_(part)

    def keep(self, arms: Sequence[int]) -> None:
        """Go on with some of the arms."""
        self.values, self.gradient = self.values[arms], self.gradient[arms]
        self.load(self.values)
        for layer in self._draws:
            layer.shares = [layer.shares[arm] for arm in arms]
            layer.generators = [layer.generators[arm] for arm in arms]

    def draw_for(self, sizes: Sequence[int]) -> None:
        """Say how many windows of each arm count in the next batch."""
        for layer in self._draws:
            layer.sizes = list(sizes)

    def backward(self, losses: Tensor) -> None:
        """Find the gradient of each arm's loss (A)."""
        grads = torch.autograd.grad(losses.sum(), self._leaves)
        torch.cat([grad.flatten(1) for grad in grads], 1, out=self.gradient)


def stackable(module: ForecastModule) -> bool:
    """Whether networks like this one can be stacked: its weights are in layers, and what draws is ``nn.Dropout``."""
    parameters = dict(module.named_parameters(remove_duplicate=False))
    if len(parameters) != len(list(module.parameters())) or next(module.parameters(recurse=False), None) is not None:
        return False
    if any(not each.requires_grad or each.dtype != torch.float32 for each in parameters.values()):
        return False
    return all(_possible(layer) for layer in module.modules())


def _possible(layer: nn.Module) -> bool:
    if isinstance(layer, nn.RNNBase):
        return layer.batch_first and layer.bias and not layer.bidirectional and not layer.proj_size
    if isinstance(layer, _DropoutNd):
        return type(layer) is nn.Dropout
    if _whole(layer) and any(
        isinstance(inner, nn.Dropout) or getattr(inner, "dropout", 0) for inner in layer.modules()
    ):
        return False  # what vmap draws is not what each arm draws alone
    return not isinstance(layer, _BatchNorm | nn.RReLU | nn.MultiheadAttention)


def _dropouts(module: nn.Module) -> dict[str, float]:
    """The share that each layer of a network drops, by the name of the layer that does so in a stack."""
    layers = dict(module.named_modules())
    between = {f"{name}.between": layer.dropout for name, layer in layers.items() if isinstance(layer, nn.RNNBase)}
    return {name: layer.p for name, layer in layers.items() if isinstance(layer, nn.Dropout)} | between


def _replaced(network: nn.Module, home: str = "") -> dict[str, nn.Module]:
    """Replace each layer that has weights or draws by that of many arms; the name of each that has weights."""
    found: dict[str, nn.Module] = {}
    for name, layer in network.named_children():
        many = _many(layer)
        if many is None:
            found |= _replaced(layer, f"{home}{name}.")
            continue
        setattr(network, name, many)
        if not isinstance(many, Dropouts):
            found[f"{home}{name}"] = many
    return found


def _many(layer: nn.Module) -> nn.Module | None:
    """The layer of many arms; None for one that has nothing of its own."""
    if isinstance(layer, nn.Dropout):
        return Dropouts(layer)
    if isinstance(layer, Normalisation):
        return Reversibles(layer) if layer.reversible else None
    if isinstance(layer, nn.RNNBase):
        return Recurrents(layer)
    if type(layer) is nn.Linear:
        return Linears(layer)
    if type(layer) is Strided:
        return Convolutions(layer)
    return Others(layer) if _whole(layer) else None


def _whole(layer: nn.Module) -> bool:
    """Whether a layer that is none of the known ones has weights of its own, beside those of layers within it."""
    held = any(isinstance(child, nn.ParameterDict | nn.ParameterList) and len(child) for child in layer.children())
    return held or next(layer.parameters(recurse=False), None) is not None
