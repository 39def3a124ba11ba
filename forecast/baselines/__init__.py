"""Statistical baselines: one file a family."""

DEFAULT = ("Naive", "SeasonalNaive", "Drift", "WindowAverage", "Theta", "ETS", "STLETS", "AutoReg")
