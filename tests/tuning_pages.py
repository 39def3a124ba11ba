"""Made-up tunings for the tests of their page."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class View:
    trials: pd.DataFrame
    importance: pd.DataFrame
    outer: pd.DataFrame
    title: str = "Tuning of LSTM on CO2"
    verdict: str = "Tuning helped: the MASE of LSTM tuned is 12 % below that of LSTM (p = 0.01). It took 31 trials."
    best: dict = field(default_factory=lambda: {"lr": 0.004, "hidden_size": 64, "activation": "tanh", "clip": True})
    metric: str = "mase"
    nested: pd.DataFrame = field(default_factory=pd.DataFrame)
    config: str = "data: CO2\nmodels: [{class_path: LSTM, init_args: {lr: 0.004}}]\n"
    provenance: dict = field(default_factory=lambda: {"date": "2025-11-22", "seconds": 61.2, "metric": "mase"})


def trials(count=30, rng=None):
    """The untuned network, then trials of which some are pruned, two fail and one is far off."""
    rng = rng or np.random.default_rng(0)
    number = np.arange(count + 1)
    lr = 10 ** rng.uniform(-4, 0, count + 1)
    hidden = rng.choice([8, 16, 32, 64, 128], count + 1)
    activation = rng.choice(["relu", "tanh", "gelu"], count + 1)
    value = 0.8 + 0.1 * (np.log10(lr) + 2.4) ** 2 + 0.02 * np.abs(np.log2(hidden) - 6) + rng.normal(0, 0.02, count + 1)
    state = np.where(rng.uniform(size=count + 1) < 0.25, "pruned", "complete").astype(object)
    state[0] = "complete"
    state[[4, 9]] = "failed"
    value[7] = 900.0
    state[7] = "complete"
    note = np.where(state == "pruned", "stopped after 4 of 32 epochs", "").astype(object)
    note[0], note[4] = "untuned", "the loss was not finite at epoch 2 & <i>gave up</i>"
    return pd.DataFrame(
        {"number": number, "state": state, "value": np.where(state == "complete", value, np.nan)}
        | {"seconds": rng.uniform(1, 9, count + 1), "epochs": np.where(state == "pruned", 4, 32)}
        | {"lr": lr, "hidden_size": hidden, "activation": activation, "clip": rng.uniform(size=count + 1) < 0.5}
        | {"note": note}
    )


def tuning(**changes):
    importance = pd.DataFrame(
        {"parameter": ["lr", "hidden_size", "activation", "clip"], "importance": [0.71, 0.2, 0.07, 0.02]}
    )
    outer = pd.DataFrame(
        {"model": ["LSTM tuned", "LSTM", "SeasonalNaive"], "kind": ["network", "network", "baseline"]}
        | {
            "mase": [0.82, 0.93, 1.0],
            "mase_sd": [0.01, 0.02, 0.0],
            "mae": [1.1, 1.3, 1.4],
            "p_value": [0.003, 0.2, np.nan],
        }
        | {"rows": 260, "fit_seconds": [9.1, 4.2, 0.01], "parameters": [17_000, 4_600, 0]}
    )
    return View(**{"trials": trials(), "importance": importance, "outer": outer} | changes)


def nested():
    return pd.DataFrame(
        {
            "block": ["1", "2", "all"],
            "first": ["2001-01", "2001-07", "2001-01"],
            "last": ["2001-06", "2001-12", "2001-12"],
        }
        | {"tuned": [0.84, 0.8, 0.82], "untuned": [0.9, 0.95, 0.93]}
    )
