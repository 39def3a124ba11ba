"""How the classes of a package are found: by importing it (``find``), or in a blink from its source (``catalog``)."""

import ast
import importlib
import inspect
import pkgutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")


def find(package: str, base: type[T]) -> dict[str, type[T]]:
    """The public, concrete subclasses of ``base`` that the modules of ``package``, at any depth, define, by class name.

    Adding a file adds its classes: there is no registry.
    """
    found: dict[str, type[T]] = {}
    root = importlib.import_module(package)
    for info in pkgutil.walk_packages(root.__path__, prefix=f"{package}."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if not own or not issubclass(value, base) or value is base or name.startswith("_"):
                continue
            if not inspect.isabstract(value):
                found[name] = value
    return dict(sorted(found.items()))


class Entry(NamedTuple):
    """Where a class is, the first line of its docstring, and the package that it needs beside the toolkit's own."""

    module: str
    summary: str
    extra: str = ""

    @property
    def is_available(self) -> bool:
        """Whether that package, if any, is installed."""
        return not self.extra or find_spec(self.extra) is not None


def catalog(package: str, base: str) -> dict[str, Entry]:
    """The same classes as ``find(package, <the class base>)``, read from the source: nothing is imported.

    Example:
        >>> catalog("datamodules", "Dataset")["CO2"].module
        'datamodules.sets.co2'
    """
    spec = find_spec(package)
    roots = list(spec.submodule_search_locations or []) if spec else []
    modules: dict[str, dict[str, ast.ClassDef]] = {}
    for path, within in sorted((path, path.relative_to(root)) for root in roots for path in Path(root).rglob("*.py")):
        modules[".".join((package, *within.with_suffix("").parts))] = _classes(path, path.stat().st_mtime_ns)
    everywhere = {name: node for own in modules.values() for name, node in own.items()}
    found = {}
    for module, own in modules.items():
        classes = everywhere | own  # a module's own come before those of the same name elsewhere
        for name, node in own.items():
            above = _above(name, classes)
            if base in above and name[0] != "_" and not _abstract([name, *above], classes):
                summary = (ast.get_docstring(node) or "").partition("\n")[0]
                found[name] = Entry(module, summary, _extra([name, *above], classes))
    return dict(sorted(found.items()))


@cache
def _classes(path: Path, changed: int) -> dict[str, ast.ClassDef]:
    """The classes in a source, by name; read once for each time that it was ``changed``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _above(name: str, classes: dict[str, ast.ClassDef]) -> list[str]:
    """The classes that ``name`` inherits from, nearest first."""
    if name not in classes:
        return []
    bases = [ast.unparse(base).partition("[")[0] for base in classes[name].bases]
    return [each for base in bases for each in (base, *_above(base, classes))]


def _extra(line: list[str], classes: dict[str, ast.ClassDef]) -> str:
    """What the attribute ``extra`` says in the first class in ``line`` (nearest first) that has it; else nothing."""
    for name in line:
        for node in classes[name].body if name in classes else []:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "extra" and node.value is not None:
                return str(ast.literal_eval(node.value))
    return ""


def _abstract(line: list[str], classes: dict[str, ast.ClassDef]) -> bool:
    """Whether an abstract method of a class in ``line`` (nearest first) is defined by none before it."""
    defined: set[str] = set()
    for name in line:
        for node in classes[name].body if name in classes else []:
            if not isinstance(node, ast.FunctionDef):
                continue
            if any(ast.unparse(mark).endswith("abstractmethod") for mark in node.decorator_list):
                if node.name not in defined:
                    return True
            else:
                defined.add(node.name)
    return False
