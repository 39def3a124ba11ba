"""Made-up backtests for the tests of the report, and the pages made of them opened in a browser."""

import base64
import gzip
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from forecast.result import Backtest

NASTY = '<b>Böse & "Söhne"</b>'
SERIES = (NASTY, "</script><script>alert(1)</script>", "Wien %{x} 'Ost'")
NETWORKS = ("Linear", "MLP", "CNN", "RNN", "LSTM")
BASELINES = ("SeasonalNaive", "Naive", "ETS")
MESSAGE = "did not converge after 500 iterations & <i>gave up</i>"
HORIZON, FOLDS, HISTORY = 12, 3, 96


def make_result(series=SERIES, targets=("y",), seeds=(0, 1), levels=(0.1, 0.5, 0.9), freq="MS", horizon=HORIZON):
    rng = np.random.default_rng(7)
    stamps = np.arange(500, 500 + HISTORY + FOLDS * horizon) if freq == 1 else None
    if stamps is None:
        stamps = pd.date_range("2012-01-01", periods=HISTORY + FOLDS * horizon, freq=freq).to_numpy()
    t = np.arange(len(stamps))
    parts, recent, runs, curves = [], [], [], []
    for number, unique_id in enumerate(series):
        for target in targets:
            y = 100 + 40 * number + 0.4 * t + 15 * np.sin(t / 12 * 2 * np.pi) + rng.normal(0, 3, len(t))
            recent.append(pd.DataFrame({"unique_id": unique_id, "target": target, "ds": stamps, "y": y}))
            for rank, model in enumerate((*NETWORKS, *BASELINES)):
                for seed in seeds if model in NETWORKS else seeds[:1]:
                    if model == "ETS":
                        continue
                    for fold in range(FOLDS):
                        cut = HISTORY - 1 + fold * horizon
                        ahead = np.arange(cut + 1, cut + 1 + horizon)
                        spread = (1.5 + rank) * np.sqrt(1 + np.arange(horizon) / 4)
                        mean = y[ahead] + rng.normal(0, 1, horizon) * spread
                        quantiles = {f"q{level:g}": mean + (level - 0.5) * 3.2 * spread for level in levels}
                        if model == "Naive":
                            quantiles = dict.fromkeys(quantiles, np.nan)
                        parts.append(
                            pd.DataFrame(
                                {"model": model, "seed": seed, "unique_id": unique_id, "target": target}
                                | {"cutoff": stamps[cut], "step": np.arange(1, horizon + 1), "time": stamps[ahead]}
                                | {"mean": mean, **quantiles, "actual": y[ahead], "naive_mae": 4.2, "naive_mse": 29.0}
                            )
                        )
    for rank, model in enumerate((*NETWORKS, *BASELINES)):
        network = model in NETWORKS
        for seed in seeds if network else seeds[:1]:
            runs.append(
                {"model": model, "kind": "network" if network else "baseline", "seed": seed, "fold": 0}
                | {"n_folds": FOLDS, "cutoff": stamps[HISTORY - 1], "fit_seconds": 0.004 + 1.7 * rank * network}
                | {"predict_seconds": 0.012, "parameters": (1300 * (rank + 1)) if network else 0}
                | {"epochs": 30 * network, "best_epoch": (18 + rank) if network else -1, "steps": 900 * network}
                | {"windows": 210 * network, "dropped": "12 target crosses border" if network else ""}
                | {"note": "", "error": MESSAGE if model == "ETS" else ""}
            )
            for epoch in range(30 * network):
                loss = 0.5 * np.exp(-epoch / 8) + 0.2 + rng.normal(0, 0.01)
                curves.append(
                    {"model": model, "seed": seed, "fold": 0, "epoch": epoch, "step": 30 * (epoch + 1)}
                    | {"train_loss": loss, "val_loss": loss + 0.05 + max(0, epoch - 18 - rank) * 0.004}
                )
    table = pd.concat(parts, ignore_index=True).astype({"model": "category", "unique_id": "category"})
    health = pd.DataFrame(
        {"unique_id": list(series), "folds": 3, "rows": len(t), "begin": stamps[0], "end": stamps[-1], "missing": 0}
        | {"longest_gap": 0, "constant_runs": 0, "negatives": 0, "windows": 210, "reason": "12 target crosses border"}
    )
    spec = {
        "data": "data/sales <2024>.csv",
        "horizon": horizon,
        "freq": str(freq),
        "models": [{"class_path": "forecast.models.LSTM", "init_args": {"hidden": 64}}, *NETWORKS[:-1]],
        "baselines": list(BASELINES),
        "levels": list(levels),
        "metrics": ["mase", "rmsse", "smape", "mae", "coverage"],
    }
    provenance = {"date": "2025-11-22", "fingerprint": "9f2c41", "versions": {"torch": "2.13.0"}, "seconds": 61.2}
    covariates = pd.DataFrame(
        {"column": ["price <1>"], "role": "known", "kind": "number", "cells": 99, "missing": 1, "categories": ""}
        | {"min": 1.0, "mean": 1.5, "max": 2.0}
    )
    static = pd.DataFrame(
        {"unique_id": list(series), "region": ["north", "south"][: len(series)] + ["<b>"] * max(len(series) - 2, 0)}
    )
    frames = (pd.DataFrame(runs), pd.DataFrame(curves), pd.concat(recent), health, covariates)
    return Backtest(spec, table, *frames, provenance, static)


class Tags(HTMLParser):
    """The start tags of a page, and the text of each element with an id."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self._id = [], {}, ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._id = dict(attrs).get("id", "")

    def handle_data(self, data):
        if self._id:
            self.texts[self._id] = self.texts.get(self._id, "") + data


def unpacked(page, name):
    return gzip.decompress(base64.b64decode(Tags(page).texts[name]))


def opened(path, folder, *more):
    """The page's DOM and its console messages after all charts are drawn, in a browser that reaches no network."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium installed")
    flags = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking dump-dom"
    flags += " disable-component-update disable-sync enable-logging=stderr v=0 virtual-time-budget=30000"
    command = [browser, *(f"--{flag}" for flag in flags.split()), "--host-resolver-rules=MAP * ~NOTFOUND"]
    command += [f"--user-data-dir={folder / 'profile'}", *more, f"{path.as_uri()}?draw=all"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
