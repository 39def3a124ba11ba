"""Windows: what a model sees, and the answer it is trained on."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from torch import Tensor

from datamodules.scaling import Units


class Dims(NamedTuple):
    """The sizes that a model is built for.

    Attributes:
        context_length: L.
        horizon: H.
        target: D.
        past: P, the lagged among them.
        known: K.
        static: S.
        lagged: how many of the past covariates, the last ones, are made from the targets, all D in turn, and so in
            their units: the scaling of the window applies to them too.
        embedded: columns of codes that the model embeds: (role, column among that role's, number of codes).
    """

    context_length: int
    horizon: int
    target: int = 1
    past: int = 0
    known: int = 0
    static: int = 0
    lagged: int = 0
    embedded: tuple[tuple[str, int, int], ...] = ()

    def plain(self) -> list[Any]:
        """The sizes in plain values, for a checkpoint."""
        return [*self[:-1], [list(each) for each in self.embedded]]

    @classmethod
    def of(cls, plain: Sequence[Any]) -> Self:
        """The sizes of ``plain()``, or of another sequence of them."""
        sizes = cls(*plain)
        return sizes._replace(
            embedded=tuple((str(role), int(column), int(size)) for role, column, size in sizes.embedded)
        )


class Context(NamedTuple):
    """All that a model may see. Absent covariates are zero-width."""

    target: Tensor  # (B, L, D) filled from the past where not observed
    observed: Tensor  # (B, L, D) 1 where observed, else 0
    past: Tensor  # (B, L, P)
    known: Tensor  # (B, L+H, K)
    static: Tensor  # (B, S)
    units: Units  # (B, 1, D) from the stored values to original units; loc 0 and scale 1 unless the data is scaled


class Window(NamedTuple):
    """A batch of training or evaluation samples; training batches may come k at a time, as (k, B, ...)."""

    context: Context
    target: Tensor  # (B, H, D) in the units of the context; what is not observed is filled
    observed: Tensor  # (B, H, D) 1 where observed, else 0
    series: Tensor  # (B) index of the series
    cutoff: Tensor  # (B) panel row of the last context value

    def unbind(self) -> "list[Window]":
        """The k batches of a window of shape (k, B, ...); the window itself when it is (B, ...)."""
        if self.target.dim() == 3:
            return [self]
        context, *rest = self
        parts = [part.unbind(0) for part in context[:-1]]
        kind = type(context.units)
        units = [kind(*each) for each in zip(*(part.unbind(0) for part in context.units), strict=True)]
        contexts = (Context(*each) for each in zip(*parts, units, strict=True))
        return [Window(*each) for each in zip(contexts, *(part.unbind(0) for part in rest), strict=True)]
