"""Two processes on a CPU see each window once an epoch, agree on the weights, and come to one process's answers.

Each test runs a script of its own with a time limit, so that processes that wait for each other fail, not hang.
"""

import json
import subprocess
import sys
import textwrap

import pytest

pytestmark = [pytest.mark.ddp, pytest.mark.slow]

BEFORE = """
import json, sys, warnings
warnings.simplefilter("ignore")
import numpy as np, pandas as pd, torch
import pytorch_lightning as pl
from datamodules.base import Borders, PanelData
from datamodules.panel import Panel
from datamodules.split import last_cutoffs
from datamodules.window import Dims
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster

PAIR = {"accelerator": "cpu", "devices": 2, "strategy": "ddp_spawn"}
QUIET = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
FOLDER = sys.argv[1]


def panel():
    steps = np.arange(83)
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2024", periods=83, freq="h"),
                      "y": 10 + 3 * np.sin(steps / 2 + shift) + rng.normal(0, 0.3, 83)})
        for shift, name in enumerate("ab")
    ]
    return Panel.from_frame(pd.concat(frames))


def data():
    return PanelData(panel(), context_length=6, horizon=3, batch_size=8, borders=Borders("steps", 15, 0))


def network(**options):
    torch.manual_seed(0)
    return MLP(Dims(6, 3), hidden_size=4, **options)


class Watch(pl.Callback):
    # writes what each process saw, and the weights it ended with

    def __init__(self):
        self.seen, self.validated = [], 0

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        self.seen.append([trainer.current_epoch, batch.cutoff.flatten().tolist()])

    def on_validation_batch_start(self, trainer, module, batch, batch_idx, dataloader_idx=0):
        self.validated += 0 if trainer.sanity_checking else len(batch.cutoff)

    def on_train_end(self, trainer, module):
        weights = [value.flatten().tolist() for value in module.state_dict().values()]
        told = {"seen": self.seen, "validated": self.validated, "weights": weights, "steps": trainer.global_step,
                "val_loss": float(trainer.callback_metrics["val_loss"])}
        with open(f"{FOLDER}/{trainer.world_size}-{trainer.global_rank}.json", "w") as file:
            json.dump(told, file)
"""


@pytest.fixture
def run(tmp_path):
    """Runs ``main()`` as a script of its own; gives what it printed as JSON."""

    def run(main):
        script = tmp_path / "script.py"
        guard = 'if __name__ == "__main__":\n    print(json.dumps(main()))\n'
        script.write_text(f"{BEFORE}\n\ndef main():\n{textwrap.indent(textwrap.dedent(main), '    ')}\n\n{guard}")
        done = subprocess.run(
            [sys.executable, script, tmp_path], capture_output=True, text=True, timeout=180, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


def told(folder, world, rank):
    return json.loads((folder / f"{world}-{rank}.json").read_text())


def test_ranks_see_each_window_once_an_epoch_and_agree(run, tmp_path):
    rows = run("""
        module, modules = network(patience=0), data()
        rows = modules.windows(modules.split.train).rows.tolist()
        validation = len(modules.windows(modules.split.validation).rows)
        pl.Trainer(max_epochs=2, callbacks=[Watch()], **PAIR, **QUIET).fit(module, datamodule=modules)
        return rows, validation
    """)
    ranks = [told(tmp_path, 2, rank) for rank in (0, 1)]
    orders = []
    for epoch in (0, 1):
        seen = [[row for number, some in rank["seen"] if number == epoch for row in some] for rank in ranks]
        assert sorted(seen[0] + seen[1]) == rows[0]
        orders.append(seen[0])
    assert orders[0] != orders[1]
    assert ranks[0]["weights"] == ranks[1]["weights"]
    assert ranks[0]["steps"] == ranks[1]["steps"] == len(ranks[0]["seen"])
    assert ranks[0]["validated"] + ranks[1]["validated"] == 2 * rows[1]
    assert ranks[0]["val_loss"] == ranks[1]["val_loss"]


def test_validation_loss_of_two_processes_is_that_of_one(run):
    alone, pair = run("""
        losses = []
        for devices in ({"accelerator": "cpu", "devices": 1}, PAIR):
            trainer = pl.Trainer(**devices, **QUIET)
            trainer.validate(network(), datamodule=data(), verbose=False)
            losses.append(float(trainer.callback_metrics["val_loss"]))
        return losses
    """)
    assert pair == pytest.approx(alone, rel=1e-6)


def test_neural_forecaster_trains_in_two_processes(run):
    told = run("""
        shown = panel()
        forecaster = NeuralForecaster(network(), max_steps=14, batch_size=8, steps_per_epoch=4, trainer=PAIR)
        before = [value.clone() for value in forecaster.module.state_dict().values()]
        forecaster.fit(shown)
        table = forecaster.predict(shown, last_cutoffs(shown), 3, (0.1, 0.9))
        return {
            "finite": bool(np.isfinite(table[["mean", "q0.1", "q0.9"]]).all(axis=None)),
            "trained": any(not torch.equal(*pair) for pair in zip(before, forecaster.module.state_dict().values())),
            "notes": forecaster.notes,
            "curves": forecaster.curves.to_dict("list"),
        }
    """)
    assert told["finite"]
    assert told["trained"]
    assert told["notes"]["steps"] == told["curves"]["step"][-1] == 14
    assert told["notes"]["epochs"] == len(told["curves"]["epoch"])
    losses = told["curves"]["val_loss"]
    assert told["notes"]["best_epoch"] == losses.index(min(losses)) + 1


def test_same_seed_gives_the_same_forecasts_in_two_processes(run):
    first, second = run("""
        shown = panel()
        answers = []
        for _ in range(2):
            forecaster = NeuralForecaster(network(), max_steps=6, batch_size=8, steps_per_epoch=4, trainer=PAIR)
            answers.append(forecaster.fit(shown).predict(shown, last_cutoffs(shown), 3)["mean"].tolist())
        return answers
    """)
    assert first == second


def test_one_process_under_a_strategy_of_many_is_like_one_process(run):
    """Blocks of batches pass through DistributedDataParallel too."""
    plain, wrapped = run("""
        weights = []
        for strategy in ("auto", "ddp"):
            module = network(patience=0)
            options = {"accelerator": "cpu", "devices": 1, "strategy": strategy, "max_epochs": 2}
            pl.Trainer(**options, **QUIET).fit(module, datamodule=data())
            weights.append([value.flatten().tolist() for value in module.state_dict().values()])
        return weights
    """)
    assert wrapped == plain
