"""Recurrent networks that can be stacked give what torch's own give, outputs and gradients, one by one and together."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from datamodules.errors import InputError
from forecast.together.cells import Cells

KINDS = {"tanh": (nn.RNN, {}), "relu": (nn.RNN, {"nonlinearity": "relu"}), "gru": (nn.GRU, {}), "lstm": (nn.LSTM, {})}
EVERY = pytest.mark.parametrize("kind", KINDS)
NEAR = {torch.float64: {"rtol": 1e-10, "atol": 1e-12}, torch.float32: {"rtol": 1e-4, "atol": 1e-5}}


def torch_cells(kind: str, *, layers: int = 1, seed: int = 0, dtype: torch.dtype = torch.float64, **options: Any):
    cls, own = KINDS[kind]
    torch.manual_seed(seed)
    return cls(3, 5, layers, batch_first=True, dtype=dtype, **own, **options)


def flat(state: Tensor | tuple[Tensor, Tensor]) -> list[Tensor]:
    return list(state) if isinstance(state, tuple) else [state]


def value_of(output: Tensor, state: Any) -> Tensor:
    """Something in which every value of output and state counts, each with another weight."""
    tensors = [output, *flat(state)]
    return sum(
        (tensor * torch.linspace(-1, 2, tensor.numel(), dtype=tensor.dtype).view_as(tensor)).sum() for tensor in tensors
    )


@EVERY
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("steps", [1, 7])
@pytest.mark.parametrize("dtype", NEAR)
def test_outputs_and_gradients_are_those_of_torch(kind, layers, steps, dtype):
    module = torch_cells(kind, layers=layers, dtype=dtype)
    x = torch.randn(4, steps, 3, dtype=dtype, requires_grad=True)
    wanted = module(x)
    wanted_grads = torch.autograd.grad(value_of(*wanted), [x, *module.parameters()])
    cells = Cells(module)
    found = cells(x)
    found_grads = torch.autograd.grad(value_of(*found), [x, *cells.parameters()])
    for one, other in zip(
        [found[0], *flat(found[1]), *found_grads], [wanted[0], *flat(wanted[1]), *wanted_grads], strict=True
    ):
        torch.testing.assert_close(one, other, **NEAR[dtype])


@EVERY
def test_names_and_shapes_of_parameters_are_those_of_torch(kind):
    module = torch_cells(kind, layers=2)
    wanted = {name: value.shape for name, value in module.state_dict().items()}
    assert {name: value.shape for name, value in Cells(module).state_dict().items()} == wanted


@EVERY
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
def test_arms_together_have_the_outputs_and_gradients_that_each_has_alone(kind, shared, layers):
    modules = [torch_cells(kind, layers=layers, seed=seed) for seed in range(4)]
    parameters, _ = stack_module_state([Cells(module) for module in modules])
    x = torch.randn(4, 6, 7, 3, dtype=torch.float64)
    x = (x[0] if shared else x).requires_grad_()
    cells = Cells(modules[0])

    def loss(own: dict[str, Tensor], seen: Tensor) -> tuple[Tensor, Tensor]:
        output, state = functional_call(cells, own, (seen,))
        return value_of(output, state) + output[:, -1].square().sum(), output

    losses, outputs = vmap(loss, in_dims=(0, None if shared else 0))(parameters, x)
    losses.sum().backward()
    of_x = torch.zeros_like(x)
    for arm, module in enumerate(modules):
        seen = (x if shared else x[arm]).detach().requires_grad_()
        output, state = module(seen)
        (value_of(output, state) + output[:, -1].square().sum()).backward()
        of_x[... if shared else arm] += seen.grad
        torch.testing.assert_close(outputs[arm], output, rtol=1e-10, atol=1e-12)
        for name, parameter in module.named_parameters():
            torch.testing.assert_close(parameters[name].grad[arm], parameter.grad, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(x.grad, of_x, rtol=1e-10, atol=1e-12)


@EVERY
@pytest.mark.parametrize("layers", [1, 2])
def test_gradients_are_those_of_finite_differences(kind, layers):
    cells = Cells(torch_cells(kind, layers=layers))
    names = [name for name, _ in cells.named_parameters()]

    def run(x: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        output, state = functional_call(cells, dict(zip(names, values, strict=True)), (x,))
        return (output, *flat(state))

    x = torch.randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(run, (x, *cells.parameters()))


@EVERY
def test_an_arm_that_diverges_leaves_the_others_as_they_were(kind):
    modules = [torch_cells(kind, seed=seed, layers=2) for seed in range(3)]
    cells = Cells(modules[0])
    x = torch.randn(6, 5, 3, dtype=torch.float64)

    def gradients(broken: bool) -> dict[str, Tensor]:
        parameters, _ = stack_module_state([Cells(module) for module in modules])
        if broken:
            parameters = {name: value.detach().clone() for name, value in parameters.items()}
            for value in parameters.values():
                value[1] = torch.nan
                value.requires_grad_()
        vmap(lambda own: functional_call(cells, own, (x,))[0][:, -1].square().sum())(parameters).sum().backward()
        return {name: value.grad for name, value in parameters.items()}

    whole, broken = gradients(False), gradients(True)
    for name in whole:
        assert broken[name][1].isnan().any()
        assert torch.equal(whole[name][[0, 2]], broken[name][[0, 2]])


def test_saved_values_outlive_a_backward():
    cells = Cells(torch_cells("lstm"))
    loss = cells(torch.randn(2, 4, 3, dtype=torch.float64))[0].square().sum()
    first = torch.autograd.grad(loss, list(cells.parameters()), retain_graph=True)
    second = torch.autograd.grad(loss, list(cells.parameters()))
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("options", [{"bidirectional": True}, {"bias": False}, {"layers": 2, "dropout": 0.1}])
def test_a_module_of_another_kind_is_refused(options):
    with pytest.raises(InputError, match="cannot be stacked"):
        Cells(torch_cells("gru", **options))
