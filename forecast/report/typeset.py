"""A table of the page as Markdown or LaTeX, for a paper or a pull request: best values bold, spreads as ±."""

from collections.abc import Callable
from typing import Final

from forecast.report.tables import Cell, Grid

_LATEX: Final = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
        **{"<": "$<$", ">": "$>$", "±": r"$\pm$", "∞": r"$\infty$"},
        **{"−": "$-$", "–": "--", "²": r"\textsuperscript{2}"},
    }
)
_MARKDOWN: Final = str.maketrans({sign: f"\\{sign}" for sign in "\\|*_`[]<>#"})


def markdown(grid: Grid) -> str:
    r"""The table in GitHub's Markdown; what is to say of a model stands below, a line each.

    Example:
        >>> from forecast.report.tables import Line
        >>> from forecast.report.columns import column
        >>> columns = (column("model", False), column("mae", True))
        >>> print(markdown(Grid(columns, (Line((Cell("my_net"), Cell("0.81", best=True, spread="± 0.02"))),))), end="")
        | Model | MAE |
        | :-- | --: |
        | my\_net | **0.81** ± 0.02 |
    """
    rows = [[_escaped_markdown(each.label) for each in grid.columns]]
    rows.append(["--:" if each.numeric else ":--" for each in grid.columns])
    rows += [[_cell(cell, _escaped_markdown, "**{}**") for cell in line.cells] for line in grid.lines]
    notes = [f"\n{_escaped_markdown(note)}\n" for note in _notes(grid)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows) + "".join(notes)


def latex(grid: Grid, caption: str = "") -> str:
    """The table in LaTeX with the rules of the package booktabs; what is to say of a model stands below it."""
    kinds = "".join("r" if each.numeric else "l" for each in grid.columns)
    rows = [[_cell(cell, _escaped_latex, r"\textbf{{{}}}") for cell in line.cells] for line in grid.lines]
    notes = [f"\\par{{\\footnotesize {_escaped_latex(note)}}}\n" for note in _notes(grid)]
    head = " & ".join(_escaped_latex(each.label) for each in grid.columns)
    parts = [
        "% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n",
        f"\\caption{{{_escaped_latex(caption)}}}\n" if caption else "",
        f"\\begin{{tabular}}{{{kinds}}}\n\\toprule\n{head} \\\\\n\\midrule\n",
        *(f"{' & '.join(row)} \\\\\n" for row in rows),
        "\\bottomrule\n\\end{tabular}\n",
        *notes,
        "\\end{table}\n",
    ]
    return "".join(parts)


def _cell(cell: Cell, escaped: Callable[[str], str], bold: str) -> str:
    text = bold.format(escaped(cell.text)) if cell.best else escaped(cell.text)
    return f"{text} {escaped(cell.spread)}" if cell.spread else text


def _notes(grid: Grid) -> list[str]:
    """What failed, and why something is missing, with the name of the model."""
    said = ((line.cells[0].text, line.message, line.remark) for line in grid.lines if line.cells)
    return [f"{name}: {message or remark}" for name, message, remark in said if message or remark]


def _escaped_markdown(text: str) -> str:
    return " ".join(text.split()).translate(_MARKDOWN)


def _escaped_latex(text: str) -> str:
    return " ".join(text.split()).translate(_LATEX)
