"""Dataset: real or generated data under a name."""

from pathlib import Path
from typing import Any, ClassVar

from datamodules.base import Borders, WindowDataModule
from datamodules.sets.download import Remote, local


class Dataset(WindowDataModule):
    """Data that has a name: its panel by ``load()``, and its windows as a Lightning DataModule.

    A subclass in this package is found by its class name. The first line of its docstring is what ``forecast list
    data`` shows.

    Attributes:
        source: where the data is from.
        licence: under which it may be used.
        seasonality: steps in its shortest season, which its clock says too; 1 for none.
        standard_borders: the split that is usual for it, unless another is asked for.

    Args:
        borders: where training, validation and test part; the usual split of these data when not given.
        options: of the windows; see ``WindowDataModule``.
    """

    source: ClassVar[str]
    licence: ClassVar[str]
    seasonality: ClassVar[int]
    standard_borders: ClassVar[Borders] = Borders()

    def __init__(self, *, borders: Borders | None = None, **options: Any) -> None:
        super().__init__(borders=borders or self.standard_borders, **options)


class Downloaded(Dataset):
    """Data whose files are downloaded when they are first used, checked, and kept.

    Attributes:
        files: what is downloaded, in the order in which ``load`` reads it.

    Args:
        data_dir: a folder that has the files already; they are used as they are and nothing is downloaded. When not
            given, the cache folder; see ``datamodules.sets.download``.
        options: of the windows; see ``WindowDataModule``.
    """

    files: ClassVar[tuple[Remote, ...]]

    def __init__(self, *, data_dir: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.data_dir = data_dir

    def paths(self) -> list[Path]:
        """Where each of the files lies on this machine, downloaded if need be; raises InputError."""
        return [local(file, self.data_dir) for file in self.files]
