"""Made-up studies for the tests of their page."""

from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import pandas as pd

METRICS = ("mse", "rmse", "mae", "mape", "msle", "rmsle", "r2", "explained_variance")
HOSTILE = "</script><script>alert('1')</script> \"<b>&"


@dataclass(frozen=True)
class View:
    title: str
    question: str
    finding: str
    table: pd.DataFrame
    factors: dict[str, str]
    metrics: tuple[str, ...] = ("mse", "r2")
    curves: pd.DataFrame = field(default_factory=pd.DataFrame)
    growth: pd.DataFrame = field(default_factory=pd.DataFrame)
    config: str = "title: made up\nbase: {data: CO2}\n"
    provenance: dict = field(default_factory=lambda: {"date": "2025-11-22", "versions": {"torch": "2.13.0"}})
    backtest: str = "backtest.html"


def row(network, level, factors, base, rng, status="", **more):
    """A row of a study's table around a mean squared error of ``base``."""
    mse = base * rng.uniform(0.97, 1.03)
    values = {
        "mse": mse,
        "rmse": mse**0.5,
        "mae": 0.8 * mse**0.5,
        "mape": 0.01 * mse**0.5,
        "msle": 1e-5 * mse,
        "rmsle": (1e-5 * mse) ** 0.5,
        "r2": 1 - mse / 4,
        "explained_variance": 1 - 0.98 * mse / 4,
    }
    if status:
        values = dict.fromkeys(values, np.nan)
    spreads = {f"{name}_spread": abs(value) * 0.06 if level else 0.0 for name, value in values.items()}
    parts = {"train": 0.7 * values["mse"], "validation": 0.85 * values["mse"], "test": values["mse"]}
    if not level:
        parts |= {"train": np.nan, "validation": np.nan}
    return (
        {"network": network, "kind": "network" if level else "baseline", "level": level, **factors}
        | {"reference": False, "rows": 260, "note": "", **values, **spreads, **parts}
        | {"gap": parts["test"] - parts["train"], "difference": np.nan, "low": np.nan, "high": np.nan}
        | {"p_value": np.nan, "p_holm": np.nan, "fit_seconds": 0.5 + rng.uniform(), "parameters": 1345, "bytes": 5400}
        | {"sparsity": 0.01, "windows": 900, "undefined": "", "status": status}
        | more
    )


def compared(table):
    """The table with differences of each network's levels to its first one, which is the reference."""
    for _, rows in table[table["level"] != ""].groupby("network", sort=False):
        table.loc[rows.index[0], "reference"] = True
        gain = rows["mse"] - rows["mse"].iloc[0]
        there = gain.index[1:][gain.iloc[1:].notna()]
        table.loc[there, "difference"] = gain[there]
        table.loc[there, "low"], table.loc[there, "high"] = gain[there] - 0.1, gain[there] + 0.1
        table.loc[there, "p_value"], table.loc[there, "p_holm"] = 0.0123, 0.0492
    return table


def losses(table, epochs=60, seeds=(0, 1)):
    """Losses of every level that has any, a fit of the second seed stopping earlier."""
    rng = np.random.default_rng(3)
    rows = [
        {"network": network, "level": level, "seed": seed, "fold": 0, "epoch": epoch}
        | {
            "train_loss": 0.4 * np.exp(-epoch / 9) + 0.1 * rank,
            "val_loss": 0.4 * np.exp(-epoch / 8) + 0.11 * rank + 0.1,
        }
        for rank, (network, level) in enumerate(zip(table["network"], table["level"], strict=True))
        if level
        for seed in seeds
        for epoch in range(epochs - 20 * seed)
    ]
    return pd.DataFrame(rows).assign(noise=rng.normal()).drop(columns="noise")


def learning_rate(networks=("MLP",), diverged=True):
    rng = np.random.default_rng(1)
    rows = [
        row(name, f"lr={rate:g}", {"lr": rate}, base * (1 + 0.2 * rank), rng)
        for rank, name in enumerate(networks)
        for rate, base in ((0.01, 1.1), (0.1, 0.82), (0.5, 0.9), (1.0, 2.6))
    ]
    if diverged:
        for name in networks:
            said = "diverged: the loss was not finite at epoch 3 of seed 1"
            rows.append(row(name, "lr=10", {"lr": 10.0}, 1.0, rng, said))
    rows.append(row("SeasonalNaive", "", {"lr": np.nan}, 1.4, rng, parameters=0))
    table = compared(pd.DataFrame(rows))
    finding = (
        "A learning rate of 0.1 is best: its MSE of 0.82 is 25 % below that of 0.01 (p = 0.049, Holm). "
        "Learning rate 10 diverged. It rests on 260 values, 2 seeds and 5 folds."
    )
    return View(
        "Learning rate",
        "What does the learning rate do to accuracy?",
        finding,
        table,
        {"lr": "log"},
        curves=losses(table),
    )


