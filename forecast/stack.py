"""What a context holds as one sequence: its width, which known rows stand where, and vectors of categories."""

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from datamodules.errors import InputError
from datamodules.window import Dims

ROLES: Final = ("past", "known", "static")
_WIDEST: Final = 16


def embedding_width(codes: int) -> int:
    """The width of the vectors for a column of so many codes: 1.6 * codes ** 0.56, rounded, and at most 16.

    Learnt vectors of categories: Guo and Berkhahn (2016); the rule of thumb is that of fastai (``emb_sz_rule``; Howard
    and Gugger, 2020), whose upper end is 600.

    Example:
        >>> embedding_width(8)
        5
    """
    return min(_WIDEST, round(1.6 * codes**0.56))


def views(dims: Dims) -> tuple[int, ...]:
    """The first known row of each stretch of L that stands beside the context: together they hold all L + H rows.

    With a horizon no longer than the context it is the context itself and what follows each step one horizon later.
    A longer horizon takes more stretches; the last ends with the horizon.

    Example:
        >>> views(Dims(8, 3)), views(Dims(8, 20))
        ((0, 3), (0, 8, 16, 20))
    """
    return (*range(0, max(dims.horizon, 1), max(dims.context_length, 1)), dims.horizon)


def channels(dims: Sequence[Any]) -> int:
    """C, the width of ``ForecastModule.stack`` for data of these sizes: ``Dims``, or its plain values."""
    dims = Dims.of(dims)
    past, known, static = (
        getattr(dims, role) + sum(embedding_width(codes) - 1 for kind, _, codes in dims.embedded if kind == role)
        for role in ROLES
    )
    return dims.target + past + len(views(dims)) * known + static


class Embeddings(nn.Module):
    """Learnt vectors in the place of columns of codes, a table a column.

    Vectors start about as long as a onehot row, and that of code 0 (missing or unseen) at zero: it says nothing unless
    training rows had missing cells to learn it from.

    Args:
        dims: sizes of the data; ``embedded`` says which columns hold codes.
    """

    def __init__(self, dims: Dims) -> None:
        super().__init__()
        self.tables = nn.ParameterDict()
        self.codes = {role: {at: codes for kind, at, codes in dims.embedded if kind == role} for role in ROLES}
        for role, codes in self.codes.items():
            for column, count in codes.items():
                width = embedding_width(count)
                self.tables[f"{role}{column}"] = torch.randn(count, width) / width**0.5
            numbers = [column for column in range(getattr(dims, role)) if column not in codes]
            self.register_buffer(f"numbers_of_{role}", torch.tensor(numbers, dtype=torch.long), persistent=False)
        self.blank()

    def blank(self) -> None:
        """Set the vector of code 0 to zero."""
        with torch.no_grad():
            for table in self.tables.values():
                table[0] = 0

    def forward(self, role: str, values: Tensor) -> Tensor:
        """The covariates of a role, (..., C) with codes -> (..., C') without: numbers first, then vectors.

        Raises:
            InputError: when numbers of so few bits cannot tell the codes apart.
        """
        codes = self.codes[role]
        if not codes:
            return values
        most = max(codes.values())
        if (most - 1) * torch.finfo(values.dtype).eps > 2:
            raise InputError(
                f"a {role} column has {most:,} categories, more than {values.dtype} can count; expected a precision of "
                "more bits. Say precision: bf16-mixed, 16-mixed or 32-true."
            )
        numbers = values.index_select(-1, getattr(self, f"numbers_of_{role}"))
        vectors = [functional.embedding(values[..., column].long(), self.tables[f"{role}{column}"]) for column in codes]
        return torch.cat([numbers, *vectors], -1)
