"""The optimisers, schedules, penalties and clipping of all arms of a stack, each arm's with its own state."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from forecast.together.stack import Stack
from forecast.training import SCHEDULES, Training, make_optimizer, make_schedule

_BY_TENSOR: Final = ("Adafactor",)  # looks at the shape of a parameter; all others take each value by itself
_PENALTIES: Final = {"none": (0.0, 0.0), "l1": (1.0, 0.0), "l2": (0.0, 1.0), "elastic_net": (0.5, 0.5)}


@dataclass(frozen=True)
class Plan:
    """How an arm is optimised: the options of its training, and the most steps that it takes."""

    options: Training
    total_steps: int

    @property
    def key(self) -> tuple[Any, ...]:
        """What arms that are optimised alike have in common."""
        return *(self.options[name] for name in ("optimizer", "schedule", "lr", "weight_decay")), self.total_steps


class Optimisers:
    """The optimisers of all arms: one of torch's for each kind, in it a group for all arms that are optimised alike.

    Args:
        stack: of the arms.
        plans: (A) of the arms, equal ones side by side.
    """

    def __init__(self, stack: Stack, plans: Sequence[Plan]) -> None:
        self._stack, self._plans = stack, list(plans)
        self._teams: list[_Team] = []
        begin = 0
        for _, alike in groupby(enumerate(plans), lambda each: _mark(*each)):
            count = len(list(alike))
            self._teams.append(_Team(plans[begin], count, stack, begin))
            begin += count
        self._optimizers: dict[str, torch.optim.Optimizer] = {}
        for name in dict.fromkeys(team.plan.options["optimizer"] for team in self._teams):
            own = [team for team in self._teams if team.plan.options["optimizer"] == name]
            options = own[0].plan.options
            optimizer = make_optimizer(
                name, [team.entry() for team in own], lr=options["lr"], weight_decay=options["weight_decay"]
            )
            for team, entry in zip(own, optimizer.param_groups, strict=True):
                team.optimizer, team.group = optimizer, entry
            self._optimizers[name] = optimizer
        self._weigh()

    def step(self, step: int) -> None:
        """Take step number ``step`` (from 0) of all arms, along the stack's gradient."""
        stack = self._stack
        if self._penalised:
            stack.gradient.addcmul_(self._l1, stack.values.sign())
            stack.gradient.addcmul_(self._l2, stack.values)
        if self._clipped:
            shares = self._clip / (_norms(stack) + 1e-6)
            stack.gradient.mul_(torch.where(self._clip > 0, shares.clamp(max=1.0), 1.0))
        for team in self._teams:
            team.set_rate(step)
        for optimizer in self._optimizers.values():
            optimizer.step()

    def tell(self, arm: int, loss: float) -> None:
        """Tell the plateau schedule of an arm its validation loss."""
        for team in self._teams:
            if team.begin <= arm < team.begin + team.count and team.plateau is not None:
                team.plateau.step(loss)

    def keep(self, arms: Sequence[int]) -> None:
        """Go on with some of the arms, once the stack does."""
        begin = 0
        for team in self._teams:
            own = [arm - team.begin for arm in arms if team.begin <= arm < team.begin + team.count]
            team.keep(own, self._stack, begin)
            begin += len(own)
        self._teams = [team for team in self._teams if team.count]
        self._plans = [self._plans[arm] for arm in arms]
        self._weigh()

    def _weigh(self) -> None:
        """Factors of penalties and clipping, (A, P) and (A, 1)."""
        options, values = [plan.options for plan in self._plans], self._stack.values
        factors = values.new_tensor(
            [[one["penalty_weight"] * part for part in _PENALTIES[one["penalty"]]] for one in options]
        )
        self._penalised = bool(factors.any())
        matrices = self._stack.matrices.to(values)
        self._l1, self._l2 = (factor.unsqueeze(1) * matrices for factor in factors.unbind(1))
        self._clip = values.new_tensor([[float(one["clip"])] for one in options])
        self._clipped = bool(self._clip.any())


