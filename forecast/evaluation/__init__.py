"""Metrics, scores and significance: the evaluation module."""
