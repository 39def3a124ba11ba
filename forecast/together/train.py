"""Training all arms of a stack, step by step, each as Lightning's Trainer would train it alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from forecast.together.feed import Feed
from forecast.together.losses import Change, Validation, losses
from forecast.together.optimise import Optimisers
from forecast.together.stack import Stack


@dataclass(eq=False)
class Course:
    """How the training of one arm goes.

    Attributes:
        max_steps: optimiser steps at most.
        patience: validations without a better loss before it stops; 0 to go on, and keep the last weights.
        change: what is done to its scaled training windows; None for nothing.
        rows: of its curves: epoch, step, train_loss, val_loss.
        best_epoch: the one whose weights are kept; 0 for the last.
        weights: (P) these, once it has ended.
    """

    max_steps: int
    patience: int
    change: Change | None = None
    rows: list[list[float]] = field(default_factory=list)
    best_epoch: int = 0
    weights: Tensor = field(default_factory=lambda: torch.empty(0))
    _best: float = math.inf
    _waited: int = 0

    def judge(self, loss: float, weights: Tensor) -> bool:
        """Whether to stop after an epoch with this validation loss, as ``BestWeights`` does; keeps the best weights."""
        if not self.patience:
            return False
        if not math.isfinite(loss):
            return True
        if loss < self._best:
            self._best, self._waited = loss, 0
            self.best_epoch, self.weights = len(self.rows) + 1, weights.clone()
            return False
        self._waited += 1
        return self._waited >= self.patience


def train(stack: Stack, feed: Feed, validation: Validation, optimisers: Optimisers, courses: Sequence[Course]) -> None:
    """Train all arms to their end; the courses then say how it went.

    An arm that has ended leaves the stack at the end of its epoch, whatever the others do.
    """
    left, step = list(courses), 0
    sums, steps = stack.values.new_zeros(len(left)), [0] * len(left)
    while True:
        changes = [course.change for course in left]
        for batch in feed.block(min(course.max_steps for course in left) - step):
            stack.draw_for(batch.sizes)
            total, count = losses(stack.network, batch, changes)
            each = total / count.clamp(min=1)
            stack.backward(each)
            optimisers.step(step)
            sums += each.detach()
            step += 1
            steps = [number + 1 for number in steps]
        border = [arm for arm, course in enumerate(left) if feed.ended(arm) or step == course.max_steps]
        if not border:
            continue
        trained = (sums / torch.tensor(steps, device=sums.device)).tolist()
        validated = validation.losses(stack, border).tolist() if validation else [math.nan] * len(border)
        ended = set()
        for arm, loss in zip(border, validated, strict=True):
            course = left[arm]
            if validation:
                optimisers.tell(arm, loss)
                if course.judge(loss, stack.values[arm]):
                    ended.add(arm)
            course.rows.append([len(course.rows) + 1, step, trained[arm], loss])
            if step == course.max_steps:
                ended.add(arm)
            if arm in ended and not course.best_epoch:
                course.weights = stack.values[arm].clone()
            feed.begin(arm)
            sums[arm], steps[arm] = 0, 0
        if ended:
            going = [arm for arm in range(len(left)) if arm not in ended]
            if not going:
                return
            left, steps, sums = [left[arm] for arm in going], [steps[arm] for arm in going], sums[going]
            feed.keep(going)
            stack.keep(going)
            optimisers.keep(going)
