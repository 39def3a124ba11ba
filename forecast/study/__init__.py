"""Studies: what a choice does to accuracy, every level of it on the same rows, in one backtest."""
