"""A backtest as one self-contained HTML file: ``render.render(result)`` and ``render.write(result, path)``."""
