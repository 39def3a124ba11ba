"""Dataset: real or generated data under a name."""

from abc import ABC, abstractmethod
from typing import ClassVar

from datamodules.panel import Panel


class Dataset(ABC):
    """Data that comes with the toolkit; a subclass in this package is found by its class name.

    The first line of a subclass's docstring is what ``forecast list data`` shows.

    Attributes:
        source: where the data is from.
        licence: under which it may be used.
    """

    source: ClassVar[str]
    licence: ClassVar[str]

    @abstractmethod
    def load(self) -> Panel:
        """The data as a panel, without any download."""
