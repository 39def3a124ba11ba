"""Two finished backtests compared: what is the same, what differs, and whether it makes a difference."""
