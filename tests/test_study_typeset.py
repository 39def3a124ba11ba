"""A study's table in the article's form."""

import numpy as np
import pandas as pd

from forecast.report.typeset import markdown
from forecast.study.typeset import study_grid


def table(**changes):
    rows = pd.DataFrame(
        {
            "network": ["MLP", "MLP", "MLP", "Naive"],
            "kind": ["network", "network", "network", "baseline"],
            "level": ["1", "2", "3", ""],
            "reference": [True, False, False, False],
            "mae": [2.0, 1.0, 0.5, 3.0],
            "mae_spread": [0.1, 0.2, np.nan, np.nan],
            "p_holm": [np.nan, 0.0001, 0.5, np.nan],
            "train": np.nan,
            "gap": np.nan,
            "fit_seconds": [1.0, 2.0, 3.0, 0.0],
            "parameters": [10.0, 10.0, 10.0, 0.0],
            "bytes": [40.0, 40.0, 40.0, 0.0],
            "sparsity": [0.0, 0.0, 0.0, np.nan],
            "undefined": "",
            "status": ["", "", "diverged: x", ""],
        }
    )
    return rows.assign(**changes)


def test_best_level_is_bold_among_those_that_nothing_went_wrong_with():
    lines = markdown(study_grid(table(), ["mae"], "size")).splitlines()
    assert lines[0] == "| size | MAE | p | Fit, s | Parameters |"
    assert lines[2].startswith("| 1 (reference) | 2.000 ± 0.100 | – |")
    assert lines[3].startswith("| 2 | **1.000** ± 0.200 | \\<0.001 |")
    assert lines[4].startswith("| 3 | 0.500 | 0.500 |")
    assert lines[5].startswith("| Naive | 3.000 |")
    assert "3: diverged: x" in lines


def test_networks_stand_before_their_levels_where_there_are_several():
    grid = study_grid(table(network=["MLP", "MLP", "CNN", "Naive"]), ["mae"], "size")
    assert [line.cells[0].text for line in grid.lines] == ["MLP 1 (reference)", "MLP 2", "CNN 3", "Naive"]


def test_bytes_and_sparsity_are_shown_where_levels_differ_in_them():
    grid = study_grid(table(bytes=[40.0, 10.0, 40.0, 0.0], sparsity=[0.0, 0.5, 0.0, np.nan]), ["mae"], "size")
    assert [column.name for column in grid.columns][-2:] == ["sparsity", "bytes"]
