"""Engines: who runs the arms of a backtest. One file an engine."""
