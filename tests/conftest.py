"""What many tests need: small panels, a quiet trainer, one thread."""

import warnings
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
import pytest
import torch

from datamodules.panel import Panel


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    """Makes a seeded panel of noisy sines: ``make_panel(lengths, targets=1, ..., holes=share of targets lost)``."""

    def make(
        lengths: Sequence[int] = (60, 45),
        *,
        targets: int = 1,
        past: int = 0,
        known: int = 0,
        static: int = 0,
        holes: float = 0.0,
        seed: int = 0,
        late: Sequence[int] = (),
    ) -> Panel:
        rng = np.random.default_rng(seed)
        frames = []
        for number, length in enumerate(lengths):
            begin = late[number] if late else 0
            steps = np.arange(begin, begin + length)
            stamps = pd.Timestamp("2024-01-01") + pd.to_timedelta(steps, unit="h")
            columns: dict[str, object] = {"unique_id": f"series {number}", "ds": stamps}
            for index in range(targets):
                values = 20 + 5 * number + 3 * np.sin(2 * np.pi * steps / 12 + index) + rng.normal(0, 0.3, length)
                lost = rng.random(length) < holes
                lost[[0, -1]] = False
                columns[f"y{index}"] = np.where(lost, np.nan, values)
            for kind, count in (("past", past), ("known", known)):
                columns |= {f"{kind}{index}": rng.normal(size=length) for index in range(count)}
            columns |= {f"static{index}": rng.normal() for index in range(static)}
            frames.append(pd.DataFrame(columns))
        names = {
            kind: [f"{kind}{index}" for index in range(count)]
            for kind, count in (("past", past), ("known", known), ("static", static))
        }
        return Panel.from_frame(pd.concat(frames), target=[f"y{index}" for index in range(targets)], freq="h", **names)

    return make


@pytest.fixture
def make_trainer(tmp_path) -> Iterator[Callable[..., object]]:
    """Makes a person's own Trainer, without logs, files and output unless told otherwise."""
    import pytorch_lightning as pl

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        yield lambda **options: pl.Trainer(
            **{
                "accelerator": "cpu",
                "devices": 1,
                "logger": False,
                "enable_checkpointing": False,
                "enable_progress_bar": False,
                "enable_model_summary": False,
                "default_root_dir": tmp_path,
                "max_epochs": 1,
            }
            | options
        )