class _Team:
    """Arms side by side that are optimised alike."""

    optimizer: torch.optim.Optimizer
    group: dict[str, Any]

    def __init__(self, plan: Plan, count: int, stack: Stack, begin: int) -> None:
        self.plan, self.count, self.begin = plan, count, begin
        self._factor = SCHEDULES[plan.options["schedule"]]
        self._by_tensor = plan.options["optimizer"] in _BY_TENSOR
        self.parameters = [nn.Parameter(part) for part in self._parts(stack.values, stack)]
        self._point(stack)
        self.plateau: ReduceLROnPlateau | None = None
        if plan.options["schedule"] == "plateau":
            self._stand_in = torch.optim.SGD([torch.zeros((), requires_grad=True)], lr=plan.options["lr"])
            schedule = make_schedule("plateau", self._stand_in, plan.total_steps)
            assert isinstance(schedule, ReduceLROnPlateau)
            self.plateau = schedule

    def entry(self) -> dict[str, Any]:
        """The group of parameters for an optimiser of torch."""
        options = self.plan.options
        return {"params": self.parameters, "lr": options["lr"], "weight_decay": options["weight_decay"]}

    def set_rate(self, step: int) -> None:
        """Set the learning rate of a step (from 0)."""
        if self.plateau is not None:
            self.group["lr"] = self._stand_in.param_groups[0]["lr"]
        elif self._factor is not None:
            progress = min(step / max(self.plan.total_steps, 1), 1.0)
            self.group["lr"] = self.plan.options["lr"] * self._factor(progress)

    def keep(self, arms: Sequence[int], stack: Stack, begin: int) -> None:
        """Go on with some of its arms, which now begin at ``begin`` in the stack."""
        state = self.optimizer.state
        if self._by_tensor:
            each = len(stack.sizes)
            kept = [self.parameters[arm * each + place] for arm in arms for place in range(each)]
            for parameter in set(self.parameters) - set(kept):
                state.pop(parameter, None)
            self.parameters = kept
        elif len(arms) < self.count:
            (parameter,) = self.parameters
            state[parameter] = {name: _rows(value, parameter, arms) for name, value in state[parameter].items()}
        self.count, self.begin = len(arms), begin
        if not arms:
            groups = self.optimizer.param_groups
            groups[:] = [group for group in groups if group is not self.group]
            return
        self.group["params"] = self.parameters
        for parameter, part in zip(self.parameters, self._parts(stack.values, stack), strict=True):
            parameter.data = part
        self._point(stack)

    def _point(self, stack: Stack) -> None:
        for parameter, part in zip(self.parameters, self._parts(stack.gradient, stack), strict=True):
            parameter.grad = part

    def _parts(self, values: Tensor, stack: Stack) -> list[Tensor]:
        """The parts of (A, P) that the optimiser sees as a parameter each."""
        own = values[self.begin : self.begin + self.count]
        return [part for row in own for part in stack.split(row)] if self._by_tensor else [own]


def _mark(arm: int, plan: Plan) -> tuple[Any, ...]:
    """Equal for arms of one team; a plateau comes to each arm by itself."""
    return *plan.key, arm if plan.options["schedule"] == "plateau" else -1


def _norms(stack: Stack) -> Tensor:
    """(A, 1) the norm of each arm's gradient, to the bit as ``clip_grad_norm_`` has it: that of its tensors' norms.

    The norm of all values at once differs from it by some millionths, which Adam makes much of within a few steps.
    """
    parts = [torch.linalg.vector_norm(part, dim=1) for part in stack.gradient.split(stack.sizes, 1)]
    return torch.linalg.vector_norm(torch.stack(parts, 1), dim=1, keepdim=True)


def _rows(value: Any, parameter: Tensor, arms: Sequence[int]) -> Any:
    return value[list(arms)] if isinstance(value, Tensor) and value.shape == parameter.shape else value
