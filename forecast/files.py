"""The files of a result's folder that it can be read again from."""

from typing import Final

FILES: Final = (
    "config.yaml",
    "forecasts.parquet",
    "runs.csv",
    "curves.csv",
    "recent.parquet",
    "health.csv",
    "covariates.csv",
    "provenance.json",
)
OPTIONAL: Final = ("series.csv", "inside.parquet")  # not in folders of earlier versions, or only where it was asked for
