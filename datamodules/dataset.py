"""Dataset: real or generated data under a name."""

from typing import ClassVar

from datamodules.base import WindowDataModule


class Dataset(WindowDataModule):
    """Data that comes with the toolkit: its panel by ``load()``, and its windows as a Lightning DataModule.

    A subclass in this package is found by its class name. The first line of its docstring is what ``forecast list
    data`` shows, and its ``load`` does without any download.

    Attributes:
        source: where the data is from.
        licence: under which it may be used.
    """

    source: ClassVar[str]
    licence: ClassVar[str]
