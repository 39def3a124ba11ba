"""What many tests need: small panels, small files of data sets, a quiet trainer, one thread."""

import gzip
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

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


def _waves(rows: int, columns: int) -> pd.DataFrame:
    """Noisy sines above zero, a column each."""
    steps, noise = np.arange(rows)[:, None], np.random.default_rng(rows).normal(0, 0.1, (rows, columns))
    return pd.DataFrame(5 + np.sin(2 * np.pi * steps / 12 + np.arange(columns)) + noise).round(3)


def _ett(freq: str) -> list[str]:
    table = _waves(400, 3).set_axis(["HUFL", "HULL", "OT"], axis=1)
    return [table.set_axis(pd.date_range("2016-07-01", periods=400, freq=freq, name="date")).to_csv()]


def _m4(horizon: int) -> list[str]:
    """Training values of three series, the second ten values shorter, and test values."""
    train, test = _waves(5 * horizon + 30, 3), _waves(horizon, 3)
    train.iloc[-10:, 1] = np.nan
    return [part.T.set_axis(["X1", "X2", "X3"]).to_csv(index_label="V1") for part in (train, test)]


def _tourism() -> list[str]:
    places = [("Perth", "Western Australia"), ("Hobart", "Tasmania")]
    names = [(place, state, purpose) for place, state in places for purpose in ("Business", "Holiday")]
    dates = [str(date.date()) for date in pd.date_range("1998-01-01", periods=60, freq="QS")]
    keys = pd.DataFrame([(date, *name) for name in names for date in dates])
    table = keys.set_axis(["date_time", "Region", "State", "Purpose"], axis=1)
    return [table.assign(Trips=_waves(60, 4).to_numpy().T.ravel()).to_csv(index=False)]


def _matrix(columns: int) -> list[str]:
    return [_waves(400, columns).to_csv(header=False, index=False)]


TINY: dict[str, Callable[[], list[str]]] = {  # what stands in each file of each data set that is downloaded, but small
    **{"ETTh1": lambda: _ett("h"), "ETTh2": lambda: _ett("h")},
    **{"ETTm1": lambda: _ett("15min"), "ETTm2": lambda: _ett("15min")},
    **{"M4Yearly": lambda: _m4(6), "M4Quarterly": lambda: _m4(8), "M4Monthly": lambda: _m4(18)},
    **{"M4Weekly": lambda: _m4(13), "M4Daily": lambda: _m4(14), "M4Hourly": lambda: _m4(48)},
    **{"Exchange": lambda: _matrix(8), "Electricity": lambda: _matrix(3), "Traffic": lambda: _matrix(3)},
    "Tourism": _tourism,
}


@pytest.fixture(scope="session")
def data_options(tmp_path_factory) -> Callable[[type], dict[str, str]]:
    """The options with which a data set loads without a network: a folder of small files if it is downloaded."""
    folder: Path = tmp_path_factory.mktemp("data")

    def options(kind: type) -> dict[str, str]:
        files = getattr(kind, "files", ())
        if not files:
            return {}
        for file, text in zip(files, TINY[kind.__name__](), strict=True):
            data = text.encode()
            (folder / file.name).write_bytes(gzip.compress(data) if file.name.endswith(".gz") else data)
        return {"data_dir": str(folder)}

    return options
