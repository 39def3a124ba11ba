"""Forecasting models, baselines, evaluation and backtests on identical rows."""
