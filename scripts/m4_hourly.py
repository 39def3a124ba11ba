"""The M4 competition's Hourly series against its own test file: sMAPE, MASE and OWA of every network and baseline.

    python scripts/m4_hourly.py Hourly-train.csv Hourly-test.csv OUTPUT [further options of forecast backtest]

Nothing is set but the data (a row a series, so its shape and frequency must be said), horizon and models; Naive2 joins
the baselines that fit quickly. OWA compares with our Naive2 on the same rows; ``published`` does with the figures that
the competition's evaluation sheet has for its own (Makridakis, Spiliotis and Assimakopoulos, 2020).
"""

import sys
from pathlib import Path

import pandas as pd

from forecast.baselines import DEFAULT
from forecast.cli import main

NAIVE2_SMAPE, NAIVE2_MASE = 18.383, 2.395


def run(train: str, test: str, output: str, *options: str) -> None:
    """Run the backtest into ``output`` and print the table with OWA."""
    command = ["backtest", "--data", train, test, "--shape", "rows", "--freq", "h", "--horizon", "48", "--folds", "1"]
    given = ["--metrics", "mase", "smape", "owa", "--models", "all", "--output", output, *options]
    baselines = () if "--baselines" in options else ("--baselines", *dict.fromkeys((*DEFAULT, "Naive2")))
    code = main([*command, *given, *baselines])
    if code:
        raise SystemExit(code)
    board = pd.read_csv(Path(output) / "leaderboard.csv")
    board["published"] = (board["smape"] / NAIVE2_SMAPE + board["mase"] / NAIVE2_MASE) / 2
    shown = board[
        ["model", "kind", "smape", "mase", "owa", "published", "fit_seconds", "predict_seconds", "parameters"]
    ]
    print(shown.sort_values("published").round(3).to_string(index=False))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    run(*sys.argv[1:])
