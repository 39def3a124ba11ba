"""The loss of a quantile head in one piece: the numbers and gradients of the head itself."""

import pytest
import torch

from forecast.heads import QuantileHead
from forecast.together.pinball import pinball


@pytest.mark.parametrize("levels", [[], [0.1], [0.9], [0.1, 0.9], [0.05, 0.1, 0.25, 0.75, 0.9], [0.6, 0.7, 0.8]])
def test_loss_and_gradient_are_those_of_the_head(levels):
    generator = torch.Generator().manual_seed(0)
    head = QuantileHead(levels).double()
    raw = torch.randn(7, 4, 2, head.size, generator=generator, dtype=torch.double)
    target = torch.randn(7, 4, 2, generator=generator, dtype=torch.double)
    weight = torch.rand(7, 4, 2, generator=generator, dtype=torch.double)
    first, second = raw.clone().requires_grad_(), raw.clone().requires_grad_()
    expected, each = head.loss(head.answer(first), target, lambda values: values), pinball(head, second, target)
    (expected * weight).sum().backward()
    (each * weight).sum().backward()
    torch.testing.assert_close(each, expected)
    torch.testing.assert_close(second.grad, first.grad)
    assert torch.autograd.gradcheck(lambda values: pinball(head, values, target), second)
