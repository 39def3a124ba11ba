"""The studies that come with the toolkit: their names, in the order of the article that they are from, and files."""

from pathlib import Path
from typing import Final

from datamodules.errors import InputError, one_of

ARTICLE: Final = (  # its eight tables
    *("learning_rate", "hidden_size", "activation", "epochs"),
    *("features", "architecture", "regularisation", "data_size"),
)
_TEXT: Final = (  # what its text asks beside them
    *("scaler", "optimizer", "schedule", "initialisation", "augmentation"),
    *("missing", "context_length", "horizon", "compression"),
)
_FOLDER: Final = Path(__file__).with_suffix("")  # configs/studies, which an installed toolkit has here


def shipped() -> dict[str, Path]:
    """The file of each study by its name: the article's tables in their order, those of its text, then any others.

    Example:
        >>> list(shipped())[:3]
        ['learning_rate', 'hidden_size', 'activation']
    """
    order = (*ARTICLE, *_TEXT)
    found = {path.stem: path for path in sorted(_FOLDER.glob("*.yaml"))}
    return dict(sorted(found.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))


def path_of(study: str) -> Path:
    """The file of a study that is named or given as a file; raises InputError with the nearest name."""
    path = Path(study)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.is_file():
            raise InputError(f"file {study} does not exist; expected a study in YAML. Check its name and folder.")
        return path
    known = shipped()
    one_of("study", study, known)
    return known[study]
