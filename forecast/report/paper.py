"""What the two printed pages hold: the leaderboard as far as it fits, and the sentences that it rests on."""

from forecast.report.tables import Grid

_MOST_LINES = 22
_MOST_COLUMNS = 13
_LEFT_OUT = ("rows", "unobserved", "lacking", "seeds", "bytes", "predict_seconds")  # in this order, until the rest fits


def brief(board: Grid) -> Grid:
    """The first lines of the leaderboard without remarks, and as many of its columns as a page is wide."""
    names = [column.name for column in board.columns]
    for name in _LEFT_OUT:
        if len(names) > _MOST_COLUMNS and name in names:
            names.remove(name)
    kept = [place for place, column in enumerate(board.columns) if column.name in names][:_MOST_COLUMNS]
    lines = [
        line.__class__(tuple(line.cells[place] for place in kept), line.style, line.message)
        for line in board.lines[:_MOST_LINES]
    ]
    return Grid(tuple(board.columns[place] for place in kept), tuple(lines))
