"""A store several times larger than the memory that may be used: described, trained on, backtested and forecast.

    python scripts/large.py [--gib 2.0] [--cap 768] [--folder FOLDER]

Every command runs in a process of its own that may have CAP MiB of private memory (RLIMIT_DATA), the libraries with
their 400 MiB included. Mapped files are not counted: they are in the page cache, which the system takes back when it
needs it. Beside the seconds stands the most private memory that was in use (RssAnon of /proc) and allotted (VmData,
which the cap is on).
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.format import open_memmap

from datamodules.clock import Clock
from datamodules.large.packed import Packed
from datamodules.large.stored import KEPT, write_meta
from datamodules.panel import Columns

LENGTH = 100_000  # hours a series, eleven years
_FRUGAL = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}  # no memory in advance for every thread
SIZES = {"context-length": 168, "horizon": 24}


def main() -> None:
    """Make the store, run the commands one after the other, say what they took, and remove the store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gib", type=float, default=2.0, help="size of the store")
    parser.add_argument("--cap", type=int, default=768, help="MiB of private memory for each command")
    parser.add_argument("--only", nargs="+", default=(), help="of these commands; all when not given")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where there is room for twice the store")
    options = parser.parse_args()
    Path(options.folder).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="large-", dir=options.folder))
    try:
        begin = time.perf_counter()
        panel = make(folder / "store", max(1, round(options.gib * 2**30 / 4 / LENGTH)))
        print(
            f"store: {panel.n_series:,} series, {len(panel.target):,} rows, {panel.target.nbytes / 2**30:.2f} GiB, ",
            end="",
        )
        print(f"made in {time.perf_counter() - begin:.0f} s; cap {options.cap} MiB")
        print(f"{'command':<12}{'seconds':>9}{'private MiB in use':>20}{'allotted':>10}")
        chosen = {name: each for name, each in commands(folder).items() if not options.only or name in options.only}
        for name, arguments in chosen.items():
            seconds, used, allotted = run(arguments, options.cap, folder)
            print(f"{name:<12}{seconds:>9.1f}{used:>20.0f}{allotted:>10.0f}", flush=True)
    finally:
        shutil.rmtree(folder)


def make(folder: Path, n_series: int) -> Packed:
    """A store of noisy daily seasons, written a series at a time."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    target = open_memmap(folder / "target.npy", mode="w+", dtype=np.float32, shape=(n_series * LENGTH, 1))
    season = np.sin(2 * np.pi * np.arange(LENGTH) / 24).astype(np.float32)
    for series in range(n_series):
        noise = rng.standard_normal(LENGTH, dtype=np.float32)
        target[series * LENGTH : (series + 1) * LENGTH, 0] = 100 + 10 * rng.random() * season + noise
    target.flush()
    offsets = np.arange(n_series + 1) * LENGTH
    nothing = np.empty((len(target), 0), np.float32)
    panel = Packed(
        ids=np.array([f"series {number:06}" for number in range(n_series)], dtype=object),
        clock=Clock("h", pd.Timestamp("2014-01-01")),
        start=np.zeros(n_series, dtype=np.int64),
        offsets=offsets,
        target=np.load(folder / "target.npy", mmap_mode="r"),
        past=nothing,
        known=nothing,
        static=np.empty((n_series, 0)),
        columns=Columns(),
        ends=offsets[1:] - 1,
        whole=True,
    )
    for name in KEPT:
        np.save(folder / f"{name}.npy", getattr(panel, name))
    write_meta(folder, panel, {"shape": "long", "id": "unique_id", "time": "ds", "target": "y", "freq": "h"})
    return panel


def commands(folder: Path) -> dict[str, list[str]]:
    """What is run, by name."""
    sizes = [word for name, size in SIZES.items() for word in (f"--{name}", str(size))]
    fit = ["--model", "MLP", "--data", "FileData", "--data.path", "store", "--data.windows_per_epoch", "25600"]
    fit += [word for name, size in SIZES.items() for word in (f"--data.{name.replace('-', '_')}", str(size))]
    fit += ["--trainer.max_steps", "500", "--trainer.enable_progress_bar", "false"]
    checkpoint = "runs/fit/version_0/checkpoints/best.ckpt"
    members = ["--models", "MLP", "--baselines", "SeasonalNaive", "--folds", "2", "--max-steps", "500"]
    return {
        "describe": ["describe", "--data", "store", *sizes],
        "fit": ["fit", *fit],
        "predict": ["predict", "--checkpoint", checkpoint, "--data", "store", "--output", "forecast.parquet"],
        "backtest": ["backtest", "--data", "store", *sizes, *members, "--output", "backtest"],
    }


def run(arguments: list[str], cap: int, folder: Path) -> tuple[float, float, float]:
    """Seconds, peak private MiB in use and allotted of a command that may have ``cap``; ends the script if it fails."""
    log = folder / f"{arguments[0]}.log"
    begin, used, allotted = time.perf_counter(), 0.0, 0.0
    with log.open("w") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "forecast", *arguments],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | _FRUGAL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (cap * 2**20, cap * 2**20)),
        )
        while child.poll() is None:
            status = Path(f"/proc/{child.pid}/status").read_text()
            used, allotted = max(used, _mib("RssAnon", status)), max(allotted, _mib("VmData", status))
            time.sleep(0.02)
    if child.returncode:
        sys.exit(f"{arguments[0]} failed:\n{log.read_text()[-2000:]}")
    return time.perf_counter() - begin, used, allotted


def _mib(name: str, status: str) -> float:
    found = re.search(rf"{name}:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
