"""The M4 competition's Hourly series against its own test file: sMAPE, MASE and OWA of every network and baseline.

    python scripts/m4_hourly.py Hourly-train.csv Hourly-test.csv OUTPUT [further options of forecast backtest]

Nothing is set but the data (a row a series, so its shape and frequency must be said), horizon and models. OWA compares
with Naive2 as the competition's evaluation sheet has it (Makridakis, Spiliotis and Assimakopoulos, 2020).
"""

import sys
from pathlib import Path

import pandas as pd

from forecast.cli import main

NAIVE2_SMAPE, NAIVE2_MASE = 18.383, 2.395


def run(train: str, test: str, output: str, *options: str) -> None:
    """Run the backtest into ``output`` and print the table with OWA."""
    command = ["backtest", "--data", train, test, "--shape", "rows", "--freq", "h", "--horizon", "48", "--folds", "1"]
    given = ["--metrics", "mase", "smape", "--models", "all", "--output", output, *options]
    code = main([*command, *given])
    if code:
        raise SystemExit(code)
    board = pd.read_csv(Path(output) / "leaderboard.csv")
    board["owa"] = (board["smape"] / NAIVE2_SMAPE + board["mase"] / NAIVE2_MASE) / 2
    shown = board[["model", "kind", "smape", "mase", "owa", "fit_seconds", "predict_seconds", "parameters"]]
    print(shown.sort_values("owa").round(3).to_string(index=False))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    run(*sys.argv[1:])
