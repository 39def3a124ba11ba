"""Speed of the hot paths beside a bare torch loop, measured in one run: interleaved, medians, ratios.

    python scripts/bench.py train|predict|startup|memory|store|many|all [--threads N] [--rounds N] [--models MLP,LSTM]
    python scripts/bench.py ets [--data SERIES_IN_ROWS.csv] [--statsforecast PYTHON_THAT_HAS_IT] [--sample 40]

Absolute times are those of this machine at this moment; the ratios are what to compare.
"""

import argparse
import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

NETWORKS = ("Linear", "MLP", "CNN", "RNN", "GRU", "LSTM")
WIDTH, BATCH, CONTEXT, HORIZON = 64, 256, 168, 48
STEPS = 320


def main() -> None:
    """Run the benches that were asked for and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "predict", "startup", "memory", "store", "many", "ets", "all"))
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0 leaves its choice")
    parser.add_argument("--rounds", type=int, default=7, help="each round measures both sides once; medians are shown")
    parser.add_argument("--models", default=",".join(NETWORKS), help="comma separated")
    parser.add_argument("--data", default="", help="for ets: a CSV of hourly series, a row each; generated without one")
    parser.add_argument("--statsforecast", default="", help="for ets: a Python in which statsforecast is installed")
    parser.add_argument("--sample", type=int, default=40, help="for ets: series that statsforecast is timed on")
    options = parser.parse_args()
    models = options.models.split(",")
    benches: dict[str, Callable[[], None]] = {
        "startup": lambda: startup(options.rounds),
        "train": lambda: train(models, options.rounds),
        "predict": lambda: predict(models, max(3, options.rounds // 2)),
        "memory": memory,
        "store": lambda: store(options.rounds),
        "many": many,
        "ets": lambda: ets(options.data, options.statsforecast, options.sample),
    }
    chosen = list(benches) if options.what == "all" else [options.what]
    if chosen != ["startup"]:
        import torch

        if options.threads:
            torch.set_num_threads(options.threads)
        print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.rounds} rounds, medians\n")
    for name in chosen:
        benches[name]()


def startup(rounds: int) -> None:
    """Seconds until the first answer, each in a process of its own."""
    print("start-up                       seconds   python alone")
    commands = {
        "import forecast": ["-c", "import forecast"],
        "forecast --help": ["-m", "forecast", "--help"],
    }
    for label, command in commands.items():
        pairs = [(_seconds_of(command), _seconds_of(["-c", "pass"])) for _ in range(rounds)]
        ours, bare = (statistics.median(side) for side in zip(*pairs, strict=True))
        print(f"{label:<28}{ours:>10.3f}{bare:>15.3f}")
    print()


def _seconds_of(arguments: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def train(models: Iterable[str], rounds: int) -> None:
    """A training step through DataModule, module and Trainer against the same step in a bare loop."""
    from datamodules.sets.synthetic import Synthetic

    panel = Synthetic(n_series=414, length=(700, 960)).load()
    print(f"training step, batch {BATCH}, context {CONTEXT}, horizon {HORIZON}, width {WIDTH}, Adam; ms a step")
    print("network      bare   toolkit   speed of bare | with clipping and one-cycle: bare   toolkit   speed of bare")
    for name in models:
        plain = _train_pair(panel, name, rounds, {"clip": 0.0, "schedule": "constant"})
        full = _train_pair(panel, name, rounds, {})
        cells = [f"{bare:>9.3f}{ours:>10.3f}{ratio:>16.3f}" for bare, ours, ratio in (plain, full)]
        print(f"{name:<8}{cells[0]} | {'':>19}{cells[1]}")
    print()


def _train_pair(panel: Any, name: str, rounds: int, training: dict[str, Any]) -> tuple[float, float, float]:
    pairs = []
    for seed in range(rounds):
        if seed % 2:  # who goes first changes, so that neither always follows the other
            ours_first = _toolkit(panel, name, training)
            pairs.append((_bare(panel, name, training, seed), ours_first))
        else:
            pairs.append((_bare(panel, name, training, seed), _toolkit(panel, name, training)))
    bare, ours = (1000 * statistics.median(side) for side in zip(*pairs, strict=True))
    return bare, ours, statistics.median(loop / trainer for loop, trainer in pairs)


def _module(name: str, dims: Any, **training: Any) -> Any:
    from datamodules.find import find
    from forecast.models.base import ForecastModule

    network: Any = find("forecast.models", ForecastModule)[name]  # type: ignore[type-abstract]
    width = {} if name == "Linear" else {"hidden_size": WIDTH}
    return network(dims, **width, optimizer="Adam", patience=0, **training)


def _data(panel: Any) -> Any:
    from datamodules.base import Borders, PanelData

    borders = Borders(by="steps", validation=0, test=0)
    return PanelData(panel, context_length=CONTEXT, horizon=HORIZON, batch_size=BATCH, borders=borders)


def _bare(panel: Any, name: str, training: dict[str, Any], seed: int) -> float:
    """Seconds a step of forward, loss, backward and optimiser over batches that are ready-made."""
    from torch.nn.utils import clip_grad_norm_

    from forecast.training import make_optimizer, make_schedule

    data = _data(panel)
    data.seed = seed
    batches = list(itertools.islice((one for block in data.train_dataloader() for one in block.unbind()), 64))
    module = _module(name, data.dims, **training)
    options = module.options
    optimizer = make_optimizer("Adam", module.parameters(), lr=options["lr"], weight_decay=0.0)
    schedule = make_schedule(options["schedule"], optimizer, STEPS)
    parameters = list(module.parameters())
    begin = 0.0
    for step in range(STEPS):
        if step == 32:  # the first block warms up, as for the toolkit
            begin = time.perf_counter()
        optimizer.zero_grad()
        module.loss(batches[step % len(batches)]).backward()
        if options["clip"]:
            clip_grad_norm_(parameters, options["clip"])
        optimizer.step()
        if schedule is not None:
            schedule.step()
    return (time.perf_counter() - begin) / (STEPS - 32)


def _toolkit(panel: Any, name: str, training: dict[str, Any]) -> float:
    """Seconds a step through the Trainer, all that it does between steps included; set-up and validation are not."""
    import pytorch_lightning as pl

    from forecast.neural import quiet

    class Watch(pl.Callback):
        begin = end = 0.0
        first = 0

        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            self.end = time.perf_counter()
            if not self.begin:
                self.begin, self.first = self.end, trainer.global_step

    watch = Watch()
    data = _data(panel)
    with quiet():
        trainer = pl.Trainer(
            max_steps=STEPS,
            max_epochs=-1,
            accelerator="cpu",
            devices=1,
            callbacks=[watch],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(_module(name, data.dims, **training), datamodule=data)
    return (watch.end - watch.begin) / (trainer.global_step - watch.first)


def predict(models: Iterable[str], rounds: int) -> None:
    """A forecast from every cutoff of 2,785 x 7 series, context 96, horizon 96, against the bare batched forward."""
    import torch

    from datamodules.inputs import Inputs
    from datamodules.sets.synthetic import Synthetic
    from datamodules.split import rolling_cutoffs
    from datamodules.window import Dims
    from forecast.neural import NeuralForecaster
    from forecast.table import build, join_actuals

    cutoffs_wanted, length, horizon, levels = 2785, 96, 96, (0.1, 0.9)
    panel = Synthetic(n_series=7, length=17_420).load()
    cutoffs = rolling_cutoffs(panel, horizon=horizon, folds=cutoffs_wanted, stride=1)
    rows = torch.from_numpy(cutoffs[cutoffs >= 0])
    store = Inputs.untouched(panel, context_length=length, horizon=horizon).lay(panel, complete=True).store
    ready = [store.context(part, context_length=length, horizon=horizon) for part in rows.split(1024)]
    print(f"backtest without refit, {cutoffs.size:,} forecasts of {horizon} steps, context {length}; seconds")
    print("network      bare   arrays   times bare |  frame of 1.9 M rows   with actuals")
    for name in models:
        module = _module(name, Dims(length, horizon)).eval()
        forecaster = NeuralForecaster(module)

        def bare(module: Any = module) -> None:
            with torch.inference_mode():
                for context in ready:
                    module(context)

        def arrays(forecaster: Any = forecaster) -> Any:
            return forecaster.predict_arrays(panel, cutoffs, horizon, levels)

        pairs = [(_time(bare)[0], _time(arrays)[0]) for _ in range(rounds + 1)][1:]
        forward, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(ours / forward for forward, ours in pairs)
        mean, quantiles = arrays()
        frame, table = _time(partial(build, name, panel, cutoffs, mean, quantiles, levels))
        joined, _ = _time(partial(join_actuals, table, panel, cutoffs, 24, horizon=horizon))
        print(f"{name:<8}{forward:>9.3f}{ours:>9.3f}{ratio:>13.2f} | {frame:>20.3f}{joined:>15.3f}")
    print()


def _time(function: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    value = function()
    return time.perf_counter() - begin, value


def memory() -> None:
    """Peak memory of training above that of the imports, in a process of its own."""
    script = (
        "import pathlib, re, pytorch_lightning, forecast.neural, datamodules.sets.synthetic, scripts_bench as bench\n"
        "status = pathlib.Path('/proc/self/status')\n"  # getrusage would count the parent's memory at the fork
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', status.read_text())[1]) / 1024\n"
        "before = peak()\n"
        "panel = datamodules.sets.synthetic.Synthetic(n_series=414, length=(700, 960)).load()\n"
        "bench._toolkit(panel, 'MLP', {})\n"
        "print(f'{before:.0f} {peak() - before:.0f} {panel.target.nbytes / 2**20:.1f}')\n"
    )
    loader = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('scripts_bench', {__file__!r})\n"
        "module = importlib.util.module_from_spec(spec); sys.modules['scripts_bench'] = module\n"
        "spec.loader.exec_module(module)\n"
    )
    out = subprocess.run([sys.executable, "-c", loader + script], check=True, capture_output=True, text=True).stdout
    imports, above, panel_size = out.split()[-3:]
    print(f"peak memory: imports {imports} MiB; training an MLP {above} MiB above (the panel is {panel_size} MiB)\n")


def store(rounds: int) -> None:
    """Training windows per second from mapped files with a warm page cache beside those from memory."""
    from datamodules.large.packed import gathered
    from datamodules.sets.synthetic import Synthetic

    panel = Synthetic(n_series=4140, length=(7000, 9600)).load()
    mapped = gathered([panel])
    pairs = []
    for turn in range(rounds):
        sides = [_toolkit(each, "MLP", {}) for each in ((panel, mapped) if turn % 2 else (mapped, panel))]
        pairs.append(tuple(BATCH / seconds for seconds in (sides if turn % 2 else sides[::-1])))
    memory, files = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(ours / other for other, ours in pairs)
    size = mapped.target.nbytes / 2**20
    print(f"training windows a second, MLP, store of {size:.0f} MiB: {memory:,.0f} from memory, ", end="")
    print(f"{files:,.0f} from files, ratio {ratio:.2f}\n")


def many() -> None:
    """Seconds from a Parquet file of 100,000 series of 50 rows to their windows."""
    import tempfile

    import numpy as np
    import pandas as pd

    from datamodules.index import windows_in
    from datamodules.readers import read
    from datamodules.split import by_steps

    count, length = 100_000, 50
    days = pd.date_range("2024-01-01", periods=length, freq="D")
    values = np.random.default_rng(0).normal(size=count * length)
    names = np.repeat([f"series {number}" for number in range(count)], length)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        pd.DataFrame({"unique_id": names, "ds": np.tile(days, count), "y": values}).to_parquet(file.name)
        loading, panel = _time(lambda: read(file.name))
    part = by_steps(panel, validation=5).train
    indexing, index = _time(lambda: windows_in(panel, part, context_length=10, horizon=5))
    print(f"{count:,} series of {length} rows: read and checked in {loading:.2f} s, ", end="")
    print(f"{len(index):,} windows found in {indexing:.3f} s\n")


def ets(data: str, python: str, sample: int) -> None:
    """Series a second of ETS chosen among all forms, season 24, against other libraries; seconds of processor time."""
    import numpy as np

    from datamodules.readers import read
    from datamodules.sets.synthetic import Synthetic
    from datamodules.split import last_cutoffs
    from forecast.baselines.smoothing import ETS

    made = Synthetic(n_series=414, length=(700, 960), seed=1).load
    panel = read(data, shape="rows", freq="h") if data else made()
    histories = [panel.target[a:b, 0] for a, b in itertools.pairwise(panel.offsets)]
    model = ETS(seasonality=24)
    begin = time.process_time()
    model.fit(panel)
    fitted = time.process_time()
    model.predict(panel, last_cutoffs(panel), 48, (0.1, 0.9))
    seconds = time.process_time() - begin
    ours = len(histories) / (fitted - begin)
    print(f"ETS, selection, {len(histories)} series of {min(map(len, histories))} to {max(map(len, histories))} values")
    print(
        f"this toolkit   {ours:8.2f} series/s, {len(histories) / seconds:.2f} with forecasts and quantiles of 48 steps"
    )
    some = histories[:: max(len(histories) // 3, 1)][:3]
    theirs = len(some) / _statsmodels_seconds(some)
    print(f"statsmodels    {theirs:8.2f} series/s ({len(some)} series, the same forms), ratio {ours / theirs:.1f}")
    if python:
        chosen = histories[:: max(len(histories) // sample, 1)][:sample]
        script = (
            "import sys, time, numpy as np\n"
            "from statsforecast.models import AutoETS\n"
            "series = [np.array(line.split(','), dtype=float) for line in sys.stdin]\n"
            "model = AutoETS(season_length=24)\n"
            "model.forecast(y=series[0][:96], h=2)\n"  # compiles or loads what it needs
            "begin = time.process_time()\n"
            "for one in series: model.forecast(y=one, h=48, level=[80])\n"
            "print(time.process_time() - begin)\n"
        )
        text = "\n".join(",".join(map(repr, one[np.isfinite(one)].tolist())) for one in chosen)
        done = subprocess.run([python, "-c", script], input=text, capture_output=True, text=True, check=True)
        other = len(chosen) / float(done.stdout.split()[-1])
        both = len(histories) / seconds / other
        print(f"statsforecast  {other:8.2f} series/s with forecasts ({len(chosen)} series), ratio {both:.1f}\n")


def _statsmodels_seconds(histories: list[Any]) -> float:
    """Seconds of processor time in which statsmodels fits every form that is chosen from to some series."""
    import warnings

    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    from forecast.baselines.ets_forms import CHOICE

    names = {"N": None, "A": "add", "M": "mul"}
    begin = time.process_time()
    for y, form in itertools.product(histories, CHOICE):
        if form.positive and y.min() <= 0:
            continue
        trend = {"trend": "add", "damped_trend": form.trend == "Ad"} if form.trend != "N" else {}
        season = {"seasonal": names[form.season], "seasonal_periods": 24} if form.season != "N" else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ETSModel(y, error=names[form.error], **trend, **season).fit(disp=0)
    return time.process_time() - begin


if __name__ == "__main__":
    main()
