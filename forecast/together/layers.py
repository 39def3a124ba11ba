"""Layers of many arms. A batch holds the windows of all arms end to end, (A * B, ...); each arm has its own weights.

A network's own code then runs as it is: only its layers with weights, and those that draw, are replaced.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.func import functional_call, vmap

from forecast.normalisation import Normalisation
from forecast.together.cells import Cells
from forecast.together.layer import Layer

Weights = dict[str, Tensor]  # name of each parameter of a layer -> (A, ...), those of all arms


class Linears(nn.Module):
    """``nn.Linear`` of every arm: (A * B, ..., in) -> (A * B, ..., out) by one batched product."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.weights: Weights = {}

    def forward(self, x: Tensor) -> Tensor:
        """Each arm's product."""
        return product(x, self.weights["weight"], self.weights.get("bias"))


class Convolutions(Linears):
    """``Strided`` of every arm: (A * B, T, C) -> (A * B, T / kernel_size, C')."""

    def forward(self, x: Tensor) -> Tensor:
        """Each arm's product with its patches."""
        weight = self.weights["weight"]  # (A, C', C, kernel_size)
        patches = x.unflatten(1, (-1, weight.shape[-1])).flatten(2)
        return product(patches, weight.transpose(2, 3).flatten(2), self.weights.get("bias"))


class Reversibles(Normalisation):
    """``Normalisation`` of every arm, whose gain and shift are learnt."""

    def __init__(self, layer: Normalisation) -> None:
        super().__init__(layer.dims, scaling=layer.kind, difference=layer.difference)
        del self.gain, self.shift
        self.weights: Weights = {}

    def undo(self, answer: Tensor) -> Tensor:
        """The answer (A * B, H, D, Q) without what was learnt for each target."""
        return self._by_arm(answer.mT, lambda values, gain, shift: (values - shift) * (-gain).exp()).mT

    def _learnt(self, values: Tensor) -> Tensor:
        return self._by_arm(values, lambda values, gain, shift: values * gain.exp() + shift)

    def _by_arm(self, values: Tensor, change: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
        gain, shift = (self.weights[name].unsqueeze(1) for name in ("gain", "shift"))  # (A, 1, D)
        return change(values.reshape(len(gain), -1, values.shape[-1]), gain, shift).view(values.shape)


class Others(nn.Module):
    """Any other layer of every arm, by ``torch.func.vmap``; what is no tensor is the same for all arms."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.weights: Weights = {}
        own = copy.deepcopy(layer)
        for name, inner in list(own.named_modules()):
            if isinstance(inner, nn.RNNBase):
                own.set_submodule(name, Cells(inner))
        self.layer = [own]  # in a list: its parameters are none of the network's

    def forward(self, *given: Any) -> Tensor:
        """Each arm's answer to its windows."""
        arms = len(next(iter(self.weights.values())))
        tensors = [each.unflatten(0, (arms, -1)) for each in given if isinstance(each, Tensor)]

        def one(weights: Weights, *some: Tensor) -> Tensor:
            left = iter(some)
            filled = tuple(next(left) if isinstance(each, Tensor) else each for each in given)
            answer: Tensor = functional_call(self.layer[0], weights, filled)
            return answer

        answers: Tensor = vmap(one)(self.weights, *tensors)
        return answers.flatten(0, 1)


class Dropouts(nn.Module):
    """``nn.Dropout`` of every arm, drawn as each arm alone would.

    Attributes:
        shares: (A) dropped while training.
        generators: (A) of what is drawn.
        sizes: (A) windows of each arm that count: what is drawn is for these.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.shares: list[float] = []
        self.generators: list[torch.Generator] = []
        self.sizes: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        """The values (A * B, ...), some of them 0 and the others larger."""
        return self.drop(x.unflatten(0, (len(self.shares), -1)), 0).flatten(0, 1) if self.drops else x

    @property
    def drops(self) -> bool:
        """Whether any value becomes 0."""
        return self.training and any(self.shares)

    def drop(self, apart: Tensor, windows: int) -> Tensor:
        """The values (A, ...), some of them 0; ``windows`` says which dimension of an arm's values counts these."""
        factor = torch.ones_like(apart, memory_format=torch.contiguous_format)
        for arm, share in enumerate(self.shares):
            if share:
                own = factor[arm].narrow(windows, 0, self.sizes[arm])
                own.bernoulli_(1 - share, generator=self.generators[arm]).div_(1 - share)
        return apart * factor


class Recurrents(nn.Module):
    """``nn.RNN``, ``nn.GRU`` or ``nn.LSTM`` of every arm: (A * B, T, C) -> (A * B, T, H), and the last states.

    Attributes:
        between: what drops values between layers.
    """

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.weights: Weights = {}
        self.mode, self.layers = layer.mode, layer.num_layers
        self.between = Dropouts(layer)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | tuple[Tensor, Tensor]]:
        """The output of the last layer, and of every layer the last state, (layers, A * B, H); of an LSTM and cell."""
        output, ends = x.unflatten(0, (len(self.weights["weight_ih_l0"]), -1)), []
        for number in range(self.layers):
            if number and self.between.drops:
                output = self.between.drop(output.transpose(1, 2), 1).transpose(1, 2)  # torch draws by steps first
            names = (f"{kind}_l{number}" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
            output, *end = Layer.apply(self.mode, output, *(self.weights[name] for name in names))[:3]
            ends.append(end)
        states, cells = (torch.stack([one.flatten(0, 1) for one in kind]) for kind in zip(*ends, strict=True))
        return output.flatten(0, 1), (states, cells) if self.mode == "LSTM" else states


def product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Each arm's (A * B, ..., in) by its own weight (A, out, in), plus its bias (A, out)."""
    rows = x.reshape(len(weight), -1, x.shape[-1])
    if bias is None:
        return torch.bmm(rows, weight.mT).view(*x.shape[:-1], -1)
    done: Tensor = _Product.apply(rows, weight, bias)
    return done.view(*x.shape[:-1], -1)


class _Product(torch.autograd.Function):
    """Rows (A, B, in) by weights (A, out, in), plus bias (A, out); gradients of weights lie in memory as weights do."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """(A, B, out)."""
        ctx.save_for_backward(rows, weight)
        return torch.baddbmm(bias.unsqueeze(1), rows, weight.mT)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        """Of the rows where that is needed, the weights and the bias."""
        rows, weight = ctx.saved_tensors
        of_rows = torch.bmm(grad, weight) if ctx.needs_input_grad[0] else None
        return of_rows, torch.bmm(grad.mT, rows), grad.sum(1)
