"""``forecast doctor``: what runs here, and whether anything stands in the way."""

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from itertools import takewhile

from forecast.commands.parser import Parser


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Print versions and devices; 1 when something stands in the way."""
    Parser(command, purpose).read(arguments)
    from forecast.commands.terminal import facts, say, show

    show(facts("This machine", [*_machine(), *_versions()], ("", "")))
    found = list(_warnings())
    for warning in found:
        say(f"warning: {warning}")
    return 1 if found else 0


def _machine() -> Iterator[tuple[str, str]]:
    import torch

    yield "python", f"{platform.python_version()}, {sys.executable}"
    yield "machine", platform.platform(terse=True)
    yield "cores", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        yield "memory", f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB"
    yield "torch build", f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU"
    yield "torch threads", str(torch.get_num_threads())
    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    yield "devices", ", ".join(["CPU", *devices, *(["MPS"] if torch.backends.mps.is_available() else [])])


def _versions() -> Iterator[tuple[str, str]]:
    for name in ["forecast-toolkit", *_dependencies()]:
        yield name, _version(name) or "not installed"


def _dependencies() -> list[str]:
    """The names of what the toolkit needs, extras left out."""
    try:
        needed = requires("forecast-toolkit") or []
    except PackageNotFoundError:
        needed = ["torch", "pytorch-lightning", "pandas", "numpy"]
    names = (line.partition(";")[0] for line in needed if "extra ==" not in line)
    return ["".join(takewhile(lambda letter: letter.isalnum() or letter in "-_.", name)) for name in names]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _warnings() -> Iterator[str]:
    import torch

    if _version("lightning") and _version("pytorch-lightning"):
        yield (
            "both lightning and pytorch_lightning are installed; a callback or model of one is refused by the other's "
            "Trainer. Import pytorch_lightning only, or uninstall lightning."
        )
    if torch.version.cuda and not torch.cuda.is_available():
        yield "torch is built for CUDA but no device is found. Install the CPU build of torch, or check the driver."
