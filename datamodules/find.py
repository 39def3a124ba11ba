"""How the classes of a package are found."""

import importlib
import inspect
import pkgutil
from typing import TypeVar

T = TypeVar("T")


def find(package: str, base: type[T]) -> dict[str, type[T]]:
    """The public, concrete subclasses of ``base`` that the modules of ``package`` define, by class name.

    Adding a file adds its classes: there is no registry.
    """
    found: dict[str, type[T]] = {}
    root = importlib.import_module(package)
    for info in pkgutil.iter_modules(root.__path__):
        module = importlib.import_module(f"{package}.{info.name}")
        for name, value in vars(module).items():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if not own or not issubclass(value, base) or value is base or name.startswith("_"):
                continue
            if not inspect.isabstract(value):
                found[name] = value
    return dict(sorted(found.items()))
