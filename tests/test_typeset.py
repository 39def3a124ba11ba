"""Tables for papers and pull requests."""

import re

import numpy as np
import pandas as pd
import pytest

from forecast.report.columns import column
from forecast.report.matrix import matrix
from forecast.report.tables import Cell, Grid, Line
from forecast.report.typeset import latex, markdown

GRID = Grid(
    (column("model", False), column("mae", True), column("r2", True)),
    (
        Line((Cell("a|b_*c*"), Cell("−1.5", best=True, spread="± 0.2"), Cell("<0.001"))),
        Line((Cell("50% & $x_1$ #{~^\\}"), Cell("–"), Cell("∞")), message="it failed\nat 100 %", remark="not shown"),
    ),
)


def test_markdown_has_a_line_a_model_and_escapes_names():
    lines = markdown(GRID).splitlines()
    assert lines[0] == "| Model | MAE | R² |"
    assert lines[1] == "| :-- | --: | --: |"
    assert lines[2] == r"| a\|b\_\*c\* | **−1.5** ± 0.2 | \<0.001 |"
    assert lines[-1] == r"50% & $x\_1$ \#{~^\\}: it failed at 100 %"
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in lines[:4])


def test_latex_has_the_rules_of_booktabs_and_escapes_names():
    text = latex(GRID, "Sales & more")
    assert r"\caption{Sales \& more}" in text
    assert r"\begin{tabular}{lrr}" in text
    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule") == 1
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert rows[0] == r"Model & MAE & R\textsuperscript{2} \\"
    assert rows[1] == r"a|b\_*c* & \textbf{$-$1.5} $\pm$ 0.2 & $<$0.001 \\"
    assert rows[2] == (r"50\% \& \$x\_1\$ \#\{\textasciitilde{}\textasciicircum{}\textbackslash{}\} & -- & $\infty$ \\")
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert text.index(r"\end{tabular}") < text.index(r"it failed at 100 \%") < text.index(r"\end{table}")


def test_breakdown_is_a_line_a_group_with_its_best_marked():
    found = pd.DataFrame(
        {
            "model": ["A", "B"] * 3,
            "group": pd.to_datetime(["2024-01-01"] * 2 + ["2024-01-08"] * 2 + ["2024-01-15"] * 2),
            "value": [1.0, 2.0, 3.0, 3.0, np.nan, np.nan],
            "value_sd": [0.1, np.nan, np.nan, np.nan, np.nan, np.nan],
            "rows": [1200, 1200, 5, 5, 0, 0],
            "rank": [1.0, 2.0, 1.5, 1.5, np.nan, np.nan],
        }
    )
    grid = matrix(found, "cutoff")
    assert [each.label for each in grid.columns] == ["Cutoff", "A", "B", "Values"]
    assert [[cell.text for cell in line.cells] for line in grid.lines] == [
        ["2024-01-01", "1.000", "2.000", "1,200"],
        ["2024-01-08", "3.000", "3.000", "5"],
        ["2024-01-15", "–", "–", "0"],
    ]
    best = [[cell.best for cell in line.cells[1:3]] for line in grid.lines]
    assert best == [[True, False], [True, True], [False, False]]
    assert grid.lines[0].cells[1].spread == "± 0.100"
    assert matrix(found.iloc[:0], "step").lines == ()


@pytest.mark.parametrize("write", [markdown, latex])
def test_table_without_lines_is_its_head(write):
    text = write(Grid(GRID.columns, ()))
    assert "Model" in text
    assert "Keep" not in text