def activation(names=("relu", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "silu"), networks=("MLP", "CNN")):
    rng = np.random.default_rng(2)
    rows = [
        row(network, f"activation={name}", {"activation": name}, 1 + 0.1 * rank, rng)
        for network, (rank, name) in product(networks, enumerate(names))
    ]
    rows[1] = row(
        networks[0], rows[1]["level"], {"activation": names[1]}, 1, rng, "does not apply: it has no such option"
    )
    rows += [row("SeasonalNaive", "", {"activation": ""}, 1.4, rng), row("Naive", "", {"activation": ""}, 3.4, rng)]
    table = compared(pd.DataFrame(rows))
    return View(
        *("Activation", "Which activation is best?", "No activation is told from relu. All lie within 5 %.", table),
        *({"activation": "names"}, ("rmse", "r2")),
        curves=losses(table),
    )


def regularisation():
    networks = ("Linear", "MLP", "CNN", "RNN", "LSTM", "GRU", "TCN", "DLinear", "NBEATS", "NHITS")
    found = activation(("none", "l1", "l2", "elastic", "dropout"), networks)
    sparsity = found.table["activation"].map({"l1": 0.62, "elastic": 0.4}).fillna(0.01)
    return replace(found, title="Regularisation", table=found.table.assign(sparsity=sparsity), metrics=("rmsle", "mae"))


def grid():
    rng = np.random.default_rng(4)
    rows = [
        row(
            "LSTM",
            f"hidden={hidden}, lr={rate:g}",
            {"hidden": hidden, "lr": rate},
            1 + abs(np.log10(rate) + 2) / 3,
            rng,
        )
        | {"parameters": 4 * hidden**2}
        for hidden, rate in product((8, 32, 128), (0.001, 0.01, 0.1, 1.0))
    ]
    rows[-1] = row("LSTM", rows[-1]["level"], {"hidden": 128, "lr": 1.0}, 1, rng, "diverged: the loss was not finite")
    rows.append(row("SeasonalNaive", "", {"hidden": np.nan, "lr": np.nan}, 1.4, rng))
    table = compared(pd.DataFrame(rows))
    scales = {"hidden": "log", "lr": "log"}
    return View("Hidden by rate", "Do they depend on each other?", "Hardly.", table, scales, curves=losses(table))


def data_size():
    rng = np.random.default_rng(5)
    sizes = (500, 1000, 5000, 10_000, 50_000)
    rows = [
        row(name, f"windows={size}", {"windows": size}, 0.6 + 30 * size**-0.6, rng, windows=size)
        for name, size in product(("MLP", "LSTM"), sizes)
    ]
    table = pd.DataFrame(rows)
    growth = table[["network", "windows", "mse"]].rename(columns={"mse": "loss"})
    growth = growth.assign(fitted=0.6 + 30 * growth["windows"] ** -0.6)
    finding = "More windows help up to 10,000. The fitted curve says that 0.6 cannot be beaten with more data."
    return View(
        *("Data size", "How much do more data bring?", finding, compared(table), {"windows": "log"}),
        curves=losses(table),
        growth=growth,
    )


def architecture():
    """Networks are the levels, so that none of them has a name beside it."""
    rng = np.random.default_rng(8)
    names = ("Linear", "MLP", "CNN", "RNN", "LSTM")
    rows = [
        row("", name, {"architecture": name}, 1 + rank / 9, rng, parameters=300 * 2**rank)
        for rank, name in enumerate(names)
    ]
    rows += [row("Theta", "", {"architecture": ""}, 1.2, rng), row("SeasonalNaive", "", {"architecture": ""}, 1.4, rng)]
    table = compared(pd.DataFrame(rows))
    scales = {"architecture": "names"}
    return View(
        "Architecture", "Which network?", "Linear has the lowest MSLE.", table, scales, METRICS, curves=losses(table)
    )


def hostile():
    """Every text that comes from a person, as hostile as it gets."""
    rng = np.random.default_rng(6)
    rows = [row(HOSTILE, f"{HOSTILE}={text}", {HOSTILE: text}, 1, rng) for text in (HOSTILE, "%{x} <i>")]
    rows.append(row(f"{HOSTILE} two", "third", {HOSTILE: "third"}, 1, rng, f"failed: {HOSTILE}"))
    table = pd.DataFrame(rows)
    return View(
        *(HOSTILE, HOSTILE, HOSTILE, table, {HOSTILE: "names"}),
        curves=losses(table),
        config=HOSTILE,
        provenance={HOSTILE: HOSTILE},
        backtest=f"javascript:{HOSTILE}",
    )


def every():
    return [
        learning_rate(),
        activation(),
        regularisation(),
        grid(),
        data_size(),
        architecture(),
        learning_rate(("MLP", "CNN", "LSTM")),
    ]
