"""Who imports whom, what importing costs, and how long files are: the house rules that can be checked by reading."""

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from datamodules.find import catalog
from forecast.cli import COMMANDS

ROOT = Path(__file__).parents[1]
PACKAGES = ("datamodules", "forecast")

# A module may import what stands below it, and the other modules of its own line.
LAYERS = (
    ("forecast.__main__",),
    ("forecast.cli",),
    ("forecast.commands",),
    ("forecast.study", "forecast.tune"),
    ("forecast.assemble", "forecast.resolve", "forecast.data"),
    ("forecast.config", "forecast.members", "forecast.values", "forecast.signature"),
    ("forecast.external", "forecast.comparing"),
    ("forecast.backtest", "forecast.auditing"),
    ("forecast.result",),
    ("forecast.report",),
    ("forecast.fulfil",),
    ("forecast.engines",),
    ("forecast.cost", "forecast.parts", "forecast.shards"),
    ("forecast.teams",),
    ("forecast.arms",),
    ("forecast.inside",),
    ("forecast.together",),
    ("forecast.ensemble",),
    ("forecast.footprint", "forecast.holed"),
    ("forecast.neural", "forecast.checkpoint", "forecast.conformal", "forecast.earlier", "forecast.conformity"),
    ("forecast.models", "forecast.baselines", "forecast.curves"),
    ("forecast.training", "forecast.threads", "forecast.compress"),
    ("forecast.augment", "forecast.heads", "forecast.normalisation", "forecast.search", "forecast.stack"),
    ("forecast.forecaster", "forecast.evaluation"),
    ("forecast.table", "forecast.files", "forecast.words"),
    ("forecast",),  # its own __init__, which loads everything else by name when it is first used
    ("datamodules",),
)
CANNOT_KNOW_A_MODEL = (  # they know a forecaster by its protocol only
    *("forecast.backtest", "forecast.arms", "forecast.teams", "forecast.parts", "forecast.engines", "forecast.fulfil"),
    *("forecast.shards", "forecast.result", "forecast.report"),
    *("forecast.evaluation", "forecast.forecaster", "forecast.table"),
    *("forecast.conformal", "forecast.earlier", "forecast.conformity", "forecast.holed"),
)
FOUND_CLASSES = {"forecast.models": "ForecastModule", "forecast.baselines": "Baseline", "datamodules": "Dataset"}


def sources() -> dict[str, Path]:
    """The file of each module of the packages, by the module's name."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    named = ((".".join(path.relative_to(ROOT).with_suffix("").parts), path) for path in paths)
    return {name.removesuffix(".__init__"): path for name, path in named}


SOURCES = sources()
TREES = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in SOURCES.items()}


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes that run: those that only a type checker reads are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from statements(node)


def imported(tree: ast.AST) -> set[str]:
    """The modules that a source imports, at its top or inside a function."""
    names: set[str] = set()
    for node in statements(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in SOURCES else str(node.module) for name in whole}
    return names


IMPORTS = {module: imported(tree) for module, tree in TREES.items()}
OWN = {module: {name for name in names if name in SOURCES} for module, names in IMPORTS.items()}


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def layer(module: str) -> int:
    """The line of LAYERS that names the module, or the nearest package above it."""
    homes = {name: number for number, line in enumerate(LAYERS) for name in line}
    if module in homes:
        return homes[module]
    above = module.rpartition(".")[0]
    assert above not in ("", "forecast"), f"{module} has no place in LAYERS; give it one"
    return layer(above)


def test_every_layer_has_a_module():
    layered = [name for line in LAYERS for name in line]
    assert sorted(set(layered) - set(SOURCES)) == []


def test_modules_import_only_layers_below_or_their_own():
    pairs = [(module, name) for module, names in OWN.items() for name in names]
    assert [(module, name) for module, name in pairs if layer(name) < layer(module)] == []


def test_no_cycles():
    tuple(TopologicalSorter(OWN).static_order())  # raises CycleError, which names the cycle


def test_datamodules_never_imports_forecast():
    datamodules = [module for module in SOURCES if inside(module, "datamodules")]
    assert {module for module in datamodules for name in IMPORTS[module] if inside(name, "forecast")} == set()


@pytest.mark.parametrize(("package", "base"), FOUND_CLASSES.items())
def test_file_that_adds_a_class_imports_no_sibling(package, base):
    siblings = {entry.module for entry in catalog(package, base).values()}
    assert {module: OWN[module] & siblings for module in siblings if OWN[module] & siblings} == {}


@pytest.mark.parametrize("part", CANNOT_KNOW_A_MODEL)
def test_part_imports_no_model_and_no_baseline(part):
    models = ("forecast.models", "forecast.baselines")
    modules = [module for module in SOURCES if inside(module, part)]
    assert [(module, name) for module in modules for name in OWN[module] if name.startswith(models)] == []


def test_lightning_is_imported_by_one_name():
    assert {module for module, names in IMPORTS.items() for name in names if inside(name, "lightning")} == set()


@pytest.mark.parametrize(
    "words",
    ["", "--help", *(f"{command} --help" for command, (module, _) in COMMANDS.items() if module != "lightning")],
)
def test_start_imports_nothing_heavy(words):
    run = f"import runpy; sys.argv[1:] = {words.split()}; runpy.run_module('forecast', run_name='__main__')"
    start = run if words else "import forecast"
    heavy = ("torch", "pytorch_lightning", "pandas", "numpy", "statsmodels")
    check = f"import atexit, sys; atexit.register(lambda: print([n for n in {heavy} if n in sys.modules])); {start}"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_packages_do_not_print():
    calls = ((module, node) for module, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, ast.Call))
    assert [module for module, node in calls if isinstance(node.func, ast.Name) and node.func.id == "print"] == []


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_files_are_short():
    kinds = {".py", ".js", ".css", ".j2", ".sh", ""}
    folders = ("datamodules", "forecast", "scripts", "tests")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    lengths = {path.relative_to(ROOT): length(path) for path in paths if path.suffix in kinds}
    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}
    assert statistics.median(length(path) for path in SOURCES.values()) < 150
