"""Ensembles: forecasts combined row by row, after a backtest or as a forecaster of their own."""
