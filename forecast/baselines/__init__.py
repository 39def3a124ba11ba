"""Statistical baselines: one file a family."""
